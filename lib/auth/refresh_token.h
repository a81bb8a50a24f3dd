#ifndef LK_AUTH_REFRESH_TOKEN_H
#define LK_AUTH_REFRESH_TOKEN_H

#include <stdint.h>

#include "base/secret.h"

/* The text of a refresh token: "lkrt_" lookup "." secret, both base64url, random. The lookup names the family for all
 * its life and is as unguessable as the secret, which is new with each rotation. Each token has exactly one spelling.
 */
#define REFRESH_LOOKUP_SIZE 16
#define REFRESH_SECRET_SIZE 32
#define REFRESH_TOKEN_SIZE  72 /* "lkrt_" 22 "." 43 and a NUL */

struct refresh_token {
    uint8_t lookup[REFRESH_LOOKUP_SIZE];
    uint8_t secret[REFRESH_SECRET_SIZE];
};

/* LK_SYNTAX: anything but the exact form. */
int refresh_token_parse(struct span text, struct refresh_token *out);
void refresh_token_write(const struct refresh_token *token, char out[REFRESH_TOKEN_SIZE]);

/* Fresh secret; the lookup of `family`, or a fresh one for NULL. LK_CRYPTO. */
int refresh_token_make(const struct refresh_token *family, struct refresh_token *out);

/* What is kept of it: SHA-256 of the lookup's bytes. */
int refresh_token_lookup_hash(const struct refresh_token *token, uint8_t out[SHA256_SIZE]);

#endif
