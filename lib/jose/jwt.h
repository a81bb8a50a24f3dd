#ifndef LK_JOSE_JWT_H
#define LK_JOSE_JWT_H

#include <jansson.h>
#include <stdint.h>

#include "base/span.h"

/* The registered claims (RFC 7519 section 4.1, RFC 8725). */
#define JWT_CLAIMS_MAX 49152 /* bytes of a decoded claims set: BetterAuth's payload is the whole user row */
#define JWT_DEPTH      8

struct jwt_rules {
    const char *issuer;   /* exact */
    const char *audience; /* must be `aud` or one of it */
    int64_t now;          /* seconds */
    int64_t leeway;       /* seconds either way */
    int64_t max_age;      /* seconds since `iat` at most, 0: no limit */
};

/* Reads a claims set. LK_TOO_LARGE, LK_JWT_CLAIMS. The caller owns `*out`. */
int jwt_read(struct span payload, json_t **out);

/* Checks iss, aud, exp (required), nbf and iat (if there; never from the future), sub (a string of 1 to 255 bytes, no
 * control characters). `aud` may be a string or an array of strings only.
 * LK_JWT_CLAIMS (missing or of the wrong type), LK_JWT_ISSUER, LK_JWT_AUDIENCE, LK_JWT_EXPIRED, LK_JWT_NOT_YET. */
int jwt_check(const json_t *claims, const struct jwt_rules *rules);

#endif
