#include "auth/limit.h"

#include "auth_fixture.h"
#include "store/schema.h"

struct place {
    struct fixture x;
    struct db *limits;
    char path[112];
};

static struct db *limits_open(const struct place *p)
{
    struct db *db = NULL;
    const struct db_options options = {p->path, 20000, limits_steps, limits_version, true};
    ck_assert_int_eq(db_open_with(&options, &db, NULL), 0);
    return db;
}

static void start(struct place *p)
{
    fixture_start(&p->x);
    snprintf(p->path, sizeof p->path, "%s-limits", p->x.path);
    p->x.conf.limits.exchange_address = (struct conf_rate){10, 60};
    p->x.conf.limits.refresh_family = (struct conf_rate){3, 1};
    p->x.conf.limits.failures = 3;
    p->x.conf.limits.lockout = 900;
    p->limits = limits_open(p);
}

static void stop(struct place *p)
{
    static const char *const ends[] = {"", "-wal", "-shm"};
    db_close(p->limits);
    for (size_t i = 0; i < 3; i++) {
        char path[128];
        snprintf(path, sizeof path, "%s%s", p->path, ends[i]);
        unlink(path);
    }
    fixture_stop(&p->x);
}

static int take(struct place *p, const char *who, int64_t now_us, struct limit_state *out)
{
    return limit_take(p->limits, &p->x.conf, LIMIT_EXCHANGE_ADDRESS, span_of(who), now_us, out);
}

/* ---- rates ------------------------------------------------------------------------------------------------------ */

START_TEST(the_quota_is_there_at_once_and_comes_back_evenly)
{
    struct place p;
    struct limit_state s;
    start(&p);
    for (uint64_t i = 0; i < 10; i++) {
        ck_assert_int_eq(take(&p, "a", US(NOW), &s), 0);
        ck_assert_uint_eq(s.remaining, 9 - i);
        ck_assert_int_eq(s.reset_us, US(6 * (i + 1)));
        ck_assert_int_eq(s.wait_us, 0);
    }
    ck_assert_int_eq(take(&p, "a", US(NOW), &s), LK_LIMITED);
    ck_assert_int_eq(s.wait_us, US(6));
    ck_assert_uint_eq(s.remaining, 0);
    ck_assert_int_eq(take(&p, "a", US(NOW + 6), &s), 0);
    ck_assert_int_eq(take(&p, "a", US(NOW + 6), &s), LK_LIMITED);
    ck_assert_int_eq(take(&p, "a", US(NOW + 66), &s), 0);
    ck_assert_uint_eq(s.remaining, 9);
    stop(&p);
}
END_TEST

START_TEST(the_wait_is_exact_and_a_refused_request_costs_nothing)
{
    struct place p;
    struct limit_state s;
    start(&p);
    for (int i = 0; i < 10; i++)
        ck_assert_int_eq(take(&p, "a", US(NOW), &s), 0);
    for (int i = 0; i < 100; i++)
        ck_assert_int_eq(take(&p, "a", US(NOW) + i, &s), LK_LIMITED);
    ck_assert_int_eq(s.wait_us, US(6) - 99);
    ck_assert_int_eq(take(&p, "a", US(NOW + 6) - 1, &s), LK_LIMITED);
    ck_assert_int_eq(s.wait_us, 1);
    ck_assert_int_eq(take(&p, "a", US(NOW + 6), &s), 0);
    stop(&p);
}
END_TEST

START_TEST(each_has_a_quota_of_their_own_for_each_policy)
{
    struct place p;
    struct limit_state s;
    start(&p);
    for (int i = 0; i < 10; i++)
        ck_assert_int_eq(take(&p, "a", US(NOW), &s), 0);
    ck_assert_int_eq(take(&p, "a", US(NOW), &s), LK_LIMITED);
    ck_assert_int_eq(take(&p, "b", US(NOW), &s), 0);
    ck_assert_int_eq(limit_take(p.limits, &p.x.conf, LIMIT_REFRESH_FAMILY, span_of("a"), US(NOW), &s), 0);
    ck_assert_uint_eq(s.remaining, 2);
    stop(&p);
}
END_TEST

START_TEST(without_a_rate_nothing_is_counted)
{
    struct place p;
    struct limit_state s;
    start(&p);
    for (int i = 0; i < 50; i++)
        ck_assert_int_eq(limit_take(p.limits, &p.x.conf, LIMIT_TODOS_USER, span_of("a"), US(NOW), &s), 0);
    p.x.conf.limits.todos_user = (struct conf_rate){1, 1};
    ck_assert_int_eq(limit_take(p.limits, &p.x.conf, LIMIT_TODOS_USER, span_of("a"), US(NOW), &s), 0);
    ck_assert_int_eq(limit_take(p.limits, &p.x.conf, LIMIT_TODOS_USER, span_of("a"), US(NOW), &s), LK_LIMITED);
    stop(&p);
}
END_TEST

