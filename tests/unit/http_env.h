#ifndef LK_TESTS_HTTP_ENV_H
#define LK_TESTS_HTTP_ENV_H

#include <stddef.h>
#include <string.h>

/* ENV("NAME=value", ...) is an environment array. */
#define ENV(...) env_of((const char *const[]){__VA_ARGS__, NULL})

static inline char *const *env_of(const char *const *strings)
{
    union {
        const char *const *in;
        char *const *out;
    } array = {strings};
    return array.out;
}

/* A body in memory as a request_reader gives it, at most `step` bytes a time. */
struct memory {
    const char *p;
    size_t n;
    size_t step;
};

static inline int memory_read(void *context, void *out, size_t n)
{
    struct memory *m = context;
    n = n < m->n ? n : m->n;
    n = n < m->step ? n : m->step;
    memcpy(out, m->p, n);
    m->p += n;
    m->n -= n;
    return (int)n;
}

#endif
