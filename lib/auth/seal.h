#ifndef LK_AUTH_SEAL_H
#define LK_AUTH_SEAL_H

#include <stdint.h>

#include "base/span.h"

/* AES-256-GCM under HKDF-SHA256(presented) (RFC 5869): whoever presents the same secret again can read the successor,
 * and nobody else, the database's owner included. Layout: nonce 12, ciphertext, tag 16. */
#define SEAL_OVERHEAD 28

/* `out` has plain.n + SEAL_OVERHEAD bytes. `context` is authenticated but not stored: it ties the sealed bytes to one
 * family. LK_CRYPTO. */
int seal(struct span presented, struct span context, struct span plain, uint8_t *out);

/* `out` has sealed.n - SEAL_OVERHEAD bytes; nothing is written to it unless the tag verifies.
 * LK_SYNTAX: too short, or not sealed with this secret and context. LK_CRYPTO. */
int unseal(struct span presented, struct span context, struct span sealed, uint8_t *out);

#endif
