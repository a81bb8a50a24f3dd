#include "provider/answer.h"

#include <errno.h>
#include <strings.h>

#include "base/error.h"
#include "base/file.h"
#include "base/json.h"
#include "base/parse.h"
#include "provider/attempt.h"

#define DEPTH 8

void answer_init(struct answer *answer)
{
    *answer = (struct answer){.body = BUF_INIT(JWKS_MAX_BYTES)};
}

void answer_free(struct answer *answer)
{
    buf_free(&answer->body);
}

int answer_file(const char *path, struct answer *answer)
{
    int error = file_read(path, FILE_TRUSTED, &answer->body, NULL);
    if (!error) {
        answer->status = 200;
        return 0;
    }
    snprintf(answer->fault, sizeof answer->fault, "the file: %s",
             error == LK_SYSTEM ? strerror(errno) : lk_error_text(error));
    return LK_UNAVAILABLE;
}

void answer_set_etag(struct answer *answer, struct span value)
{
    bool weak = value.n > 2 && memcmp(value.p, "W/", 2) == 0;
    struct span tag = {value.p + (weak ? 2 : 0), value.n - (weak ? 2 : 0)};
    answer->etag[0] = '\0';
    if (value.n >= sizeof answer->etag || tag.n < 2 || tag.p[0] != '"' || tag.p[tag.n - 1] != '"' ||
        memchr(tag.p + 1, '"', tag.n - 2) || memchr(tag.p, ' ', tag.n) || memchr(tag.p, '\0', tag.n) ||
        parse_has_control(tag))
        return;
    memcpy(answer->etag, value.p, value.n);
    answer->etag[value.n] = '\0';
}

static int64_t clamp(uint64_t seconds)
{
    return seconds < ANSWER_FRESH_MIN   ? ANSWER_FRESH_MIN
           : seconds > ANSWER_FRESH_MAX ? ANSWER_FRESH_MAX
                                        : (int64_t)seconds;
}

int64_t answer_fresh(const char *cache_control, int64_t otherwise)
{
    static const char name[] = "max-age=";
    size_t n = sizeof name - 1;
    struct span rest = span_of(cache_control), part;
    while (span_next(&rest, ',', &part)) {
        uint64_t seconds = 0;
        part = span_trim(part);
        if (part.n <= n || strncasecmp(part.p, name, n) != 0)
            continue;
        int error = parse_u64((struct span){part.p + n, part.n - n}, UINT64_MAX, &seconds);
        if (error == LK_TOO_LARGE)
            return ANSWER_FRESH_MAX;
        if (!error)
            return clamp(seconds);
    }
    return otherwise;
}

int64_t answer_retry(struct span value)
{
    uint64_t seconds = 0;
    int error = parse_u64(span_trim(value), ATTEMPT_RETRY_MAX, &seconds);
    return error == LK_TOO_LARGE ? ATTEMPT_RETRY_MAX : error ? 0 : (int64_t)seconds;
}

/* ---- the keys -------------------------------------------------------------------------------------------------------
 */

/* lib/jose has judged the whole object; this is what is kept of it. */
static int slim(const json_t *key, json_t **out)
{
    static const char *const kept[] = {"kty", "crv", "x", "y", "n", "e", "kid", "alg", "use", "key_ops"};
    json_t *made = json_object();
    if (!made)
        return LK_NOMEM;
    for (size_t i = 0; i < sizeof kept / sizeof kept[0]; i++) {
        json_t *member = json_object_get(key, kept[i]);
        if (member && json_object_set(made, kept[i], member)) {
            json_decref(made);
            return LK_NOMEM;
        }
    }
    *out = made;
    return 0;
}

struct selection {
    jwks_skip_fn *skip;
    void *context;
    bool skipped[JWKS_MAX_KEYS];
};

static void on_skip(void *context, size_t index, const char *kid, int reason)
{
    struct selection *s = context;
    s->skipped[index] = true;
    if (s->skip)
        s->skip(s->context, index, kid, reason);
}

/* The keys that lib/jose finds usable, slimmed. */
static int select_keys(struct span body, struct selection *s, json_t *out)
{
    json_t *root = NULL;
    struct jwks *set = NULL;
    int error = jwks_parse(body, on_skip, s, &set);
    if (error || (error = json_read_object(body, JWKS_MAX_BYTES, DEPTH, &root)))
        goto out;
    const json_t *keys = json_object_get(root, "keys");
    for (size_t i = 0; !error && i < json_array_size(keys); i++) {
        json_t *made = NULL;
        if (s->skipped[i])
            continue;
        error = slim(json_array_get(keys, i), &made);
        if (!error && json_array_append_new(out, made))
            error = LK_NOMEM;
    }
out:
    json_decref(root);
    jwks_free(set);
    return error;
}

static int compare(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

static int write_sorted(const json_t *keys, struct buf *out)
{
    char *text[JWKS_MAX_KEYS] = {NULL};
    struct buf set = BUF_INIT(JWKS_MAX_BYTES);
    size_t n = json_array_size(keys);
    int error = 0;
    for (size_t i = 0; i < n; i++)
        if (!(text[i] = json_dumps(json_array_get(keys, i), JSON_COMPACT)))
            error = LK_NOMEM;
    if (!error)
        qsort(text, n, sizeof text[0], compare);
    buf_str(&set, "{\"keys\":[");
    for (size_t i = 0; !error && i < n; i++) {
        buf_str(&set, i ? "," : "");
        buf_str(&set, text[i]);
    }
    buf_str(&set, "]}");
    if (!error && !(error = set.error))
        error = buf_span(out, buf_all(&set));
    for (size_t i = 0; i < n; i++)
        free(text[i]);
    buf_free(&set);
    return error;
}

int answer_keys(struct span body, jwks_skip_fn *skip, void *context, struct buf *out, size_t *usable)
{
    struct selection selection = {.skip = skip, .context = context};
    json_t *keys = json_array();
    int error = keys ? select_keys(body, &selection, keys) : LK_NOMEM;
    if (!error && json_array_size(keys) == 0)
        error = LK_NOT_FOUND;
    if (!error && !(error = write_sorted(keys, out)))
        *usable = json_array_size(keys);
    json_decref(keys);
    return error;
}
