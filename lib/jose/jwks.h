#ifndef LK_JOSE_JWKS_H
#define LK_JOSE_JWKS_H

#include "jose/jwk.h"

/* A set of public keys (RFC 7517 section 5). Keys are turned into usable ones only when they are looked for. */
struct jwks;

#define JWKS_MAX_BYTES 262144
#define JWKS_MAX_KEYS  128

/* Called for each key that is skipped: its place in `keys`, its kid ("" if none usable) and the reason. */
typedef void jwks_skip_fn(void *context, size_t index, const char *kid, int reason);

/* Reads a JWK Set. LK_SYNTAX: not a JSON object with an array `keys`; LK_TOO_LARGE. A bad key is not an error of the
 * set: with `skip` set every key is checked now and each bad one reported; with NULL they are checked when used. */
int jwks_parse(struct span text, jwks_skip_fn *skip, void *context, struct jwks **out);
void jwks_free(struct jwks *set);

size_t jwks_usable(struct jwks *set); /* how many keys can verify something */

/* Adds a copy of a key's public part; nothing when the same key is there under the same kid. LK_TOO_LARGE: full. */
int jwks_add(struct jwks *set, const struct jwk *key);

/* The key for a token: `kid` (may be empty: then exactly one key of that algorithm must fit).
 * LK_JWS_NO_KEY: no such kid, or the only one is unusable. LK_JWS_KEY_MISMATCH: the kid is there with another type,
 * curve or alg. LK_JWS_AMBIGUOUS: two keys of one kid and type, good or bad; neither is used. (A key whose `use` or
 * `key_ops` forbid verifying is no rival.) LK_NOMEM, LK_CRYPTO: not the token's fault. `*key` belongs to the set. */
int jwks_find(struct jwks *set, struct span kid, const struct jwa *alg, const struct jwk **key);

/* The first usable key that fits `alg`; LK_JWS_NO_KEY. */
int jwks_first(struct jwks *set, const struct jwa *alg, const struct jwk **key);

#endif
