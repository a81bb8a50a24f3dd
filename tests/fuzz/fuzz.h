#ifndef LK_TESTS_FUZZ_FUZZ_H
#define LK_TESTS_FUZZ_FUZZ_H

#include <openssl/err.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/json.h"
#include "base/secret.h"

/* What the targets share. A target is one function: libFuzzer calls it with what it makes up (make fuzz), replay.c with
 * the files of corpus/NAME (make check). It asks for more than not to crash: HOLDS ends the process. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define HOLDS(what)                                                                                                    \
    do {                                                                                                               \
        if (!(what)) {                                                                                                 \
            fprintf(stderr, "%s:%d: does not hold: %s\n", __FILE__, __LINE__, #what);                                  \
            abort();                                                                                                   \
        }                                                                                                              \
    } while (0)

static inline struct span input_of(const uint8_t *data, size_t size)
{
    return (struct span){(const char *)data, size};
}

static inline bool same(struct span a, struct span b)
{
    return a.n == b.n && (a.n == 0 || memcmp(a.p, b.p, a.n) == 0);
}

/* A C string of the input's bytes up to the first NUL, in memory of exactly its size. The caller frees. */
static inline char *string_of(struct span s)
{
    char *copy = strndup(s.n ? s.p : "", s.n);
    HOLDS(copy);
    return copy;
}

/* OpenSSL as the programs start it, and, looked at after each input, never an error left in its queue. */
static inline void openssl_begin(void)
{
    static bool begun;
    HOLDS(begun || secret_init() == 0);
    begun = true;
}

static inline void openssl_end(void)
{
    HOLDS(ERR_peek_error() == 0);
}

/* Is `value` written as Jansson does, and does it read back from its text? Text can outgrow the limit that its source
 * kept: 1e99 is written in full. */
static inline void reads_back(const json_t *value, size_t max, unsigned depth)
{
    json_t *again = NULL;
    struct buf text = BUF_INIT(max);
    if (json_write(value, &text) == 0) {
        char *dumped = json_dumps(value, JSON_COMPACT | JSON_ENCODE_ANY);
        HOLDS(dumped && strcmp(dumped, buf_cstr(&text)) == 0);
        free(dumped);
        HOLDS(json_read(buf_all(&text), max, depth, &again) == 0);
        HOLDS(json_equal(value, again));
    }
    json_decref(again);
    buf_free(&text);
}

#endif
