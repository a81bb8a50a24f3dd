#include "provider/absent.h"
#include "provider_kit.h"

#define COOLDOWN 30
static const struct cache_meta none = {0};
static const struct cache_meta set = {.fetched_at = NOW, .fresh_for = 600, .serial = 9, .generation = 9};

START_TEST(an_attempt_is_read_back)
{
    struct kit k;
    struct attempt a = {.at = NOW, .retry_at = NOW + 60, .miss_at = NOW - 1, .generation = 9}, b;
    kit_open(&k);
    attempt_outcome(&a, "status 500");
    kit_attempt(&k, a);
    attempt_read(k.cache, NOW, &b);
    ck_assert_int_eq(b.at, a.at);
    ck_assert_int_eq(b.retry_at, a.retry_at);
    ck_assert_int_eq(b.miss_at, a.miss_at);
    ck_assert_uint_eq(b.generation, 9);
    ck_assert_str_eq(b.outcome, "status 500");
    kit_close(&k);
}
END_TEST

START_TEST(a_damaged_or_absent_file_is_no_attempt)
{
    static const char *const texts[] = {
        "",
        "latchkey-attempt-1\n",
        "latchkey-attempt-1\nat -1\nretry 0\nmiss 0\ngeneration 0\noutcome x\n",
        "latchkey-attempt-1\nat 1800000000\nretry 0\nmiss 0\ngeneration 0\noutcome x",
        "latchkey-attempt-1\nat 1800000000\nretry 0\nmiss 0\ngeneration 0\noutcome x\nmore\n",
        "latchkey-attempt-1\nat 99999999999999999999\nretry 0\nmiss 0\ngeneration 0\noutcome x\n"};
    struct kit k;
    struct attempt a;
    kit_open(&k);
    attempt_read(k.cache, NOW, &a);
    ck_assert_int_eq(a.at, 0);
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        kit_write(&k, "cache.attempt", texts[i], 0644);
        attempt_read(k.cache, NOW, &a);
        ck_assert_int_eq(a.at, 0);
    }
    kit_write(&k, "cache.attempt", "latchkey-attempt-1\nat 1800000000\nretry 0\nmiss 0\ngeneration 0\noutcome x\n",
              0644);
    attempt_read(k.cache, NOW, &a);
    ck_assert_int_eq(a.at, NOW);
    kit_close(&k);
}
END_TEST

START_TEST(a_time_in_the_future_is_none)
{
    struct kit k;
    struct attempt a = {.at = NOW, .retry_at = NOW + 3601, .miss_at = NOW, .outcome = "ok"}, b;
    kit_open(&k);
    kit_attempt(&k, a);
    attempt_read(k.cache, NOW, &b);
    ck_assert_int_eq(b.at, NOW);
    ck_assert_int_eq(b.retry_at, 0);
    attempt_read(k.cache, NOW + 1, &b);
    ck_assert_int_eq(b.retry_at, NOW + 3601);
    attempt_read(k.cache, NOW - 1, &b);
    ck_assert_int_eq(b.at, 0);
    ck_assert_int_eq(b.miss_at, 0);
    kit_close(&k);
}
END_TEST

START_TEST(an_outcome_stays_on_its_line)
{
    struct attempt a = {0};
    char large[400];
    attempt_outcome(&a, "one\ntwo\x7f");
    ck_assert_str_eq(a.outcome, "one?two?");
    memset(large, 'x', sizeof large - 1);
    large[sizeof large - 1] = '\0';
    attempt_outcome(&a, large);
    ck_assert_uint_eq(strlen(a.outcome), ATTEMPT_OUTCOME_MAX - 1);
}
END_TEST

START_TEST(a_failed_attempt_closes_the_gate_for_the_cooldown)
{
    struct attempt a = {.at = NOW};
    struct cache_meta older = set;
    older.fetched_at = NOW - 1;
    ck_assert_int_eq(attempt_gate(&(struct attempt){0}, &none, NOW, COOLDOWN), GATE_OPEN);
    ck_assert_int_eq(attempt_gate(&a, &none, NOW, COOLDOWN), GATE_CLOSED);
    ck_assert_int_eq(attempt_gate(&a, &none, NOW + 29, COOLDOWN), GATE_CLOSED);
    ck_assert_int_eq(attempt_gate(&a, &none, NOW + 30, COOLDOWN), GATE_OPEN);
    ck_assert_int_eq(attempt_gate(&a, &older, NOW + 29, COOLDOWN), GATE_CLOSED);
    ck_assert_int_eq(attempt_gate(&a, &set, NOW + 29, COOLDOWN), GATE_OPEN);
    ck_assert_int_eq(attempt_opens(&a, &none, NOW + 5, COOLDOWN), NOW + 30);
}
END_TEST