START_TEST(a_clock_that_was_set_back_waits_one_request_and_not_for_ever)
{
    struct place p;
    struct limit_state s;
    start(&p);
    ck_assert_int_eq(take(&p, "a", US(NOW + DAY), &s), 0);
    ck_assert_int_eq(take(&p, "a", US(NOW), &s), LK_LIMITED);
    ck_assert_int_eq(s.wait_us, US(6));
    ck_assert_int_eq(take(&p, "a", US(NOW + 6), &s), 0);
    stop(&p);
}
END_TEST

START_TEST(all_processes_count_together)
{
    struct place p;
    struct limit_state s;
    start(&p);
    struct db *other = limits_open(&p), *own = p.limits;
    for (int i = 0; i < 10; i++) {
        p.limits = i % 2 ? other : own;
        ck_assert_int_eq(take(&p, "a", US(NOW), &s), 0);
    }
    p.limits = other;
    ck_assert_int_eq(take(&p, "a", US(NOW), &s), LK_LIMITED);
    p.limits = own;
    ck_assert_int_eq(take(&p, "a", US(NOW), &s), LK_LIMITED);
    db_close(other);
    stop(&p);
}
END_TEST

/* ---- noting ----------------------------------------------------------------------------------------------------- */

static bool noted(struct place *p, const char *who, int64_t now_us)
{
    bool first = false;
    ck_assert_int_eq(limit_note(p->limits, &p->x.conf, LIMIT_EXCHANGE_ADDRESS, span_of(who), now_us, &first), 0);
    return first;
}

START_TEST(a_refusal_is_noted_once_in_the_time_of_its_rate)
{
    struct place p;
    struct limit_state s;
    start(&p);
    for (int i = 0; i < 10; i++) {
        ck_assert_int_eq(take(&p, "a", US(NOW), &s), 0);
        ck_assert(!s.unnoted);
    }
    ck_assert_int_eq(take(&p, "a", US(NOW), &s), LK_LIMITED);
    ck_assert(s.unnoted);
    ck_assert(noted(&p, "a", US(NOW)));
    ck_assert(!noted(&p, "a", US(NOW))); /* another process that saw the same */
    for (int i = 0; i < 10; i++) {
        ck_assert_int_eq(take(&p, "a", US(NOW + 6 * i) + 1, &s), i ? 0 : LK_LIMITED);
        ck_assert_int_eq(take(&p, "a", US(NOW + 6 * i) + 2, &s), LK_LIMITED);
        ck_assert(!s.unnoted);
    }
    ck_assert_int_eq(take(&p, "a", US(NOW + 60) + 1, &s), 0);
    ck_assert_int_eq(take(&p, "a", US(NOW + 60) + 1, &s), LK_LIMITED);
    ck_assert(s.unnoted);
    ck_assert(noted(&p, "a", US(NOW + 60) + 1));
    ck_assert(!noted(&p, "never limited", US(NOW)));
    stop(&p);
}
END_TEST

START_TEST(a_note_of_the_future_does_not_hide_a_refusal)
{
    struct place p;
    struct limit_state s;
    start(&p);
    for (int i = 0; i < 10; i++)
        ck_assert_int_eq(take(&p, "a", US(NOW + DAY), &s), 0);
    ck_assert_int_eq(take(&p, "a", US(NOW + DAY), &s), LK_LIMITED);
    ck_assert(noted(&p, "a", US(NOW + DAY)));
    ck_assert_int_eq(take(&p, "a", US(NOW), &s), LK_LIMITED);
    ck_assert(s.unnoted);
    ck_assert(noted(&p, "a", US(NOW)));
    stop(&p);
}
END_TEST

START_TEST(an_address_that_waits_is_noted_once_in_the_time_of_the_lockout)
{
    struct place p;
    struct limit_state s = {0};
    bool first = false;
    start(&p);
    for (int i = 0; i < 20; i++)
        ck_assert_int_eq(limit_fail(p.limits, &p.x.conf, LIMIT_PROOF, "a", US(NOW)), 0);
    ck_assert_int_eq(limit_check(p.limits, &p.x.conf, LIMIT_PROOF, "a", US(NOW), &s), LK_LIMITED);
    ck_assert(s.unnoted);
    ck_assert_int_eq(limit_note_failures(p.limits, &p.x.conf, LIMIT_PROOF, "a", US(NOW), &first), 0);
    ck_assert(first);
    ck_assert_int_eq(limit_note_failures(p.limits, &p.x.conf, LIMIT_PROOF, "a", US(NOW), &first), 0);
    ck_assert(!first);
    ck_assert_int_eq(limit_check(p.limits, &p.x.conf, LIMIT_PROOF, "a", US(NOW + 1), &s), LK_LIMITED);
    ck_assert(!s.unnoted);
    ck_assert_int_eq(limit_fail(p.limits, &p.x.conf, LIMIT_PROOF, "a", US(NOW + 901)), 0);
    ck_assert_int_eq(limit_check(p.limits, &p.x.conf, LIMIT_PROOF, "a", US(NOW + 901), &s), LK_LIMITED);
    ck_assert(s.unnoted);
    stop(&p);
}
END_TEST

