#ifndef LK_TESTS_UNIT_JOSE_TOKEN_H
#define LK_TESTS_UNIT_JOSE_TOKEN_H

#include "jose_keys.h"

/* Tokens made byte by byte, right or wrong, and one set that knows the signer. */

#define SET                                                                                                            \
    "{\"keys\":[{\"kid\":\"ec\"," RFC7515_A3_PUBLIC "},{\"kid\":\"es512\"," RFC7515_A4_PUBLIC                          \
    "},{\"kid\":\"ed\"," RFC8037_A2_PUBLIC "},{\"kid\":\"rsa\"," RFC7515_A2_PUBLIC "}]}"
#define EC_KEY "\"kid\":\"ec\"," RFC7515_A3_PRIVATE
#define GOOD   "{\"alg\":\"ES256\",\"kid\":\"ec\"}"

/* A token of exactly these header and payload bytes, truly signed by the EC key unless `members` names another. */
static inline void make_token(const char *members, struct span header, struct span payload, struct buf *out)
{
    uint8_t signature[JWK_SIGNATURE_MAX];
    size_t n = 0;
    struct jwk *key = private_key(members);
    buf_reset(out);
    b64_add(out, header.p, header.n);
    buf_str(out, ".");
    if (payload.n)
        b64_add(out, payload.p, payload.n);
    ck_assert_int_eq(jwk_sign(key, buf_all(out), signature, &n), 0);
    buf_str(out, ".");
    b64_add(out, signature, n);
    ck_assert_int_eq(out->error, 0);
    jwk_free(key);
}

static inline int header_error(const char *header)
{
    struct buf token = BUF_INIT(200000);
    struct jwks *set = set_of(SET);
    make_token(EC_KEY, span_of(header), span_of("{}"), &token);
    int error = token_error(set, buf_all(&token));
    jwks_free(set);
    buf_free(&token);
    return error;
}

static inline int plain_error(const char *set_text, const char *token)
{
    struct jwks *set = set_of(set_text);
    int error = token_error(set, span_of(token));
    jwks_free(set);
    return error;
}

#endif
