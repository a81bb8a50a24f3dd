#include "provider/keyset.h"

#include <errno.h>
#include <limits.h>

#include "base/clock.h"
#include "base/error.h"
#include "base/file.h"
#include "base/log.h"
#include "provider/absent.h"
#include "provider/attempt.h"
#include "provider/cache.h"
#include "provider/helper.h"

#define HELPER_DEADLINE_MS 6000
#define OTHER_WAIT_MS      2000

struct keyset {
    const struct provider *provider;
    enum keyset_mode mode;
    struct keyset_order order;
    struct cache_meta meta; /* serial 0: nothing cached */
    enum cache_age age;
    struct jwks *keys; /* NULL: nothing usable */
    int64_t now;
};

static void load(struct keyset *ks)
{
    const struct provider *p = ks->provider;
    struct buf text = BUF_INIT(JWKS_MAX_BYTES);
    jwks_free(ks->keys);
    ks->keys = NULL;
    ks->meta = (struct cache_meta){0};
    ks->age = CACHE_DEAD;
    int error = cache_read(p->cache, p->jwks_url, &ks->meta, &text);
    if (!error)
        ks->age = cache_age(&ks->meta, ks->now, p->stale);
    if (!error && ks->age != CACHE_DEAD)
        error = jwks_parse(buf_all(&text), NULL, NULL, &ks->keys);
    if (error && error != LK_NOT_FOUND)
        log_event("provider.cache", "path", p->cache, "reason", lk_error_code(error), "effect", "not used", NULL);
    buf_free(&text);
}

static bool directory_usable(const struct provider *p)
{
    char directory[PATH_MAX] = "";
    if (cache_writable(p->cache) == 0)
        return true;
    int why = errno;
    cache_directory(directory, sizeof directory, p->cache);
    log_event("provider.directory", "path", directory, "reason", strerror(why), "effect",
              "keys cannot be cached, so they are not fetched", NULL);
    return false;
}

/* Another process may be fetching: its lock is free when it is done. */
static void await_other(const struct provider *p)
{
    char path[PATH_MAX];
    int fd = -1;
    if (cache_beside(path, sizeof path, p->cache, CACHE_LOCK) == 0 && file_lock(path, 0644, OTHER_WAIT_MS, &fd) == 0)
        file_unlock(fd);
}

/* Nobody waits: the fetch is left for later, if it may be made at all. */
static int order_later(struct keyset *ks, enum gate gate, uint64_t missing)
{
    if (gate == GATE_OPEN && directory_usable(ks->provider))
        ks->order = (struct keyset_order){.wanted = true, .missing = missing};
    return LK_UNAVAILABLE;
}

/* 0: the set was fetched again, by us or by another, since it was last loaded. */
static int renew(struct keyset *ks, enum gate gate, uint64_t missing)
{
    if (ks->mode == KEYSET_CACHED)
        return order_later(ks, gate, missing);
    uint64_t had = ks->meta.serial;
    int64_t began = clock_monotonic_us();
    if (!directory_usable(ks->provider))
        return LK_UNAVAILABLE;
    if (gate == GATE_OPEN)
        helper_run(ks->provider, missing, HELPER_DEADLINE_MS);
    else
        await_other(ks->provider);
    ks->now += (clock_monotonic_us() - began + 999999) / 1000000;
    load(ks);
    return ks->keys && ks->meta.serial != had ? 0 : LK_UNAVAILABLE;
}

static int obtain(struct keyset *ks)
{
    const struct provider *p = ks->provider;
    struct attempt last;
    load(ks);
    if (ks->keys)
        return 0;
    attempt_read(p->cache, ks->now, &last);
    return renew(ks, attempt_gate(&last, &ks->meta, ks->now, p->cooldown), 0);
}

/* The set has no such kid. Either the provider is asked, or the answer follows from when it was asked last. */
static int look_again(struct keyset *ks, const struct jws *jws, int64_t issued_at)
{
    const struct provider *p = ks->provider;
    struct attempt last;
    attempt_read(p->cache, ks->now, &last);
    enum gate gate = attempt_miss_gate(&last, &ks->meta, ks->now, p->cooldown);
    if (gate == GATE_LOOKED) {
        bool bad = issued_at < ks->meta.fetched_at - p->leeway || absent_has(p->cache, ks->meta.generation, jws->kid);
        return bad ? LK_JWS_NO_KEY : LK_UNAVAILABLE;
    }
    int error = renew(ks, gate, ks->meta.generation);
    if (error)
        return error;
    error = jws_verify(jws, ks->keys);
    if (error == LK_JWS_NO_KEY)
        absent_add(p->cache, ks->meta.generation, jws->kid); /* without it a repetition is 503 for a while: no harm */
    return error;
}

/* A stale set served: the next request should meet a fresh one. */
static void order_refresh(struct keyset *ks)
{
    const struct provider *p = ks->provider;
    struct attempt last;
    if (ks->order.wanted || !ks->keys || ks->age != CACHE_STALE)
        return;
    attempt_read(p->cache, ks->now, &last);
    if (attempt_gate(&last, &ks->meta, ks->now, p->cooldown) != GATE_OPEN || !directory_usable(p))
        return;
    log_event("provider.stale", "url", p->jwks_url, "last_attempt", last.at ? last.outcome : "none", NULL);
    ks->order.wanted = true;
}

static void log_unavailable(const struct keyset *ks)
{
    struct attempt last;
    attempt_read(ks->provider->cache, ks->now, &last);
    log_event("provider.unavailable", "url", ks->provider->jwks_url, "set", cache_age_name(ks->age), "last_attempt",
              last.at ? last.outcome : "none", NULL);
}

int keyset_verify(const struct provider *p, const struct jws *jws, int64_t issued_at, enum keyset_mode mode,
                  int64_t *now, struct keyset_order *order)
{
    struct keyset ks = {.provider = p, .mode = mode, .now = *now};
    int error = obtain(&ks);
    if (!error)
        error = jws_verify(jws, ks.keys);
    if (error == LK_JWS_NO_KEY)
        error = look_again(&ks, jws, issued_at);
    if (error == LK_UNAVAILABLE)
        log_unavailable(&ks);
    order_refresh(&ks);
    *order = ks.order;
    *now = ks.now;
    jwks_free(ks.keys);
    return error;
}
