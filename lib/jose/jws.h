#ifndef LK_JOSE_JWS_H
#define LK_JOSE_JWS_H

#include "base/buf.h"
#include "jose/jwks.h"

/* Compact JWS (RFC 7515 section 7.1), the only form there is here. */

#define JWS_MAX        65536 /* characters of a token */
#define JWS_HEADER_MAX 2048  /* bytes of a decoded JOSE header */
#define JWS_TYP_MAX    64

struct jws {
    struct span signing_input; /* into the token */
    struct span payload_b64;   /* into the token */
    const struct jwa *alg;
    char kid[JWK_KID_MAX + 1]; /* "" when absent */
    char typ[JWS_TYP_MAX + 1]; /* lower case, without "application/"; "" when absent */
    uint8_t signature[JWK_SIGNATURE_MAX];
    size_t signature_size;
};

/* Takes a token apart: strict forms and header only, nothing is verified. The token must outlive `out`.
 * LK_TOO_LARGE; LK_JWS_FORM; LK_JWS_HEADER (not a strict JSON object, a member of the wrong type, an impossible kid);
 * LK_JWS_CRIT (`crit` or `b64` is there, whatever its value); LK_JWS_ALG (absent, unknown or not in `allowed`).
 * `jku`, `x5u`, `x5c`, `x5t` and `jwk` are not looked at: a token never brings its own key (RFC 8725 3.10).
 * Neither is `cty`: the payload of a nested token (RFC 7519 5.2) is another token and no claims set, so jwt_read
 * refuses it. An empty `kid` is an impossible one. */
int jws_parse(struct span token, jwa_set allowed, struct jws *out);

/* The key by kid, then the signature. Errors of jwks_find and jwk_verify. */
int jws_verify(const struct jws *jws, struct jwks *keys);

/* Appends the decoded payload; only to be believed after jws_verify. LK_JWS_FORM. */
int jws_payload(const struct jws *jws, struct buf *out);

/* Appends header.payload.signature for JSON `claims`; header is {"alg","typ","kid"} in this order. */
int jws_sign(const struct jwk *key, const char *typ, const json_t *claims, struct buf *out);

#endif