/* ---- addresses -------------------------------------------------------------------------------------------------- */

START_TEST(an_address_is_ipv4_or_a_64_of_ipv6)
{
    static const struct {
        const char *address, *key;
    } cases[] = {
        {"192.0.2.7", "192.0.2.7"},
        {"::ffff:192.0.2.7", "192.0.2.7"},
        {"2001:db8:1:2:3:4:5:6", "2001:db8:1:2::"},
        {"2001:DB8:1:2::9", "2001:db8:1:2::"},
        {"2001:db8:1:3::9", "2001:db8:1:3::"},
        {"unix:", "unix:"},
        {"", ""},
    };
    char out[LIMIT_ADDRESS_SIZE];
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        limit_address(cases[i].address, out);
        ck_assert_str_eq(out, cases[i].key);
    }
}
END_TEST

/* ---- failures --------------------------------------------------------------------------------------------------- */

static int blocked(struct place *p, enum limit_pool pool, const char *address, int64_t now_us, int64_t *wait_us)
{
    struct limit_state s = {0};
    int error = limit_check(p->limits, &p->x.conf, pool, address, now_us, &s);
    *wait_us = s.wait_us;
    return error;
}

static void failed(struct place *p, enum limit_pool pool, const char *address, int64_t now)
{
    ck_assert_int_eq(limit_fail(p->limits, &p->x.conf, pool, address, US(now)), 0);
}

START_TEST(the_delay_doubles_up_to_the_lockout)
{
    struct conf conf = {.limits = {.failures = 3, .lockout = 900}};
    static const int64_t seconds[] = {0, 0, 0, 0, 1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 900, 900};
    for (size_t i = 0; i < sizeof seconds / sizeof seconds[0]; i++)
        ck_assert_int_eq(limit_delay_us(&conf, i), US(seconds[i]));
    ck_assert_int_eq(limit_delay_us(&conf, UINT64_MAX), US(900));
    conf.limits.failures = 0;
    ck_assert_int_eq(limit_delay_us(&conf, 100), 0);
}
END_TEST

START_TEST(failures_delay_their_address_and_no_other)
{
    struct place p;
    int64_t wait = 0;
    start(&p);
    for (int i = 0; i < 3; i++)
        failed(&p, LIMIT_PROOF, "192.0.2.1", NOW);
    ck_assert_int_eq(blocked(&p, LIMIT_PROOF, "192.0.2.1", US(NOW), &wait), 0);
    failed(&p, LIMIT_PROOF, "192.0.2.1", NOW);
    failed(&p, LIMIT_PROOF, "192.0.2.1", NOW);
    ck_assert_int_eq(blocked(&p, LIMIT_PROOF, "192.0.2.1", US(NOW), &wait), LK_LIMITED);
    ck_assert_int_eq(wait, US(2));
    ck_assert_int_eq(blocked(&p, LIMIT_PROOF, "192.0.2.2", US(NOW), &wait), 0);
    ck_assert_int_eq(blocked(&p, LIMIT_PROOF, "192.0.2.1", US(NOW + 2) - 1, &wait), LK_LIMITED);
    ck_assert_int_eq(blocked(&p, LIMIT_PROOF, "192.0.2.1", US(NOW + 2), &wait), 0);
    stop(&p);
}
END_TEST

START_TEST(one_kind_of_failure_does_not_lock_out_another)
{
    struct place p;
    int64_t wait = 0;
    start(&p);
    for (int i = 0; i < 20; i++)
        failed(&p, LIMIT_REFRESH, "2001:db8::1", NOW);
    ck_assert_int_eq(blocked(&p, LIMIT_REFRESH, "2001:db8::1", US(NOW), &wait), LK_LIMITED);
    ck_assert_int_eq(wait, US(900));
    ck_assert_int_eq(blocked(&p, LIMIT_REFRESH, "2001:db8::ffff", US(NOW), &wait), LK_LIMITED); /* the same /64 */
    ck_assert_int_eq(blocked(&p, LIMIT_PROOF, "2001:db8::1", US(NOW), &wait), 0);
    ck_assert_int_eq(blocked(&p, LIMIT_BEARER, "2001:db8::1", US(NOW), &wait), 0);
    stop(&p);
}
END_TEST