START_TEST(a_set_from_the_future_does_not_open_the_gate)
{
    struct attempt a = {.at = NOW};
    struct cache_meta future = set;
    future.fetched_at = NOW + 100;
    ck_assert_int_eq(attempt_gate(&a, &future, NOW + 5, COOLDOWN), GATE_CLOSED);
    ck_assert_int_eq(attempt_gate(&a, &future, NOW + 30, COOLDOWN), GATE_OPEN);
}
END_TEST

START_TEST(the_provider_may_ask_to_wait)
{
    struct attempt a = {.at = NOW, .retry_at = NOW + 300};
    ck_assert_int_eq(attempt_gate(&a, &none, NOW + 299, COOLDOWN), GATE_CLOSED);
    ck_assert_int_eq(attempt_miss_gate(&a, &set, NOW + 299, COOLDOWN), GATE_CLOSED);
    ck_assert_int_eq(attempt_gate(&a, &none, NOW + 300, COOLDOWN), GATE_OPEN);
}
END_TEST

START_TEST(one_miss_per_cooldown_is_let_through)
{
    struct attempt a = {.at = NOW, .miss_at = NOW, .generation = 9};
    ck_assert_int_eq(attempt_miss_gate(&(struct attempt){.at = NOW}, &set, NOW, COOLDOWN), GATE_OPEN);
    ck_assert_int_eq(attempt_miss_gate(&a, &set, NOW, COOLDOWN), GATE_LOOKED);
    ck_assert_int_eq(attempt_miss_gate(&a, &set, NOW + 29, COOLDOWN), GATE_LOOKED);
    ck_assert_int_eq(attempt_miss_gate(&a, &set, NOW + 30, COOLDOWN), GATE_OPEN);
}
END_TEST

START_TEST(the_first_miss_after_a_change_is_let_through)
{
    struct attempt a = {.at = NOW, .miss_at = NOW, .generation = 8};
    ck_assert_int_eq(attempt_miss_gate(&a, &set, NOW, COOLDOWN), GATE_OPEN);
}
END_TEST

START_TEST(a_miss_waits_when_the_last_attempt_failed)
{
    struct attempt a = {.at = NOW + 1, .miss_at = NOW - 100, .generation = 8};
    ck_assert_int_eq(attempt_miss_gate(&a, &set, NOW + 2, COOLDOWN), GATE_CLOSED);
}
END_TEST

START_TEST(an_absent_kid_is_known_for_its_generation)
{
    struct kit k;
    kit_open(&k);
    ck_assert(!absent_has(k.cache, 9, "kid"));
    ck_assert_int_eq(absent_add(k.cache, 9, "kid"), 0);
    ck_assert(absent_has(k.cache, 9, "kid"));
    ck_assert(!absent_has(k.cache, 9, "kid2"));
    ck_assert(!absent_has(k.cache, 10, "kid"));
    ck_assert_int_eq(absent_add(k.cache, 10, "kid2"), 0);
    ck_assert(!absent_has(k.cache, 10, "kid"));
    kit_close(&k);
}
END_TEST

START_TEST(the_list_of_absent_kids_is_bounded)
{
    struct kit k;
    char kid[16];
    kit_open(&k);
    for (int i = 0; i < ABSENT_MAX + 8; i++) {
        snprintf(kid, sizeof kid, "kid-%d", i);
        ck_assert_int_eq(absent_add(k.cache, 9, kid), 0);
        ck_assert_int_eq(absent_add(k.cache, 9, kid), 0);
    }
    ck_assert(!absent_has(k.cache, 9, "kid-7"));
    ck_assert(absent_has(k.cache, 9, "kid-8"));
    ck_assert(absent_has(k.cache, 9, kid));
    kit_close(&k);
}
END_TEST

START_TEST(a_damaged_list_of_absent_kids_is_empty)
{
    struct kit k;
    kit_open(&k);
    ck_assert_int_eq(absent_add(k.cache, 9, "kid"), 0);
    kit_write(&k, "cache.absent", "latchkey-absent-1\ngeneration x\n", 0644);
    ck_assert(!absent_has(k.cache, 9, "kid"));
    ck_assert_int_eq(absent_add(k.cache, 9, "kid"), 0);
    ck_assert(absent_has(k.cache, 9, "kid"));
    kit_close(&k);
}
END_TEST

UNIT_MAIN("provider_attempt", an_attempt_is_read_back, a_damaged_or_absent_file_is_no_attempt,
          a_time_in_the_future_is_none, an_outcome_stays_on_its_line, a_failed_attempt_closes_the_gate_for_the_cooldown,
          a_set_from_the_future_does_not_open_the_gate, the_provider_may_ask_to_wait,
          one_miss_per_cooldown_is_let_through, the_first_miss_after_a_change_is_let_through,
          a_miss_waits_when_the_last_attempt_failed, an_absent_kid_is_known_for_its_generation,
          the_list_of_absent_kids_is_bounded, a_damaged_list_of_absent_kids_is_empty)
