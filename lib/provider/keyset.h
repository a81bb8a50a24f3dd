#ifndef LK_PROVIDER_KEYSET_H
#define LK_PROVIDER_KEYSET_H

#include <stdbool.h>

#include "jose/jws.h"
#include "provider/provider.h"

/* What jwks-fetch is to be started for. */
struct keyset_order {
    bool wanted;
    uint64_t missing; /* the generation of a set that lacks the token's kid; 0: the set is not fresh, or not there */
};

enum keyset_mode {
    KEYSET_FETCH,  /* jwks-fetch is run and waited for, when nothing usable is cached or the kid is not in the set */
    KEYSET_CACHED, /* what is on disk and nothing else: there, it is only ordered */
};

/* Finds the provider's key for a token and verifies the signature. The cached set is used while it is fresh or stale.
 *
 * `issued_at` is what the token says of itself: it tells, while the provider may not be asked again, a token that is
 * older than the set and therefore bad (LK_JWS_NO_KEY) from one that a new key may have signed (LK_UNAVAILABLE). It
 * never makes a token good.
 *
 * Seconds since the epoch; `*now` is moved on by what was waited. `*order`: whether jwks-fetch should be started and
 * may be; set whatever is returned. Errors of jws_verify; LK_UNAVAILABLE: the keys cannot be had now and the signature
 * was not judged. */
int keyset_verify(const struct provider *p, const struct jws *jws, int64_t issued_at, enum keyset_mode mode,
                  int64_t *now, struct keyset_order *order);

#endif
