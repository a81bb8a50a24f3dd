#include "auth/family.h"

#include "auth/sessions.h"
#include "auth_fixture.h"

/* ---- judgement -------------------------------------------------------------------------------------------------- */

static const struct conf conf = {.session = {.grace = 10, .idle = 7 * DAY, .absolute = 30 * DAY}};

START_TEST(each_verdict_has_its_case)
{
    static const uint8_t current[SHA256_SIZE] = {1}, previous[SHA256_SIZE] = {2}, other[SHA256_SIZE] = {3};
    static const struct {
        enum family_verdict verdict;
        const uint8_t *hash;
        int64_t created, used, rotated_us, now_us, repeats;
        bool ended;
    } cases[] = {
        {FAMILY_CURRENT, current, 0, 50, US(50), US(51), 0, false},
        {FAMILY_CURRENT, current, 0, 50, US(50), US(61), 9, false},
        {FAMILY_REPEAT, previous, 0, 50, US(50), US(50), 0, false},
        {FAMILY_REPEAT, previous, 0, 50, US(50), US(60) - 1, 4, false},
        {FAMILY_REUSE, previous, 0, 50, US(50), US(60), 0, false},
        {FAMILY_REPEAT, previous, 0, 50, US(50), US(40) + 1, 0, false},
        {FAMILY_REUSE, previous, 0, 50, US(50), US(40), 0, false},
        {FAMILY_REPEAT, previous, 0, 50, US(50), US(52) - 1, 1000, false},
        {FAMILY_LIMITED, previous, 0, 50, US(50), US(52), 5, false},
        {FAMILY_REUSE, other, 0, 50, US(50), US(51), 0, false},
        {FAMILY_ENDED, current, 0, 50, US(50), US(51), 0, true},
        {FAMILY_ENDED, other, 0, 50, US(50), US(51), 0, true},
        {FAMILY_IDLE, current, 0, 50, US(50), US(50 + 7 * DAY), 0, false},
        {FAMILY_IDLE, other, 0, 50, US(50), US(50 + 7 * DAY), 0, false},
        {FAMILY_CURRENT, current, 0, 50, US(50), US(50 + 7 * DAY) - 1, 0, false},
        {FAMILY_ABSOLUTE, current, 0, 29 * DAY, US(29 * DAY), US(30 * DAY), 0, false},
        {FAMILY_CURRENT, current, 0, 29 * DAY, US(29 * DAY), US(30 * DAY) - 1, 0, false},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct family f = {.repeats = cases[i].repeats,
                           .rotated_at_us = cases[i].rotated_us,
                           .created_at = cases[i].created,
                           .last_used_at = cases[i].used,
                           .ended = cases[i].ended};
        memcpy(f.current_hash, current, SHA256_SIZE);
        memcpy(f.previous_hash, previous, SHA256_SIZE);
        ck_assert_msg(family_judge(&f, cases[i].hash, &conf, cases[i].now_us) == cases[i].verdict, "case %zu", i);
    }
    ck_assert_int_eq(family_judge(NULL, current, &conf, 0), FAMILY_UNKNOWN);
}
END_TEST

/* ---- the database ----------------------------------------------------------------------------------------------- */

static sqlite3_stmt *explain(sqlite3 *handle, const char *sql)
{
    char text[1024];
    sqlite3_stmt *stmt = NULL;
    snprintf(text, sizeof text, "EXPLAIN QUERY PLAN %s", sql);
    ck_assert_msg(sqlite3_prepare_v2(handle, text, -1, &stmt, NULL) == SQLITE_OK, "%s", sqlite3_errmsg(handle));
    return stmt;
}

START_TEST(every_statement_finds_its_rows_by_an_index)
{
    struct fixture x;
    sqlite3 *handle = NULL;
    fixture_start(&x);
    ck_assert_int_eq(sqlite3_open(x.path, &handle), SQLITE_OK);
    for (size_t i = 0; i < family_sql_count; i++) {
        sqlite3_stmt *stmt = explain(handle, family_sql[i]);
        while (sqlite3_step(stmt) == SQLITE_ROW) {
            const char *step = (const char *)sqlite3_column_text(stmt, 3);
            ck_assert_msg(strncmp(step, "SCAN", 4) != 0 || strstr(step, "USING") != NULL, "%s: %s", family_sql[i],
                          step);
            ck_assert_msg(strncmp(step, "USE TEMP B-TREE FOR ORDER BY", 28) != 0, "%s: %s", family_sql[i], step);
        }
        sqlite3_finalize(stmt);
    }
    sqlite3_close(handle);
    fixture_stop(&x);
}
END_TEST

/* ---- a user's dead rows ----------------------------------------------------------------------------------------- */

/* As many ended and as many idle families of one user. */
static void add_dead(sqlite3 *handle, int n)
{
    char sql[1024];
    snprintf(
        sql, sizeof sql,
        "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < %d) "
        "INSERT INTO family (id, lookup_hash, current_hash, previous_hash, sealed, generation, repeats, "
        "rotated_at_us, subject, email, email_verified, provider_role, auth_time, created_at, last_used_at, "
        "ended_at, end_reason, address, user_agent) SELECT 'dead' || i, randomblob(32), x'00', x'00', x'00', 1, 0, "
        "0, 'ann', '', 0, 'user', t, t, CASE WHEN i %% 2 THEN t ELSE t - 691200 END, "
        "CASE WHEN i %% 2 THEN t END, 'logout', '', '' FROM n, (SELECT %lld AS t)",
        2 * n, (long long)NOW);
    ck_assert_msg(sqlite3_exec(handle, sql, NULL, NULL, NULL) == SQLITE_OK, "%s", sqlite3_errmsg(handle));
}

