#ifndef LK_KEYS_KEYRING_H
#define LK_KEYS_KEYRING_H

#include "base/buf.h"
#include "jose/jwks.h"

/* What the CGIs read from the key directory. */

#define KEYRING_SIGNING "signing.jwk" /* 0640, the active private key */
#define KEYRING_STANDBY "standby.jwk" /* 0600, the published private key */
#define KEYRING_STATE   "state.json"  /* 0600 */
#define KEYRING_JWKS    "jwks.json"   /* 0644, public parts only */
#define KEYRING_LOCK    "lock"        /* 0600 */
#define KEYRING_AUDIT   "audit.log"   /* 0600 */

/* The key that signs: JWT_PRIVATE_KEY of `env` (PEM or JWK) if it is set and not empty, else DIR/signing.jwk.
 * `*longest` (may be NULL): for how many seconds a token may live, by signing.jwk in either case; INT64_MAX when it is
 * absent or does not say. LK_NOT_FOUND; LK_UNSAFE_FILE (others may read it); LK_JWK_...; LK_SYNTAX. `fault` gets one
 * line for the log. The caller frees the key. */
int keyring_signing_key(const char *dir, char *const env[], struct jwk **out, int64_t *longest, struct buf *fault);

/* The keys that verify our tokens: DIR/jwks.json, and the public part of JWT_PRIVATE_KEY if that is set. */
int keyring_verifying_keys(const char *dir, char *const env[], struct jwks **out, struct buf *fault);

/* Does the set verify what the key signs? 0; errors of jws_sign and jws_verify. */
int keyring_pair(const struct jwk *key, struct jwks *set);

#endif
