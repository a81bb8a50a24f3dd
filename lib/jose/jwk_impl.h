#ifndef LK_JOSE_JWK_IMPL_H
#define LK_JOSE_JWK_IMPL_H

#include <openssl/types.h>

#include "jose/jwk.h"

/* What the jwk_*.c files share. A key is its numbers, big-endian as in the JWK, and the EVP_PKEY made of them. */

#define JWK_NUMBER_MAX (JWK_RSA_MAX_BITS / 8) /* bytes; nothing longer is read */

enum { EC_X, EC_Y, EC_D, EC_PARTS };
enum { OKP_X, OKP_D, OKP_PARTS };
enum { RSA_N, RSA_E, RSA_D, RSA_P, RSA_Q, RSA_DP, RSA_DQ, RSA_QI, RSA_PARTS };
#define JWK_PARTS_MAX RSA_PARTS

struct jwk_part {
    const char *name;  /* of the JWK member */
    const char *param; /* OpenSSL's name, where one part is one parameter */
};

struct jwk_kty {
    const char *name;
    const struct jwk_part *part; /* public ones first */
    size_t public_parts;
    size_t parts;
};

extern const struct jwk_kty jwk_ktys[]; /* by enum jwa_kty */

struct jwk_number {
    size_t n;
    uint8_t p[JWK_NUMBER_MAX];
};

struct jwk {
    const struct jwa *type; /* first row of its kty and crv: says what the numbers are */
    const struct jwa *alg;  /* the one that the key names, or NULL */
    bool is_private;
    char kid[JWK_KID_MAX + 1];
    struct jwk_number part[JWK_PARTS_MAX];
    EVP_PKEY *pkey;
    struct jwk_verifier *verifier; /* what jwk_verify keeps for the next call; not for EdDSA */
    jwk_sign_fn *sign;             /* NULL: we do */
    void *sign_context;
};

struct jwk_verifier {
    const struct jwa *alg; /* NULL: nothing is kept yet */
    EVP_MD *digest;
    EVP_PKEY_CTX *ctx;
};

void jwk_verifier_reset(struct jwk_verifier *verifier);

const struct jwk_kty *jwk_kty(const struct jwk *key);

/* The first row of the table for a JWK's `kty` and `crv` (NULL for RSA), or NULL. */
const struct jwa *jwk_type_of(const char *kty, const char *crv);

/* A `kid` as we take it: a string of at most JWK_KID_MAX bytes without control characters. NULL gives "". LK_SYNTAX. */
int jwk_kid_read(const json_t *value, char out[JWK_KID_MAX + 1]);

/* 0 when `use` and `key_ops` allow `operation`; LK_JWK_USE; LK_JWK_FORM. */
int jwk_allows(const json_t *object, const char *operation);

/* Judges the numbers of a key before OpenSSL sees them. LK_JWK_FORM, LK_JWK_WEAK, LK_JWK_UNSUPPORTED. */
int jwk_check_public(const struct jwk *key);
int jwk_check_pair(const struct jwk *key); /* LK_JWK_FORM: `d` is not the public key's */

/* Makes key->pkey. LK_JWK_WEAK when OpenSSL refuses the numbers (a point off its curve). */
int jwk_make_pkey(struct jwk *key);

/* Checks the numbers and makes the EVP_PKEY: the last step of every way to a key. */
int jwk_finish(struct jwk *key);

#endif
