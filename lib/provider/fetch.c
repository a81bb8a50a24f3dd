#include "provider/fetch.h"

#include <errno.h>
#include <limits.h>
#include <stdarg.h>

#include "base/error.h"
#include "base/file.h"
#include "base/log.h"
#include "provider/attempt.h"

#define LOCK_WAIT_MS 2000
#define LEFTOVER_S   60 /* no writer takes so long, with the lock (here) or without it (absent kids) */

struct run {
    const struct provider *provider;
    const struct fetch_order *order;
    const struct fetch_io *io;
    int64_t now;
    struct cache_meta meta; /* serial 0: nothing cached */
    struct buf body;
    struct attempt attempt;
};

static void say(const struct run *r, const char *format, ...) __attribute__((format(printf, 2, 3)));
static void say(const struct run *r, const char *format, ...)
{
    char fact[1024];
    va_list args;
    va_start(args, format);
    int n = vsnprintf(fact, sizeof fact, format, args);
    va_end(args);
    if (n >= 0 && r->io->say)
        r->io->say(r->io->context, fact);
}

static int complain(const struct provider *p, const char *what)
{
    char directory[PATH_MAX] = "";
    int why = errno;
    cache_directory(directory, sizeof directory, p->cache);
    log_event("provider.directory", "path", directory, "what", what, "reason", strerror(why), "effect",
              "keys cannot be cached, so they are not fetched", NULL);
    return LK_SYSTEM;
}

static int lock(const struct provider *p, int *fd)
{
    char path[PATH_MAX];
    int error = cache_beside(path, sizeof path, p->cache, CACHE_LOCK);
    if (!error)
        error = file_lock(path, 0644, LOCK_WAIT_MS, fd);
    return !error || error == LK_BUSY ? error : complain(p, "lock");
}

/* ---- is it time? ----------------------------------------------------------------------------------------------------
 */

static void load(struct run *r)
{
    const struct provider *p = r->provider;
    int error = cache_read(p->cache, p->jwks_url, &r->meta, &r->body);
    if (error && error != LK_NOT_FOUND)
        log_event("provider.cache", "path", p->cache, "reason", lk_error_code(error), "effect", "not used", NULL);
    attempt_read(p->cache, r->now, &r->attempt);
    if (error)
        say(r, "nothing usable is cached in %s (%s)", p->cache, lk_error_text(error));
    else
        say(r, "the cached set is %s, fetched %lld s ago", cache_age_name(cache_age(&r->meta, r->now, p->stale)),
            (long long)(r->now - r->meta.fetched_at));
}

/* True when the cache already holds what was ordered. */
static bool has_it(const struct run *r)
{
    enum cache_age age = r->meta.serial ? cache_age(&r->meta, r->now, r->provider->stale) : CACHE_DEAD;
    switch (r->order->mode) {
    case FETCH_DUE:
        return age == CACHE_FRESH;
    case FETCH_PRIME:
        return age != CACHE_DEAD;
    case FETCH_MISS:
        return age != CACHE_DEAD && r->meta.generation != r->order->generation;
    case FETCH_FORCE:
        return false;
    }
    return false;
}

static enum gate gate_of(const struct run *r)
{
    int64_t cooldown = r->provider->cooldown;
    switch (r->order->mode) {
    case FETCH_FORCE:
        return GATE_OPEN;
    case FETCH_MISS:
        return attempt_miss_gate(&r->attempt, &r->meta, r->now, cooldown);
    case FETCH_DUE:
    case FETCH_PRIME:
        break;
    }
    return attempt_gate(&r->attempt, &r->meta, r->now, cooldown);
}

/* Before the network is touched: an attempt that cannot be stamped is not made. */
static int stamp(struct run *r)
{
    r->attempt.at = r->now;
    r->attempt.retry_at = 0;
    if (r->order->mode == FETCH_MISS) {
        r->attempt.miss_at = r->now;
        r->attempt.generation = r->meta.generation;
    }
    attempt_outcome(&r->attempt, "pending");
    return attempt_write(r->provider->cache, &r->attempt) ? complain(r->provider, "attempt") : 0;
}

/* ---- the answer -----------------------------------------------------------------------------------------------------
 */

static void on_skip(void *context, size_t index, const char *kid, int reason)
{
    const struct run *r = context;
    char place[24];
    snprintf(place, sizeof place, "%zu", index);
    log_event("provider.key_skipped", "url", r->provider->jwks_url, "index", place, "kid", kid, "reason",
              lk_error_code(reason), NULL);
}

static int refuse(struct answer *answer, const char *why)
{
    snprintf(answer->fault, sizeof answer->fault, "%s", why);
    return LK_UNAVAILABLE;
}

/* The admin's `stale` bounds what the provider may ask for. */
static int64_t lifetime(const struct provider *p, const struct answer *answer)
{
    int64_t fresh = answer_fresh(answer->cache_control, p->fresh);
    int64_t most = p->stale > p->fresh ? p->stale : p->fresh;
    return fresh < most ? fresh : most;
}

/* A serial never comes back, not even after --flush: it starts from the clock. */
static int store(struct run *r, const struct answer *answer, struct span body)
{
    bool same = r->meta.serial && body.n == r->body.n && memcmp(body.p, buf_cstr(&r->body), body.n) == 0;
    struct cache_meta meta = r->meta;
    uint64_t next = meta.serial + 1;
    meta.serial = next > (uint64_t)r->now ? next : (uint64_t)r->now;
    meta.generation = same ? meta.generation : meta.serial;
    meta.fetched_at = r->now;
    clock_boot(&meta.boot);
    meta.fresh_for = lifetime(r->provider, answer);
    if (answer->status == 200)
        snprintf(meta.etag, sizeof meta.etag, "%s", answer->etag);
    if (cache_write(r->provider->cache, r->provider->jwks_url, &meta, body))
        return complain(r->provider, "cache");
    say(r, "wrote %s: fresh for %lld s, the keys are %s", r->provider->cache, (long long)meta.fresh_for,
        same ? "the same" : "new");
    return 0;
}

