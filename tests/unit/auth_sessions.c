#include "auth/sessions.h"

#include "auth/revocation.h"
#include "auth_fixture.h"
#include "base/json.h"

static int exchange_as(struct fixture *x, const char *subject, const char *proof, int64_t now, struct session *out)
{
    struct identity who = x->ann;
    snprintf(who.subject, sizeof who.subject, "%s", subject);
    who.issued_at = now - 5;
    who.expires_at = now + 895;
    return session_create(x->db, &x->conf, &who, span_of(proof), span_of(""), &x->from, US(now), "", out);
}

static json_t *list(struct fixture *x, const char *subject, const char *current, int64_t now)
{
    json_t *out = NULL;
    ck_assert_int_eq(db_begin_read(x->db), 0);
    ck_assert_int_eq(sessions_list(x->db, &x->conf, subject, current, now, &out), 0);
    db_rollback(x->db);
    return out;
}

static size_t count(struct fixture *x, const char *subject, int64_t now)
{
    json_t *all = list(x, subject, "", now);
    size_t n = json_array_size(all);
    json_decref(all);
    return n;
}

static int end(struct fixture *x, const char *subject, const char *id, int64_t now)
{
    ck_assert_int_eq(db_begin_write(x->db), 0);
    int error = sessions_end(x->db, &x->conf, subject, id, &x->from, US(now));
    if (error)
        db_rollback(x->db);
    return error ? error : db_commit(x->db);
}

static void end_all(struct fixture *x, const char *subject, const char *keep, int64_t now_us)
{
    ck_assert_int_eq(db_begin_write(x->db), 0);
    ck_assert_int_eq(sessions_end_all(x->db, &x->conf, subject, keep, &x->from, now_us), 0);
    ck_assert_int_eq(db_commit(x->db), 0);
}

START_TEST(a_list_says_when_where_and_which_is_current)
{
    struct fixture x;
    struct session a, b, bob;
    fixture_start(&x);
    ck_assert_int_eq(exchange_as(&x, "ann", "p1", NOW, &a), 0);
    x.from.user_agent = "Mozilla/5.0 (X11; Linux x86_64) Gecko/20100101 Firefox/128.0";
    ck_assert_int_eq(exchange_as(&x, "ann", "p2", NOW + 60, &b), 0);
    ck_assert_int_eq(exchange_as(&x, "bob", "p3", NOW + 60, &bob), 0);
    json_t *all = list(&x, "ann", a.id, NOW + 60);
    ck_assert_uint_eq(json_array_size(all), 2);
    const json_t *first = json_array_get(all, 0), *second = json_array_get(all, 1);
    ck_assert_str_eq(json_text(first, "id"), b.id);
    ck_assert_str_eq(json_text(first, "created_at"), "2027-01-15T08:01:00Z");
    ck_assert_str_eq(json_text(first, "last_used_at"), "2027-01-15T08:01:00Z");
    ck_assert_str_eq(json_text(first, "address"), "192.0.2.1");
    ck_assert_str_eq(json_text(first, "user_agent"), "Firefox on Linux");
    ck_assert(json_is_false(json_object_get(first, "current")));
    ck_assert_str_eq(json_text(second, "id"), a.id);
    ck_assert(json_is_true(json_object_get(second, "current")));
    ck_assert_uint_eq(json_object_size(first), 6); /* no lookup, no hash */
    json_decref(all);
    fixture_stop(&x);
}
END_TEST

START_TEST(dead_sessions_are_not_listed)
{
    struct fixture x;
    struct session a, b;
    fixture_start(&x);
    ck_assert_int_eq(exchange_as(&x, "ann", "p1", NOW, &a), 0);
    ck_assert_int_eq(exchange_as(&x, "ann", "p2", NOW + 10, &b), 0);
    ck_assert_uint_eq(count(&x, "ann", NOW + 7 * DAY - 1), 2);
    ck_assert_uint_eq(count(&x, "ann", NOW + 7 * DAY), 1); /* idle */
    ck_assert_int_eq(session_end(x.db, &x.conf, span_of(b.refresh_token), &x.from, US(NOW + 20), NULL), 0);
    ck_assert_uint_eq(count(&x, "ann", NOW + 20), 1);
    fixture_stop(&x);
}
END_TEST

