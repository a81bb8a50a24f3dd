#ifndef LK_PROVIDER_KEYSET_H
#define LK_PROVIDER_KEYSET_H

#include <stdbool.h>

#include "jose/jws.h"
#include "provider/provider.h"

/* Finds the provider's key for a token and verifies the signature. The cached set is used while it is fresh or stale;
 * the provider is asked, and waited for, only when nothing usable is cached or the token's kid is not in the set.
 *
 * `issued_at` is what the token says of itself: it tells, while the provider may not be asked again, a token that is
 * older than the set and therefore bad (LK_JWS_NO_KEY) from one that a new key may have signed (LK_UNAVAILABLE). It
 * never makes a token good.
 *
 * Seconds since the epoch; `*now` is moved on by what was waited. `*refresh`: the set is stale and jwks-fetch may be
 * started; set whatever is returned.
 * Errors of jws_verify; LK_UNAVAILABLE: the keys cannot be had now and the signature was not judged. */
int keyset_verify(const struct provider *p, const struct jws *jws, int64_t issued_at, int64_t *now, bool *refresh);

#endif