static int accept_keys(struct run *r, struct answer *answer)
{
    struct buf keys = BUF_INIT(JWKS_MAX_BYTES);
    size_t usable = 0;
    int error = answer_keys(buf_all(&answer->body), on_skip, r, &keys, &usable);
    if (error) {
        error = refuse(answer, error == LK_NOT_FOUND   ? "no usable key"
                               : error == LK_TOO_LARGE ? "the set is too large"
                                                       : "not a JWK Set");
    } else {
        say(r, "%zu usable keys", usable);
        error = store(r, answer, buf_all(&keys));
    }
    buf_free(&keys);
    return error;
}

static int judge(struct run *r, struct answer *answer)
{
    char text[48];
    say(r, "status %ld, %zu bytes", answer->status, answer->body.n);
    if (answer->status == 200)
        return accept_keys(r, answer);
    if (answer->status == 304 && r->meta.serial && r->meta.etag[0])
        return store(r, answer, buf_all(&r->body));
    snprintf(text, sizeof text, "status %ld", answer->status);
    return refuse(answer, text);
}

/* The old set stays. One whose fetch time lies in the future gets a past one, so that it cannot outlive its days. */
static void keep_old(struct run *r, const struct answer *answer)
{
    const struct provider *p = r->provider;
    if ((answer->status == 429 || answer->status == 503) && answer->retry_after > 0) {
        r->attempt.retry_at =
            r->now + (answer->retry_after < ATTEMPT_RETRY_MAX ? answer->retry_after : ATTEMPT_RETRY_MAX);
        say(r, "not asked again for %lld s, as the provider wishes", (long long)(r->attempt.retry_at - r->now));
    }
    if (r->meta.serial && r->meta.fetched_at > r->now) {
        r->meta.fetched_at = r->now > r->meta.fresh_for ? r->now - r->meta.fresh_for : 0;
        cache_write(p->cache, p->jwks_url, &r->meta, buf_all(&r->body));
    }
    attempt_outcome(&r->attempt, answer->fault);
    log_event("provider.fetch_failed", "url", p->jwks_url, "reason", r->attempt.outcome, "effect",
              r->meta.serial ? "the cached set stays" : "nothing is cached", NULL);
    say(r, "failed: %s", r->attempt.outcome);
}

static int ask(struct run *r)
{
    struct answer answer;
    answer_init(&answer);
    say(r, "asking %s%s", r->provider->jwks_url, r->meta.etag[0] ? ", if changed" : "");
    int error = r->io->get(r->io->context, r->provider, r->meta.etag, &answer);
    if (!error)
        error = judge(r, &answer);
    if (error == LK_UNAVAILABLE)
        keep_old(r, &answer);
    else
        attempt_outcome(&r->attempt, error ? "the cache could not be written" : "ok");
    attempt_write(r->provider->cache, &r->attempt);
    answer_free(&answer);
    return error;
}

/* What writers that were killed have left does not pile up. */
static void sweep(const struct run *r)
{
    static const char *const suffixes[] = {"", CACHE_ATTEMPT, CACHE_ABSENT};
    char path[PATH_MAX];
    for (size_t i = 0; i < sizeof suffixes / sizeof suffixes[0]; i++)
        if (cache_beside(path, sizeof path, r->provider->cache, suffixes[i]) == 0)
            file_sweep(path, r->now - LEFTOVER_S);
}

static int run_locked(struct run *r)
{
    r->now = r->io->now();
    load(r);
    if (has_it(r)) {
        say(r, "not due");
        return 0;
    }
    if (gate_of(r) != GATE_OPEN) {
        int64_t opens = attempt_opens(&r->attempt, &r->meta, r->now, r->provider->cooldown);
        if (opens == r->now)
            opens = r->attempt.miss_at + r->provider->cooldown;
        say(r, "too early: asked already, again in %lld s (last outcome: %s)", (long long)(opens - r->now),
            r->attempt.outcome);
        return LK_BUSY;
    }
    sweep(r);
    int error = stamp(r);
    return error ? error : ask(r);
}

int fetch_run(const struct provider *p, const struct fetch_order *order, const struct fetch_io *io)
{
    struct run r = {.provider = p, .order = order, .io = io, .body = BUF_INIT(JWKS_MAX_BYTES)};
    int fd = -1;
    int error = lock(p, &fd);
    if (error == LK_BUSY)
        say(&r, "another process is fetching");
    if (error)
        return error;
    error = run_locked(&r);
    file_unlock(fd);
    buf_free(&r.body);
    return error;
}

int fetch_flush(const struct provider *p)
{
    static const char *const suffixes[] = {"", CACHE_ATTEMPT, CACHE_ABSENT};
    char path[PATH_MAX];
    int fd = -1;
    int error = lock(p, &fd);
    if (error)
        return error;
    for (size_t i = 0; !error && i < sizeof suffixes / sizeof suffixes[0]; i++) {
        error = cache_beside(path, sizeof path, p->cache, suffixes[i]);
        if (!error)
            error = file_remove(path);
        error = error == LK_NOT_FOUND ? 0 : error ? complain(p, path) : 0;
    }
    file_unlock(fd);
    return error;
}
