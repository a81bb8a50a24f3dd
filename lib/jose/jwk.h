#ifndef LK_JOSE_JWK_H
#define LK_JOSE_JWK_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#include "jose/jwa.h"

/* One asymmetric key (RFC 7517, RFC 7518 section 6, RFC 8037). */
struct jwk;

#define JWK_KID_MAX         128 /* bytes of a `kid` that we accept */
#define JWK_KEY_OPS_MAX     16  /* `key_ops` that we read; RFC 7517 4.3 has eight */
#define JWK_THUMBPRINT_SIZE 44  /* base64url of SHA-256 and a NUL */
#define JWK_SIGNATURE_MAX   512 /* bytes: RSA 4096 */
#define JWK_RSA_MIN_BITS    2048
#define JWK_RSA_MAX_BITS    4096
#define JWK_RSA_E_MAX_BITS  32 /* odd, 3 or more; a hostile key cannot burn our time with a long exponent */

/* Reads a public key from a JWK object that nobody vouches for.
 * LK_JWK_FORM: a member is missing, of the wrong type or length, or not in its one strict form.
 * LK_JWK_UNSUPPORTED: another kty, crv or alg; an RSA key over the limits above.
 * LK_JWK_USE: `use` is not sig, `key_ops` lacks verify, or `alg` is not one of this type and curve. (ES521 is read as
 * ES512: a draft of WebCrypto wrote it so. Only in keys, never in a token.)
 * LK_JWK_PRIVATE: any of d p q dp dq qi oth k is there.
 * LK_JWK_WEAK: a point off its curve; an Ed25519 point of small order or not canonical; an RSA key below the limits,
 * with an even number, or of the ROCA form (CVE-2017-15361). */
int jwk_parse_public(const json_t *object, struct jwk **out);

/* Reads one of our own private keys; the pair is checked to belong together. Errors as above, but `d` is required (all
 * of d p q dp dq qi for RSA; `oth` is LK_JWK_UNSUPPORTED), and `key_ops` must have sign. */
int jwk_parse_private(const json_t *object, struct jwk **out);

/* The same from PEM (PKCS#8 or the traditional forms, no passphrase), for JWT_PRIVATE_KEY and imports. For an RSA key
 * `alg` says which algorithm it signs with; NULL means RS256. The kid is the thumbprint. */
int jwk_parse_pem(struct span pem, const struct jwa *alg, struct jwk **out);

/* A new private key; RSA gets 3072 bits. The kid is the thumbprint. */
int jwk_generate(const struct jwa *alg, struct jwk **out);

void jwk_free(struct jwk *key); /* NULL is fine; private parts are wiped */

const char *jwk_kid(const struct jwk *key);        /* "" when the key has none */
int jwk_set_kid(struct jwk *key, const char *kid); /* LK_SYNTAX: too long, or control characters */
bool jwk_is_private(const struct jwk *key);
bool jwk_fits(const struct jwk *key, const struct jwa *alg); /* type and curve fit, and `alg`, if the key names one */
const struct jwa *jwk_alg(const struct jwk *key); /* the one it names, or its type's usual one (RSA: RS256) */

/* RFC 7638, SHA-256, base64url. */
int jwk_thumbprint(const struct jwk *key, char out[JWK_THUMBPRINT_SIZE]);

/* A new JSON object for the caller: kty, crv/x/y or n/e, kid, alg (the last two if the key has them), use=sig, in one
 * fixed order. The private form adds d (p q dp dq qi); LK_JWK_FORM for a public key. */
int jwk_to_public(const struct jwk *key, json_t **out);
int jwk_to_private(const struct jwk *key, json_t **out);

/* Verifies raw JWS signature bytes. 0, LK_JWS_KEY_MISMATCH, LK_JWS_SIGNATURE (also for any wrong length), LK_CRYPTO.
 * The OpenSSL error queue is empty afterwards. */
int jwk_verify(const struct jwk *key, const struct jwa *alg, struct span message, struct span signature);

/* A public key whose private part is elsewhere: from now on jwk_sign asks `sign`, and returns what it returns.
 * `context` is from malloc and is freed with the key. */
typedef int jwk_sign_fn(const void *context, const struct jwk *key, struct span message, uint8_t *out, size_t *n);
void jwk_set_signer(struct jwk *key, jwk_sign_fn *sign, void *context);

/* Signs with the key's own algorithm; `out` has JWK_SIGNATURE_MAX bytes. LK_JWK_FORM: a public key. LK_CRYPTO. */
int jwk_sign(const struct jwk *key, struct span message, uint8_t *out, size_t *n);

#endif
