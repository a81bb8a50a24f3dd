#ifndef LK_BASE_B64_H
#define LK_BASE_B64_H

#include <stdint.h>

#include "base/buf.h"
#include "base/span.h"

/* base64url without padding, RFC 4648 section 5, RFC 7515 section 2. */

#define B64_ENCODED(n) (((n)*4 + 2) / 3) /* characters for n bytes */
#define B64_DECODED(n) ((n)*3 / 4)       /* bytes in n characters */

/* Writes B64_ENCODED(n) characters and a NUL to `out`. */
void b64_encode(const void *bytes, size_t n, char *out);
int b64_add(struct buf *out, const void *bytes, size_t n); /* appends; errors as buf_add */

/* Decodes the whole span. LK_SYNTAX: foreign character, padding, white space, impossible length or non-zero
 * unused bits. LK_TOO_LARGE: more than `cap` bytes. */
int b64_decode(struct span s, uint8_t *out, size_t cap, size_t *n);
int b64_decode_add(struct span s, struct buf *out);

#endif
