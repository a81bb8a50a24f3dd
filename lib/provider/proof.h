#ifndef LK_PROVIDER_PROOF_H
#define LK_PROVIDER_PROOF_H

#include "base/conf.h"
#include "base/span.h"
#include "provider/identity.h"

/* Verifies BetterAuth's token, cheap checks first (design section 6): size and shape, alg, typ (absent or "jwt": the
 * same keys sign logout and ID tokens), unverified claims plausible, key by kid, signature, every claim again. Fetching
 * is the last resort: only when no usable key is cached is jwks-fetch run and waited for, at most about 6 s. Errors:
 * any LK_JWS_..., LK_JWT_..., LK_TOO_LARGE: the proof is bad. LK_UNAVAILABLE: the provider's keys cannot be had now,
 * the proof was not judged.
 * `*refresh` is set, whatever is returned, when the cached set is stale and the caller should start provider_refresh
 * after its answer. */
int proof_verify(const struct conf *conf, struct span token, int64_t now, struct identity *out, bool *refresh);

/* True for the errors above that mean the proof, false for faults of ours such as LK_NOMEM and LK_CRYPTO. */
bool proof_is_bad(int error);

/* Starts jwks-fetch detached: new session, no open descriptors of ours, nobody waits. Failures are logged. */
void provider_refresh(const struct conf *conf);

#endif
