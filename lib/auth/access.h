#ifndef LK_AUTH_ACCESS_H
#define LK_AUTH_ACCESS_H

#include "auth/claims.h"
#include "auth/session.h"
#include "base/conf.h"
#include "jose/jws.h"

/* Our own access token (RFC 9068, typ at+jwt). Claims, in this order: iss aud sub client_id iat exp jti sid auth_time
 * email email_verified (both absent without an address) roles features (arrays of names, RFC 9068 2.2.3.1) scope (the
 * features, space separated; absent without any: RFC 6749 has no empty scope). What the claims policy copies stands
 * before scope. */

struct principal {
    char subject[256];
    char session[SESSION_ID_SIZE]; /* "" when a provider's token was taken directly: there is no session */
    char email[321];               /* "" when absent */
    bool email_verified;
    struct grants grants;
    int64_t auth_time, issued_at, expires_at; /* seconds */
};

bool principal_has_role(const struct principal *p, const char *role);
bool principal_has_feature(const struct principal *p, const char *feature);

/* Appends a token for the session, that lives for `lifetime` seconds. */
int access_issue(const struct conf *conf, const struct jwk *key, const struct session *session,
                 const struct grants *grants, int64_t now, int64_t lifetime, struct buf *out);

/* Does the token say that it is one of this kind? Nothing of it is verified. */
bool access_is_own(struct span token);

/* Signature, typ, every claim. Errors of jws_parse, jws_verify, jwt_check; LK_JWS_TYP. */
int access_verify(const struct conf *conf, struct jwks *keys, struct span token, int64_t now, struct principal *out);

#endif
