#include "provider/show.h"

#include "base/clock.h"
#include "base/error.h"
#include "base/json.h"
#include "jose/jwks.h"
#include "provider/attempt.h"

static void put(json_t *object, const char *name, const char *value)
{
    json_object_set_new(object, name, json_string(value));
}

static void put_time(json_t *object, const char *name, int64_t t)
{
    char text[CLOCK_RFC3339_SIZE];
    clock_rfc3339(t, text);
    put(object, name, text);
}

static void put_keys(json_t *shown, const struct buf *body)
{
    static const char *const members[] = {"kid", "kty", "crv", "alg"};
    json_t *set = NULL, *list = json_array();
    if (json_read_object(buf_all(body), JWKS_MAX_BYTES, 8, &set))
        set = NULL;
    const json_t *keys = json_object_get(set, "keys");
    for (size_t i = 0; i < json_array_size(keys); i++) {
        json_t *key = json_object();
        for (size_t m = 0; m < sizeof members / sizeof members[0]; m++) {
            const char *value = json_text(json_array_get(keys, i), members[m]);
            if (value)
                put(key, members[m], value);
        }
        json_array_append_new(list, key);
    }
    json_object_set_new(shown, "keys", list);
    json_decref(set);
}

static void put_set(json_t *shown, const struct cache_meta *meta, const struct buf *body, const struct provider *p)
{
    int64_t last = p->stale > meta->fresh_for ? p->stale : meta->fresh_for;
    put_time(shown, "fetched", meta->fetched_at);
    put_time(shown, "fresh_until", meta->fetched_at + meta->fresh_for);
    put_time(shown, "usable_until", meta->fetched_at + last);
    json_object_set_new(shown, "generation", json_integer((json_int_t)meta->generation));
    if (meta->etag[0])
        put(shown, "etag", meta->etag);
    put_keys(shown, body);
}

static void put_attempt(json_t *shown, const struct cache_meta *meta, const struct provider *p, int64_t now)
{
    struct attempt last;
    attempt_read(p->cache, now, &last);
    if (last.at) {
        put_time(shown, "last_attempt", last.at);
        put(shown, "outcome", last.outcome);
    }
    int64_t next = attempt_opens(&last, meta, now, p->cooldown);
    if (meta->serial && cache_age(meta, now, p->stale) == CACHE_FRESH && meta->fetched_at + meta->fresh_for > next)
        next = meta->fetched_at + meta->fresh_for;
    put_time(shown, "next_attempt", next);
}

int show_cache(const struct provider *p, int64_t now, json_t **out, bool *usable)
{
    struct buf body = BUF_INIT(JWKS_MAX_BYTES);
    struct cache_meta meta = {0};
    json_t *shown = json_object();
    if (!shown)
        return LK_NOMEM;
    int error = cache_read(p->cache, p->jwks_url, &meta, &body);
    enum cache_age age = error ? CACHE_DEAD : cache_age(&meta, now, p->stale);
    if (*p->name)
        put(shown, "provider", p->name);
    put(shown, "cache", p->cache);
    put(shown, "url", p->jwks_url);
    put(shown, "state", error ? "none" : cache_age_name(age));
    if (error)
        put(shown, "fault", lk_error_text(error));
    else
        put_set(shown, &meta, &body, p);
    put_attempt(shown, &meta, p, now);
    buf_free(&body);
    *usable = age != CACHE_DEAD;
    *out = shown;
    return 0;
}

static void text_of_keys(const json_t *keys, struct buf *out)
{
    for (size_t i = 0; i < json_array_size(keys); i++) {
        const json_t *key = json_array_get(keys, i);
        const char *const names[] = {"kid", "alg", "kty", "crv"};
        buf_printf(out, "%-13s", "key:");
        for (size_t n = 0; n < sizeof names / sizeof names[0]; n++) {
            const char *value = json_text(key, names[n]);
            if (value)
                buf_printf(out, " %s=%s", names[n], value);
        }
        buf_str(out, "\n");
    }
}

int show_text(json_t *shown, struct buf *out)
{
    const char *name;
    json_t *value;
    json_object_foreach(shown, name, value)
    {
        char label[32];
        snprintf(label, sizeof label, "%s:", name);
        if (json_is_array(value))
            text_of_keys(value, out);
        else if (json_is_integer(value))
            buf_printf(out, "%-13s %lld\n", label, (long long)json_integer_value(value));
        else
            buf_printf(out, "%-13s %s\n", label, json_string_value(value));
    }
    return out->error;
}
