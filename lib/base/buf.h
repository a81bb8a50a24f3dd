#ifndef LK_BASE_BUF_H
#define LK_BASE_BUF_H

#include <stddef.h>

#include "base/span.h"

/* A growing byte buffer with a mandatory maximum. Always NUL-terminated past its length once it holds anything.
 * A failed append is remembered in `error`: append freely, look once at the end. */
struct buf {
    char *p;
    size_t n;
    size_t cap;
    size_t max; /* bytes, without the terminator */
    int error;  /* 0, LK_NOMEM or LK_TOO_LARGE; sticky */
};

#define BUF_INIT(limit) ((struct buf){.max = (limit)})

/* Append. 0, LK_NOMEM or LK_TOO_LARGE; nothing is appended on failure. */
int buf_add(struct buf *b, const void *bytes, size_t n);
int buf_str(struct buf *b, const char *cstring);
int buf_span(struct buf *b, struct span s);
int buf_u64(struct buf *b, unsigned long long value);
int buf_printf(struct buf *b, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Room for `n` more bytes at the end, for a reader to fill; then buf_grew() what was filled. NULL on failure. */
char *buf_reserve(struct buf *b, size_t n);
void buf_grew(struct buf *b, size_t n);

/* The whole content as a span, or as a C string ("" when empty). Valid until the next append. */
struct span buf_all(const struct buf *b);
const char *buf_cstr(const struct buf *b);

void buf_reset(struct buf *b); /* length 0, error 0, memory kept */
void buf_free(struct buf *b);  /* wipes, then frees */

#endif
