#include "provider/absent.h"
#include "provider/fetch.h"
#include "provider_kit.h"

/* A provider that is played by the test: what it answers next, and how often it was asked. */
static struct {
    long status;
    const char *body;
    const char *etag;
    const char *cache_control;
    int64_t retry_after;
    int error;
    int asked;
    char sent_etag[CACHE_ETAG_MAX];
    char attempt[ATTEMPT_OUTCOME_MAX]; /* the outcome on disk while the provider is asked */
} world;
static int64_t clock_time;
static char key_a[2048], key_b[2048];

static int64_t fake_now(void)
{
    return clock_time;
}

static int fake_get(void *context, const struct provider *p, const char *etag, struct answer *answer)
{
    struct attempt attempt;
    (void)context;
    attempt_read(p->cache, clock_time, &attempt);
    snprintf(world.attempt, sizeof world.attempt, "%s", attempt.outcome);
    snprintf(world.sent_etag, sizeof world.sent_etag, "%s", etag);
    world.asked++;
    answer->status = world.status;
    answer->retry_after = world.retry_after;
    buf_str(&answer->body, world.body ? world.body : "");
    answer_set_etag(answer, span_of(world.etag ? world.etag : ""));
    snprintf(answer->cache_control, sizeof answer->cache_control, "%s", world.cache_control ? world.cache_control : "");
    if (world.error)
        snprintf(answer->fault, sizeof answer->fault, "connection refused");
    return world.error;
}

static void set_text(const struct jwk *key, char *out, size_t cap)
{
    json_t *object = NULL;
    ck_assert_int_eq(jwk_to_public(key, &object), 0);
    char *text = json_dumps(object, JSON_COMPACT);
    snprintf(out, cap, "{\"keys\":[%s]}", text);
    free(text);
    json_decref(object);
}

static void begin(struct kit *k)
{
    struct jwk *a = kit_key("EdDSA", "a"), *b = kit_key("ES256", "b");
    kit_open(k);
    set_text(a, key_a, sizeof key_a);
    set_text(b, key_b, sizeof key_b);
    jwk_free(a);
    jwk_free(b);
    memset(&world, 0, sizeof world);
    world.status = 200;
    world.body = key_a;
    clock_time = NOW;
}

static int run(const struct kit *k, enum fetch_mode mode, uint64_t generation)
{
    struct fetch_order order = {mode, generation};
    struct fetch_io io = {.get = fake_get, .now = fake_now};
    return fetch_run(&k->p, &order, &io);
}

static struct cache_meta cached(const struct kit *k)
{
    struct cache_meta meta = {0};
    struct buf body = BUF_INIT(65536);
    if (cache_read(k->cache, JWKS, &meta, &body))
        meta.serial = 0;
    buf_free(&body);
    return meta;
}

START_TEST(a_cold_cache_is_filled_once)
{
    struct kit k;
    begin(&k);
    ck_assert_int_eq(run(&k, FETCH_DUE, 0), 0);
    ck_assert_str_eq(world.attempt, "pending");
    ck_assert_int_eq(run(&k, FETCH_DUE, 0), 0);
    ck_assert_int_eq(run(&k, FETCH_PRIME, 0), 0);
    ck_assert_int_eq(world.asked, 1);
    ck_assert_int_eq(cached(&k).fetched_at, NOW);
    ck_assert_int_eq(cached(&k).fresh_for, 600);
    kit_close(&k);
}
END_TEST

START_TEST(a_stale_set_is_due_and_not_for_prime)
{
    struct kit k;
    begin(&k);
    ck_assert_int_eq(run(&k, FETCH_DUE, 0), 0);
    clock_time += 599;
    ck_assert_int_eq(run(&k, FETCH_DUE, 0), 0);
    ck_assert_int_eq(world.asked, 1);
    clock_time += 1;
    ck_assert_int_eq(run(&k, FETCH_PRIME, 0), 0);
    ck_assert_int_eq(world.asked, 1);
    ck_assert_int_eq(run(&k, FETCH_DUE, 0), 0);
    ck_assert_int_eq(world.asked, 2);
    clock_time += 86400;
    ck_assert_int_eq(run(&k, FETCH_PRIME, 0), 0);
    ck_assert_int_eq(world.asked, 3);
    kit_close(&k);
}
END_TEST

