#ifndef LK_KEYS_SEALED_H
#define LK_KEYS_SEALED_H

#include "base/buf.h"

/* A text under a passphrase, as one line of JSON: AES-256-GCM with a key from scrypt (RFC 7914; 64 MiB of memory for
 * each guess). Salt and iv are new each time; the parameters are bounded when they are read. */

#define SEALED_MAX     (16U << 20) /* bytes of the JSON */
#define PASSPHRASE_MAX 1024

int sealed_write(struct span plain, struct span passphrase, struct buf *out);

/* LK_SYNTAX: not such a text; LK_FORBIDDEN: another passphrase, or not the bytes that were written; LK_CRYPTO. */
int sealed_read(struct span text, struct span passphrase, struct buf *plain);

#endif
