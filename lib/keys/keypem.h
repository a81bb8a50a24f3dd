#ifndef LK_KEYS_KEYPEM_H
#define LK_KEYS_KEYPEM_H

#include "jose/jwk.h"

/* Reads one public key: a JWK, or PEM (SubjectPublicKeyInfo) as HSMs and key services give it. A private JWK is
 * LK_JWK_PRIVATE. Errors of jwk_parse_public; LK_SYNTAX. */
int public_key_parse(struct span text, struct jwk **out);

#endif