START_TEST(force_asks_always)
{
    struct kit k;
    begin(&k);
    for (int i = 1; i < 4; i++) {
        ck_assert_int_eq(run(&k, FETCH_FORCE, 0), 0);
        ck_assert_int_eq(world.asked, i);
    }
    world.error = LK_UNAVAILABLE;
    ck_assert_int_eq(run(&k, FETCH_FORCE, 0), LK_UNAVAILABLE);
    ck_assert_int_eq(run(&k, FETCH_FORCE, 0), LK_UNAVAILABLE);
    ck_assert_int_eq(world.asked, 5);
    kit_close(&k);
}
END_TEST

START_TEST(an_outage_costs_one_attempt_per_cooldown)
{
    struct kit k;
    struct attempt last;
    begin(&k);
    world.error = LK_UNAVAILABLE;
    ck_assert_int_eq(run(&k, FETCH_DUE, 0), LK_UNAVAILABLE);
    for (clock_time = NOW; clock_time < NOW + 30; clock_time++)
        ck_assert_int_eq(run(&k, FETCH_DUE, 0), LK_BUSY);
    ck_assert_int_eq(world.asked, 1);
    attempt_read(k.cache, clock_time, &last);
    ck_assert_str_eq(last.outcome, "connection refused");
    world.error = 0;
    ck_assert_int_eq(run(&k, FETCH_DUE, 0), 0);
    ck_assert_int_eq(world.asked, 2);
    kit_close(&k);
}
END_TEST

START_TEST(a_bad_answer_never_replaces_a_good_set)
{
    static const struct {
        long status;
        const char *body;
    } rows[] = {{500, key_b},
                {404, key_b},
                {204, ""},
                {302, key_b},
                {304, ""},
                {200, ""},
                {200, "<html>"},
                {200, "{\"keys\":[]}"},
                {200, "{\"keys\":[{\"kty\":\"oct\",\"k\":\"AA\"}]}"}};
    struct kit k;
    begin(&k);
    ck_assert_int_eq(run(&k, FETCH_DUE, 0), 0);
    struct cache_meta good = cached(&k);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        world.status = rows[i].status;
        world.body = rows[i].body;
        ck_assert_int_eq(run(&k, FETCH_FORCE, 0), LK_UNAVAILABLE);
        ck_assert_uint_eq(cached(&k).serial, good.serial);
        ck_assert_int_eq(cached(&k).fetched_at, good.fetched_at);
    }
    world.status = 200;
    world.body = key_b;
    ck_assert_int_eq(run(&k, FETCH_FORCE, 0), 0);
    ck_assert_uint_ne(cached(&k).generation, good.generation);
    kit_close(&k);
}
END_TEST

START_TEST(the_generation_changes_with_the_keys_only)
{
    struct kit k;
    begin(&k);
    ck_assert_int_eq(run(&k, FETCH_DUE, 0), 0);
    struct cache_meta first = cached(&k);
    ck_assert_int_eq(run(&k, FETCH_FORCE, 0), 0);
    ck_assert_uint_eq(cached(&k).generation, first.generation);
    ck_assert_uint_ne(cached(&k).serial, first.serial);
    world.body = key_b;
    ck_assert_int_eq(run(&k, FETCH_FORCE, 0), 0);
    ck_assert_uint_ne(cached(&k).generation, first.generation);
    kit_close(&k);
}
END_TEST

START_TEST(a_serial_does_not_come_back_after_a_flush)
{
    struct kit k;
    begin(&k);
    ck_assert_int_eq(run(&k, FETCH_DUE, 0), 0);
    uint64_t serial = cached(&k).serial;
    ck_assert_int_eq(fetch_flush(&k.p), 0);
    ck_assert_uint_eq(cached(&k).serial, 0);
    clock_time++;
    ck_assert_int_eq(run(&k, FETCH_DUE, 0), 0);
    ck_assert_uint_gt(cached(&k).serial, serial);
    kit_close(&k);
}
END_TEST

