#include "base/buf.h"

#include <stdarg.h>

#include "base/error.h"
#include "base/secret.h"

static int fail(struct buf *b, int error)
{
    b->error = error;
    return error;
}

/* Old memory is wiped, not realloc'ed away: a buffer may hold a token. */
static int grow(struct buf *b, size_t need)
{
    size_t cap = b->cap ? b->cap : 128;
    while (cap < need + 1)
        cap *= 2;
    char *p = malloc(cap);
    if (!p)
        return fail(b, LK_NOMEM);
    if (b->p) {
        memcpy(p, b->p, b->n);
        secret_wipe(b->p, b->cap);
        free(b->p);
    }
    b->p = p;
    b->p[b->n] = '\0';
    b->cap = cap;
    return 0;
}

char *buf_reserve(struct buf *b, size_t n)
{
    if (b->error)
        return NULL;
    if (n > b->max || b->n > b->max - n) {
        fail(b, LK_TOO_LARGE);
        return NULL;
    }
    if (b->n + n + 1 > b->cap && grow(b, b->n + n))
        return NULL;
    return b->p + b->n;
}

void buf_grew(struct buf *b, size_t n)
{
    b->n += n;
    b->p[b->n] = '\0';
}

int buf_add(struct buf *b, const void *bytes, size_t n)
{
    bool fits = !b->error && n <= b->max - b->n && b->n + n < b->cap; /* nearly always */
    char *to = fits ? b->p + b->n : buf_reserve(b, n);
    if (!to)
        return b->error;
    if (n)
        memcpy(to, bytes, n);
    buf_grew(b, n);
    return 0;
}

int buf_str(struct buf *b, const char *cstring)
{
    return buf_add(b, cstring, strlen(cstring));
}

int buf_span(struct buf *b, struct span s)
{
    return buf_add(b, s.p, s.n);
}

int buf_u64(struct buf *b, unsigned long long value)
{
    return buf_printf(b, "%llu", value);
}

/* Into the room that is there; formatted once more only where that is too small. */
int buf_printf(struct buf *b, const char *format, ...)
{
    size_t room = b->error || !b->p ? 0 : b->cap - b->n;
    va_list args, again;
    va_start(args, format);
    va_copy(again, args);
    int n = vsnprintf(room ? b->p + b->n : NULL, room, format, args);
    va_end(args);
    char *to = n < 0 ? NULL : buf_reserve(b, (size_t)n);
    if (to && (size_t)n >= room)
        vsnprintf(to, (size_t)n + 1, format, again);
    if (to)
        buf_grew(b, (size_t)n);
    else if (b->p)
        b->p[b->n] = '\0';
    va_end(again);
    return n < 0 ? fail(b, LK_SYNTAX) : b->error;
}

struct span buf_all(const struct buf *b)
{
    return (struct span){buf_cstr(b), b->n};
}

const char *buf_cstr(const struct buf *b)
{
    return b->p ? b->p : "";
}

void buf_reset(struct buf *b)
{
    b->n = 0;
    b->error = 0;
    if (b->p)
        b->p[0] = '\0';
}

void buf_free(struct buf *b)
{
    if (b->p)
        secret_wipe(b->p, b->cap);
    free(b->p);
    *b = BUF_INIT(b->max);
}