/* Steps of SQLite's machine that all statements about the sessions of one user take, together. */
static int work(sqlite3 *handle, const char *const sql[], size_t n)
{
    static const int64_t args[] = {0, NOW - 7 * DAY, NOW - 30 * DAY, 50, NOW};
    int steps = 0;
    for (size_t i = 0; i < n; i++) {
        sqlite3_stmt *stmt = NULL;
        if (!strstr(sql[i], "subject = $1 AND ended_at IS NULL"))
            continue;
        ck_assert_int_eq(sqlite3_prepare_v2(handle, sql[i], -1, &stmt, NULL), SQLITE_OK);
        for (int k = 1; k <= sqlite3_bind_parameter_count(stmt); k++) {
            int number = sqlite3_bind_parameter_name(stmt, k)[1] - '0';
            if (number == 1)
                sqlite3_bind_text(stmt, k, "ann", -1, SQLITE_STATIC);
            else
                sqlite3_bind_int64(stmt, k, args[number - 1]);
        }
        while (sqlite3_step(stmt) == SQLITE_ROW)
            ;
        steps += sqlite3_stmt_status(stmt, SQLITE_STMTSTATUS_VM_STEP, 0);
        sqlite3_finalize(stmt);
    }
    return steps;
}

static int work_with(int dead)
{
    struct fixture x;
    struct session s;
    sqlite3 *handle = NULL;
    fixture_start(&x);
    ck_assert_int_eq(exchange_with(&x, "one", "", US(NOW), &s), 0);
    ck_assert_int_eq(exchange_with(&x, "two", "", US(NOW), &s), 0);
    ck_assert_int_eq(sqlite3_open(x.path, &handle), SQLITE_OK);
    add_dead(handle, dead);
    int steps = work(handle, family_sql, family_sql_count) + work(handle, sessions_sql, sessions_sql_count);
    sqlite3_close(handle);
    fixture_stop(&x);
    return steps;
}

START_TEST(a_users_dead_sessions_cost_the_live_ones_nothing)
{
    int without = work_with(1);
    ck_assert_int_gt(without, 50);
    ck_assert_int_eq(work_with(10000), without);
}
END_TEST

START_TEST(dead_families_go_a_bounded_number_at_a_time)
{
    struct fixture x;
    struct session s;
    char proof[24];
    fixture_start(&x);
    x.conf.session.per_user = 1000;
    for (int i = 0; i < 70; i++) {
        snprintf(proof, sizeof proof, "proof%d", i);
        ck_assert_int_eq(exchange_with(&x, proof, "", US(NOW + i), &s), 0);
    }
    x.ann.expires_at = NOW + 100 * DAY;
    ck_assert_int_eq(exchange_with(&x, "late1", "", US(NOW + 30 * DAY + HOUR), &s), 0);
    ck_assert_int_eq(committed(&x, "SELECT count(*) FROM family"), 71);
    ck_assert_int_eq(committed(&x, "SELECT count(*) FROM proof"), 71 - 32);
    ck_assert_int_eq(exchange_with(&x, "late2", "", US(NOW + 31 * DAY), &s), 0);
    ck_assert_int_eq(committed(&x, "SELECT count(*) FROM family"), 72 - 32);
    ck_assert_int_eq(exchange_with(&x, "late3", "", US(NOW + 31 * DAY), &s), 0);
    ck_assert_int_eq(exchange_with(&x, "late4", "", US(NOW + 31 * DAY), &s), 0);
    ck_assert_int_eq(committed(&x, "SELECT count(*) FROM family"), 4);
    ck_assert_int_eq(committed(&x, "SELECT count(*) FROM proof"), 4);
    fixture_stop(&x);
}
END_TEST

START_TEST(where_a_session_came_from_is_kept_bounded)
{
    struct fixture x;
    struct session s;
    char agent[400];
    memset(agent, 'a', sizeof agent);
    memcpy(agent + 198, "\xc3\xa4\xe2\x82\xac\n", 7);
    agent[sizeof agent - 1] = '\0';
    fixture_start(&x);
    x.from.user_agent = agent;
    ck_assert_int_eq(exchange_with(&x, "proof", "", US(NOW), &s), 0);
    ck_assert_int_eq(committed(&x, "SELECT length(CAST(user_agent AS BLOB)) FROM family"), 200);
    ck_assert_int_eq(committed(&x, "SELECT length(CAST(user_agent AS BLOB)) FROM audit"), 200);
    fixture_stop(&x);
}
END_TEST

START_TEST(a_damaged_row_is_a_fault_and_not_a_refusal)
{
    struct fixture x;
    struct session s, t;
    sqlite3 *other = NULL;
    fixture_start(&x);
    ck_assert_int_eq(exchange_with(&x, "proof", "", US(NOW), &s), 0);
    ck_assert_int_eq(sqlite3_open(x.path, &other), SQLITE_OK);
    ck_assert_int_eq(sqlite3_exec(other, "UPDATE family SET current_hash = x'00'", NULL, NULL, NULL), SQLITE_OK);
    sqlite3_close(other);
    ck_assert_int_eq(rotate(&x, s.refresh_token, US(NOW + 1), &t), LK_STORE);
    ck_assert_int_eq(committed(&x, "SELECT count(*) FROM family WHERE ended_at IS NULL"), 1);
    fixture_stop(&x);
}
END_TEST

UNIT_MAIN("auth_family", each_verdict_has_its_case, every_statement_finds_its_rows_by_an_index,
          a_users_dead_sessions_cost_the_live_ones_nothing, dead_families_go_a_bounded_number_at_a_time,
          where_a_session_came_from_is_kept_bounded, a_damaged_row_is_a_fault_and_not_a_refusal)
