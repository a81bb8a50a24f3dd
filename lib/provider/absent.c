#include "provider/absent.h"

#include <limits.h>

#include "base/b64.h"
#include "base/error.h"
#include "base/file.h"
#include "base/secret.h"
#include "provider/cache.h"
#include "provider/record.h"

#define FILE_LIMIT 4096
#define TAG_SIZE   (B64_ENCODED(SHA256_SIZE) + 1)

struct absent {
    struct buf text;
    struct span tag[ABSENT_MAX];
    size_t n;
};

/* Another generation, damage or absence all give an empty list. */
static void load(const char *file, uint64_t generation, struct absent *out)
{
    uint64_t of = 0;
    struct span rest;
    *out = (struct absent){.text = BUF_INIT(FILE_LIMIT)};
    if (file_read(file, FILE_TRUSTED, &out->text, NULL))
        return;
    rest = buf_all(&out->text);
    if (record_literal(&rest, "latchkey-absent-1\n") || record_u64(&rest, "generation", &of) || of != generation)
        return;
    while (out->n < ABSENT_MAX && !record_text(&rest, "kid", &out->tag[out->n]))
        out->n++;
}

static int tag_of(const char *kid, char out[TAG_SIZE])
{
    uint8_t digest[SHA256_SIZE];
    int error = secret_sha256(span_of(kid), digest);
    if (!error)
        b64_encode(digest, sizeof digest, out);
    return error;
}

static bool holds(const struct absent *list, const char *tag)
{
    for (size_t i = 0; i < list->n; i++)
        if (span_equals(list->tag[i], tag))
            return true;
    return false;
}

bool absent_has(const char *path, uint64_t generation, const char *kid)
{
    char file[PATH_MAX], tag[TAG_SIZE];
    struct absent list;
    if (cache_beside(file, sizeof file, path, CACHE_ABSENT) || tag_of(kid, tag))
        return false;
    load(file, generation, &list);
    bool found = holds(&list, tag);
    buf_free(&list.text);
    return found;
}

static int save(const char *file, uint64_t generation, const struct absent *list, const char *tag)
{
    struct buf text = BUF_INIT(FILE_LIMIT);
    buf_printf(&text, "latchkey-absent-1\ngeneration %llu\nkid %s\n", (unsigned long long)generation, tag);
    for (size_t i = 0; i < list->n && i < ABSENT_MAX - 1; i++)
        buf_printf(&text, "kid %.*s\n", (int)list->tag[i].n, list->tag[i].p);
    int error = text.error ? text.error : file_replace(file, buf_all(&text), 0644, (uid_t)-1, (gid_t)-1);
    buf_free(&text);
    return error;
}

int absent_add(const char *path, uint64_t generation, const char *kid)
{
    char file[PATH_MAX], tag[TAG_SIZE];
    struct absent list;
    int error = cache_beside(file, sizeof file, path, CACHE_ABSENT);
    if (error || (error = tag_of(kid, tag)))
        return error;
    load(file, generation, &list);
    if (!holds(&list, tag))
        error = save(file, generation, &list, tag);
    buf_free(&list.text);
    return error;
}