START_TEST(ending_one_is_in_force_at_once_and_leaves_the_others)
{
    struct fixture x;
    struct session a, b;
    fixture_start(&x);
    ck_assert_int_eq(exchange_as(&x, "ann", "p1", NOW, &a), 0);
    ck_assert_int_eq(exchange_as(&x, "ann", "p2", NOW, &b), 0);
    ck_assert_int_eq(end(&x, "ann", a.id, NOW + 1), 0);
    ck_assert_int_eq(check(&x, a.id, "ann", NOW + 1), LK_SESSION_DEAD);
    ck_assert_int_eq(check(&x, b.id, "ann", NOW + 1), 0);
    ck_assert_int_eq(rotate(&x, a.refresh_token, US(NOW + 1), &a), LK_SESSION_DEAD);
    ck_assert_int_eq(end(&x, "ann", a.id, NOW + 2), LK_NOT_FOUND);
    ck_assert_int_eq(
        committed(&x, "SELECT count(*) FROM audit WHERE event = 'revoke' AND reason = 'user' AND actor = ''"), 1);
    fixture_stop(&x);
}
END_TEST

START_TEST(another_users_session_is_not_there)
{
    struct fixture x;
    struct session bob;
    fixture_start(&x);
    ck_assert_int_eq(exchange_as(&x, "bob", "p1", NOW, &bob), 0);
    ck_assert_int_eq(end(&x, "ann", bob.id, NOW), LK_NOT_FOUND);
    ck_assert_int_eq(check(&x, bob.id, "bob", NOW), 0);
    x.from.actor = "ann"; /* as an admin, who names the user */
    ck_assert_int_eq(end(&x, "bob", bob.id, NOW), 0);
    ck_assert_int_eq(committed(&x, "SELECT count(*) FROM audit WHERE event = 'revoke' AND reason = 'admin' AND "
                                   "actor = 'ann' AND subject = 'bob'"),
                     1);
    fixture_stop(&x);
}
END_TEST

START_TEST(ending_the_others_keeps_the_current_one)
{
    struct fixture x;
    struct session s[5], bob;
    char proof[16];
    fixture_start(&x);
    ck_assert_int_eq(exchange_as(&x, "bob", "bob", NOW, &bob), 0);
    for (int i = 0; i < 5; i++) {
        snprintf(proof, sizeof proof, "p%d", i);
        ck_assert_int_eq(exchange_as(&x, "ann", proof, NOW, &s[i]), 0);
    }
    end_all(&x, "ann", s[2].id, US(NOW + 1));
    for (int i = 0; i < 5; i++)
        ck_assert_int_eq(check(&x, s[i].id, "ann", NOW + 1), i == 2 ? 0 : LK_SESSION_DEAD);
    ck_assert_int_eq(check(&x, bob.id, "bob", NOW + 1), 0);
    ck_assert_int_eq(committed(&x, "SELECT count(*) FROM audit WHERE event = 'revoke'"), 4);
    end_all(&x, "ann", "", US(NOW + 2));
    ck_assert_int_eq(check(&x, s[2].id, "ann", NOW + 2), LK_SESSION_DEAD);
    fixture_stop(&x);
}
END_TEST

/* ---- not before ------------------------------------------------------------------------------------------------- */

START_TEST(ending_all_covers_an_exchange_that_was_under_way)
{
    struct fixture x;
    struct session s;
    fixture_start(&x);
    end_all(&x, "ann", "", US(NOW) + 500);
    ck_assert_int_eq(exchange_with(&x, "p1", "", US(NOW), &s), LK_PROOF_REVOKED);
    ck_assert_int_eq(exchange_with(&x, "p2", "", US(NOW) + 500, &s), LK_PROOF_REVOKED);
    ck_assert_int_eq(committed(&x, "SELECT count(*) FROM family"), 0);
    ck_assert_int_eq(committed(&x, "SELECT count(*) FROM audit WHERE event = 'refuse' AND reason = 'proof_revoked'"),
                     2);
    ck_assert_int_eq(exchange_with(&x, "p3", "", US(NOW) + 501, &s), 0);
    fixture_stop(&x);
}
END_TEST

START_TEST(a_proof_that_is_older_than_the_revocation_is_refused)
{
    struct fixture x;
    struct session s;
    fixture_start(&x);
    end_all(&x, "ann", "", US(NOW));
    x.ann.issued_at = NOW - 61;
    ck_assert_int_eq(exchange_with(&x, "old", "", US(NOW + 30), &s), LK_PROOF_REVOKED);
    x.ann.issued_at = NOW - 60; /* the provider's clock may be as much behind ours */
    ck_assert_int_eq(exchange_with(&x, "new", "", US(NOW + 30), &s), 0);
    fixture_stop(&x);
}
END_TEST