START_TEST(a_miss_is_fetched_once_per_cooldown_and_set)
{
    struct kit k;
    begin(&k);
    ck_assert_int_eq(run(&k, FETCH_DUE, 0), 0);
    uint64_t first = cached(&k).generation;
    ck_assert_int_eq(run(&k, FETCH_MISS, first), 0);
    ck_assert_int_eq(world.asked, 2);
    ck_assert_int_eq(run(&k, FETCH_MISS, first), LK_BUSY);
    clock_time += 29;
    ck_assert_int_eq(run(&k, FETCH_MISS, first), LK_BUSY);
    ck_assert_int_eq(world.asked, 2);
    clock_time += 1;
    world.body = key_b;
    ck_assert_int_eq(run(&k, FETCH_MISS, first), 0);
    uint64_t second = cached(&k).generation;
    ck_assert_uint_ne(second, first);
    ck_assert_int_eq(run(&k, FETCH_MISS, first), 0); /* another had it fetched already */
    ck_assert_int_eq(world.asked, 3);
    world.body = key_a;
    ck_assert_int_eq(run(&k, FETCH_MISS, second), 0); /* the first miss after the change */
    ck_assert_int_eq(world.asked, 4);
    kit_close(&k);
}
END_TEST

START_TEST(the_entity_tag_is_sent_back_and_304_keeps_the_set)
{
    struct kit k;
    begin(&k);
    world.etag = "\"one\"";
    ck_assert_int_eq(run(&k, FETCH_DUE, 0), 0);
    ck_assert_str_eq(world.sent_etag, "");
    struct cache_meta first = cached(&k);
    world.status = 304;
    world.body = "";
    world.etag = NULL;
    world.cache_control = "max-age=120";
    clock_time += 600;
    ck_assert_int_eq(run(&k, FETCH_DUE, 0), 0);
    ck_assert_str_eq(world.sent_etag, "\"one\"");
    ck_assert_int_eq(cached(&k).fetched_at, NOW + 600);
    ck_assert_int_eq(cached(&k).fresh_for, 120);
    ck_assert_uint_eq(cached(&k).generation, first.generation);
    ck_assert_str_eq(cached(&k).etag, "\"one\"");
    kit_close(&k);
}
END_TEST

START_TEST(a_set_without_entity_tag_forgets_the_old_one)
{
    struct kit k;
    begin(&k);
    world.etag = "\"one\"";
    ck_assert_int_eq(run(&k, FETCH_DUE, 0), 0);
    world.etag = NULL;
    ck_assert_int_eq(run(&k, FETCH_FORCE, 0), 0);
    ck_assert_str_eq(cached(&k).etag, "");
    kit_close(&k);
}
END_TEST

START_TEST(stale_bounds_what_the_provider_asks_for)
{
    struct kit k;
    begin(&k);
    k.p.stale = 3600;
    world.cache_control = "max-age=86400";
    ck_assert_int_eq(run(&k, FETCH_DUE, 0), 0);
    ck_assert_int_eq(cached(&k).fresh_for, 3600);
    kit_close(&k);
}
END_TEST

START_TEST(retry_after_is_honoured_and_bounded)
{
    struct kit k;
    begin(&k);
    world.status = 429;
    world.retry_after = 100000;
    ck_assert_int_eq(run(&k, FETCH_DUE, 0), LK_UNAVAILABLE);
    clock_time += 3599;
    ck_assert_int_eq(run(&k, FETCH_DUE, 0), LK_BUSY);
    ck_assert_int_eq(run(&k, FETCH_PRIME, 0), LK_BUSY);
    ck_assert_int_eq(world.asked, 1);
    clock_time += 1;
    world.status = 200;
    ck_assert_int_eq(run(&k, FETCH_DUE, 0), 0);
    kit_close(&k);
}
END_TEST

START_TEST(retry_after_counts_with_429_and_503_only)
{
    struct kit k;
    begin(&k);
    world.status = 500;
    world.retry_after = 600;
    ck_assert_int_eq(run(&k, FETCH_DUE, 0), LK_UNAVAILABLE);
    clock_time += 30;
    ck_assert_int_eq(run(&k, FETCH_DUE, 0), LK_UNAVAILABLE);
    world.status = 503;
    clock_time += 30;
    ck_assert_int_eq(run(&k, FETCH_DUE, 0), LK_UNAVAILABLE);
    clock_time += 30;
    ck_assert_int_eq(run(&k, FETCH_DUE, 0), LK_BUSY);
    kit_close(&k);
}
END_TEST