START_TEST(failures_are_forgiven_one_each_minute)
{
    struct place p;
    int64_t wait = 0;
    start(&p);
    for (int i = 0; i < 4; i++)
        failed(&p, LIMIT_PROOF, "a", NOW);
    failed(&p, LIMIT_PROOF, "a", NOW + 120); /* two were forgiven: the third */
    ck_assert_int_eq(blocked(&p, LIMIT_PROOF, "a", US(NOW + 120), &wait), 0);
    failed(&p, LIMIT_PROOF, "a", NOW + 120);
    ck_assert_int_eq(blocked(&p, LIMIT_PROOF, "a", US(NOW + 120), &wait), LK_LIMITED);
    failed(&p, LIMIT_PROOF, "a", NOW + HOUR);
    ck_assert_int_eq(blocked(&p, LIMIT_PROOF, "a", US(NOW + HOUR), &wait), 0);
    stop(&p);
}
END_TEST

START_TEST(a_thousand_failures_are_no_longer_lockout_than_twenty)
{
    struct place p;
    int64_t wait = 0;
    start(&p);
    for (int i = 0; i < 1000; i++)
        failed(&p, LIMIT_PROOF, "a", NOW);
    ck_assert_int_eq(blocked(&p, LIMIT_PROOF, "a", US(NOW), &wait), LK_LIMITED);
    ck_assert_int_eq(wait, US(900));
    ck_assert_int_eq(blocked(&p, LIMIT_PROOF, "a", US(NOW + 900), &wait), 0);
    failed(&p, LIMIT_PROOF, "a", NOW + 24 * 60);
    ck_assert_int_eq(blocked(&p, LIMIT_PROOF, "a", US(NOW + 24 * 60), &wait), 0);
    stop(&p);
}
END_TEST

START_TEST(what_is_over_goes_a_few_at_a_time)
{
    struct place p;
    struct limit_state s;
    char who[16];
    start(&p);
    for (int i = 0; i < 10; i++) {
        snprintf(who, sizeof who, "%d", i);
        ck_assert_int_eq(take(&p, who, US(NOW), &s), 0);
        failed(&p, LIMIT_PROOF, who, NOW);
    }
    ck_assert_int_eq(take(&p, "x", US(NOW + DAY), &s), 0);
    failed(&p, LIMIT_PROOF, "x", NOW + DAY);
    struct db_row *row = NULL;
    ck_assert_int_eq(
        db_query(p.limits, "SELECT (SELECT count(*) FROM bucket), (SELECT count(*) FROM failure)", NULL, 0, &row), 0);
    ck_assert_int_eq(db_next(row), 0);
    ck_assert_int_eq(db_col_int(row, 0), 7);
    ck_assert_int_eq(db_col_int(row, 1), 7);
    db_done(row);
    stop(&p);
}
END_TEST

START_TEST(every_statement_finds_its_rows_by_an_index)
{
    struct place p;
    sqlite3 *handle = NULL;
    start(&p);
    ck_assert_int_eq(sqlite3_open(p.path, &handle), SQLITE_OK);
    for (size_t i = 0; i < limit_sql_count; i++) {
        char text[1024];
        sqlite3_stmt *stmt = NULL;
        snprintf(text, sizeof text, "EXPLAIN QUERY PLAN %s", limit_sql[i]);
        ck_assert_int_eq(sqlite3_prepare_v2(handle, text, -1, &stmt, NULL), SQLITE_OK);
        while (sqlite3_step(stmt) == SQLITE_ROW) {
            const char *step = (const char *)sqlite3_column_text(stmt, 3);
            ck_assert_msg(strncmp(step, "SCAN", 4) != 0 || strstr(step, "USING") != NULL, "%s: %s", limit_sql[i], step);
        }
        sqlite3_finalize(stmt);
    }
    sqlite3_close(handle);
    stop(&p);
}
END_TEST

UNIT_MAIN("auth_limit", the_quota_is_there_at_once_and_comes_back_evenly,
          the_wait_is_exact_and_a_refused_request_costs_nothing, each_has_a_quota_of_their_own_for_each_policy,
          without_a_rate_nothing_is_counted, a_clock_that_was_set_back_waits_one_request_and_not_for_ever,
          all_processes_count_together, a_refusal_is_noted_once_in_the_time_of_its_rate,
          a_note_of_the_future_does_not_hide_a_refusal, an_address_that_waits_is_noted_once_in_the_time_of_the_lockout,
          an_address_is_ipv4_or_a_64_of_ipv6, the_delay_doubles_up_to_the_lockout,
          failures_delay_their_address_and_no_other, one_kind_of_failure_does_not_lock_out_another,
          failures_are_forgiven_one_each_minute, a_thousand_failures_are_no_longer_lockout_than_twenty,
          what_is_over_goes_a_few_at_a_time, every_statement_finds_its_rows_by_an_index)
