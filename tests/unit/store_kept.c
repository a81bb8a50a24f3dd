#include "store_pair.h"

/* A connection that stays open from request to request. */

START_TEST(a_transaction_that_was_left_open_is_rolled_back)
{
    opened();
    ck_ok(db_begin_write(db));
    ck_ok(run(db, "CREATE TABLE left_open (i INTEGER)"));
    ck_assert(db_rest(db));
    ck_ok(db_begin_write(db));
    ck_ok(run(db, "CREATE TABLE left_open (i INTEGER)"));
    ck_ok(db_commit(db));
    ck_assert(db_rest(db));
    closed();
}
END_TEST

START_TEST(a_schema_that_became_newer_is_refused_as_at_opening)
{
    opened();
    ck_assert(db_rest(db));
    ck_ok(db_begin_read(db));
    ck_ok(db_commit(db));
    ck_ok(run(other, "PRAGMA user_version = 1000"));
    ck_assert_int_eq(db_begin_read(db), LK_SCHEMA_NEWER);
    ck_assert_ptr_nonnull(strstr(db_fault(db), "1000"));
    ck_assert_int_eq(db_begin_write(db), LK_SCHEMA_NEWER);
    ck_assert_int_eq(db_commit(db), LK_STORE); /* none is open */
    ck_assert(!db_rest(db));
    closed();
}
END_TEST

START_TEST(waiting_in_vain_is_no_reason_to_close_and_a_failure_is)
{
    opened();
    ck_assert(db_rest(db));
    ck_ok(db_begin_write(other));
    ck_assert_int_eq(db_begin_write(db), LK_BUSY);
    ck_assert(db_rest(db));
    ck_assert_str_eq(db_fault(db), "");
    db_rollback(other);
    ck_assert_int_eq(run(db, "no SQL"), LK_STORE);
    ck_assert(!db_rest(db));
    closed();
}
END_TEST

static size_t kept(void)
{
    size_t n = 0;
    for (sqlite3_stmt *s = NULL; (s = sqlite3_next_stmt(db->handle, s));)
        n++;
    return n;
}

START_TEST(prepared_statements_are_kept_but_not_without_end)
{
    char sql[32];
    opened();
    for (int i = 0; i < 500; i++) {
        ck_assert_int_eq(ask_int(db, "SELECT 7777"), 7777); /* used again and again: never the one that goes */
        snprintf(sql, sizeof sql, "SELECT %d", i);
        ck_assert_int_eq(ask_int(db, sql), i);
    }
    ck_assert_uint_le(kept(), 64);
    ck_assert_uint_gt(kept(), 32);
    struct db_row *row = NULL;
    ck_ok(db_query(db, "SELECT 8888", NULL, 0, &row));
    ck_ok(db_next(row));
    for (int i = 0; i < 200; i++) { /* one that is being stepped is not taken away */
        snprintf(sql, sizeof sql, "SELECT %d", i);
        ask_int(db, sql);
    }
    ck_assert_int_eq(db_col_int(row, 0), 8888);
    db_done(row);
    closed();
}
END_TEST

UNIT_MAIN("store_kept", a_transaction_that_was_left_open_is_rolled_back,
          a_schema_that_became_newer_is_refused_as_at_opening, waiting_in_vain_is_no_reason_to_close_and_a_failure_is,
          prepared_statements_are_kept_but_not_without_end)
