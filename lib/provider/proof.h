#ifndef LK_PROVIDER_PROOF_H
#define LK_PROVIDER_PROOF_H

#include "base/conf.h"
#include "base/span.h"
#include "provider/identity.h"
#include "provider/keyset.h"

/* What is left to do after the answer: keys to be fetched. All zero: nothing. */
struct proof_refresh {
    const struct conf_provider *provider;
    struct keyset_order order;
};

/* Verifies a token of one of the configured providers, cheap checks first (design section 6): size and shape, alg, typ
 * (absent or "jwt": the same keys sign logout and ID tokens), the provider by its unverified `iss`, unverified claims
 * plausible, key by kid, signature, every claim again. The subject gets the provider's prefix.
 * With KEYSET_FETCH fetching is the last resort: only when no usable key is cached is jwks-fetch run and waited for, at
 * most about 6 s. With KEYSET_CACHED it never is.
 * Errors: any LK_JWS_..., LK_JWT_..., LK_TOO_LARGE: the proof is bad. LK_UNAVAILABLE: the provider's keys cannot be had
 * now, the proof was not judged.
 * `*refresh` is set, whatever is returned: what the caller should give to provider_refresh after its answer. */
int proof_verify(const struct conf *conf, struct span token, enum keyset_mode mode, int64_t now, struct identity *out,
                 struct proof_refresh *refresh);

/* True for the errors above that mean the proof, false for faults of ours such as LK_NOMEM and LK_CRYPTO. */
bool proof_is_bad(int error);

/* Starts jwks-fetch detached, if there is something to fetch: new session, no open descriptors of ours, nobody waits.
 * Failures are logged. */
void provider_refresh(const struct proof_refresh *refresh);

/* What tells a verified proof from every other one: header, payload and the beginning of the signature, which nobody
 * without the key can foresee or change. The end can be: (r, n - s) verifies as (r, s) does (SEC 1 4.1.4), so a token
 * known by all its bytes would be good twice. Points into `token`. */
struct span proof_unique_part(struct span token);

#endif