START_TEST(a_revocation_of_a_wrong_clock_does_not_lock_the_user_out)
{
    struct fixture x;
    struct session s;
    fixture_start(&x);
    end_all(&x, "ann", "", US(NOW + 40 * DAY));
    ck_assert_int_eq(exchange_with(&x, "p1", "", US(NOW), &s), 0);
    end_all(&x, "ann", "", US(NOW + 1)); /* and the next one, by the right clock, counts */
    ck_assert_int_eq(exchange_with(&x, "p2", "", US(NOW + 1), &s), LK_PROOF_REVOKED);
    fixture_stop(&x);
}
END_TEST

START_TEST(of_two_revocations_at_once_the_later_counts)
{
    struct fixture x;
    struct session s;
    fixture_start(&x);
    end_all(&x, "ann", "", US(NOW + 2));
    end_all(&x, "ann", "", US(NOW)); /* read the clock first, got the lock last */
    ck_assert_int_eq(exchange_with(&x, "p1", "", US(NOW + 1), &s), LK_PROOF_REVOKED);
    ck_assert_int_eq(exchange_with(&x, "p2", "", US(NOW + 3), &s), 0);
    fixture_stop(&x);
}
END_TEST

START_TEST(revocations_go_with_age_a_few_at_a_time)
{
    struct fixture x;
    struct session s;
    char user[16];
    fixture_start(&x);
    for (int i = 0; i < 12; i++) {
        snprintf(user, sizeof user, "u%d", i);
        end_all(&x, user, "", US(NOW));
    }
    ck_assert_int_eq(exchange_as(&x, "ann", "p1", NOW + 30 * DAY, &s), 0);
    ck_assert_int_eq(committed(&x, "SELECT count(*) FROM revocation"), 12);
    ck_assert_int_eq(exchange_as(&x, "ann", "p2", NOW + 31 * DAY, &s), 0);
    ck_assert_int_eq(committed(&x, "SELECT count(*) FROM revocation"), 4);
    fixture_stop(&x);
}
END_TEST

/* ---- cost ------------------------------------------------------------------------------------------------------- */

static void plan(sqlite3 *handle, const char *sql)
{
    char text[1024];
    sqlite3_stmt *stmt = NULL;
    snprintf(text, sizeof text, "EXPLAIN QUERY PLAN %s", sql);
    ck_assert_msg(sqlite3_prepare_v2(handle, text, -1, &stmt, NULL) == SQLITE_OK, "%s", sqlite3_errmsg(handle));
    while (sqlite3_step(stmt) == SQLITE_ROW) {
        const char *step = (const char *)sqlite3_column_text(stmt, 3);
        ck_assert_msg(strncmp(step, "SCAN", 4) != 0 || strstr(step, "USING") != NULL, "%s: %s", sql, step);
        ck_assert_msg(strncmp(step, "USE TEMP B-TREE", 15) != 0, "%s: %s", sql, step);
    }
    sqlite3_finalize(stmt);
}

START_TEST(every_statement_finds_its_rows_by_an_index)
{
    struct fixture x;
    sqlite3 *handle = NULL;
    fixture_start(&x);
    ck_assert_int_eq(sqlite3_open(x.path, &handle), SQLITE_OK);
    for (size_t i = 0; i < sessions_sql_count; i++)
        plan(handle, sessions_sql[i]);
    for (size_t i = 0; i < revocation_sql_count; i++)
        plan(handle, revocation_sql[i]);
    sqlite3_close(handle);
    fixture_stop(&x);
}
END_TEST

UNIT_MAIN("auth_sessions", a_list_says_when_where_and_which_is_current, dead_sessions_are_not_listed,
          ending_one_is_in_force_at_once_and_leaves_the_others, another_users_session_is_not_there,
          ending_the_others_keeps_the_current_one, ending_all_covers_an_exchange_that_was_under_way,
          a_proof_that_is_older_than_the_revocation_is_refused,
          a_revocation_of_a_wrong_clock_does_not_lock_the_user_out, of_two_revocations_at_once_the_later_counts,
          revocations_go_with_age_a_few_at_a_time, every_statement_finds_its_rows_by_an_index)