START_TEST(a_set_from_the_future_is_due_and_does_not_outlive_its_days)
{
    struct kit k;
    begin(&k);
    ck_assert_int_eq(run(&k, FETCH_DUE, 0), 0);
    uint64_t serial = cached(&k).serial;
    clock_time = NOW - 5000;
    world.error = LK_UNAVAILABLE;
    ck_assert_int_eq(run(&k, FETCH_DUE, 0), LK_UNAVAILABLE);
    ck_assert_int_eq(cached(&k).fetched_at, NOW - 5600);
    ck_assert_uint_eq(cached(&k).serial, serial);
    ck_assert_int_eq(run(&k, FETCH_DUE, 0), LK_BUSY);
    kit_close(&k);
}
END_TEST

START_TEST(a_held_lock_means_busy)
{
    struct kit k;
    char path[160];
    int fd = -1;
    begin(&k);
    snprintf(path, sizeof path, "%s.lock", k.cache);
    ck_assert_int_eq(file_lock(path, 0644, 0, &fd), 0);
    ck_assert_int_eq(run(&k, FETCH_FORCE, 0), LK_BUSY);
    ck_assert_int_eq(world.asked, 0);
    file_unlock(fd);
    ck_assert_int_eq(run(&k, FETCH_FORCE, 0), 0);
    kit_close(&k);
}
END_TEST

START_TEST(without_a_directory_nothing_is_asked)
{
    struct kit k;
    begin(&k);
    k.p.cache = "/nonexistent/cache";
    ck_assert_int_eq(run(&k, FETCH_FORCE, 0), LK_SYSTEM);
    ck_assert_int_eq(fetch_flush(&k.p), LK_SYSTEM);
    ck_assert_int_eq(world.asked, 0);
    kit_close(&k);
}
END_TEST

START_TEST(an_attempt_that_cannot_be_stamped_is_not_made)
{
    struct kit k;
    char path[160];
    begin(&k);
    snprintf(path, sizeof path, "%s.attempt", k.cache);
    ck_assert_int_eq(mkdir(path, 0755), 0);
    ck_assert_int_eq(run(&k, FETCH_FORCE, 0), LK_SYSTEM);
    ck_assert_int_eq(world.asked, 0);
    ck_assert_int_eq(rmdir(path), 0);
    kit_close(&k);
}
END_TEST

START_TEST(flush_forgets_everything)
{
    struct kit k;
    struct attempt last;
    begin(&k);
    ck_assert_int_eq(run(&k, FETCH_DUE, 0), 0);
    ck_assert_int_eq(absent_add(k.cache, 1, "kid"), 0);
    ck_assert_int_eq(fetch_flush(&k.p), 0);
    attempt_read(k.cache, clock_time, &last);
    ck_assert_int_eq(last.at, 0);
    ck_assert(!absent_has(k.cache, 1, "kid"));
    ck_assert_int_eq(fetch_flush(&k.p), 0);
    ck_assert_int_eq(run(&k, FETCH_DUE, 0), 0);
    ck_assert_int_eq(world.asked, 2);
    kit_close(&k);
}
END_TEST

UNIT_MAIN("provider_fetch", a_cold_cache_is_filled_once, a_stale_set_is_due_and_not_for_prime, force_asks_always,
          an_outage_costs_one_attempt_per_cooldown, a_bad_answer_never_replaces_a_good_set,
          the_generation_changes_with_the_keys_only, a_serial_does_not_come_back_after_a_flush,
          a_miss_is_fetched_once_per_cooldown_and_set, the_entity_tag_is_sent_back_and_304_keeps_the_set,
          a_set_without_entity_tag_forgets_the_old_one, stale_bounds_what_the_provider_asks_for,
          retry_after_is_honoured_and_bounded, retry_after_counts_with_429_and_503_only,
          a_set_from_the_future_is_due_and_does_not_outlive_its_days, a_held_lock_means_busy,
          without_a_directory_nothing_is_asked, an_attempt_that_cannot_be_stamped_is_not_made, flush_forgets_everything)
