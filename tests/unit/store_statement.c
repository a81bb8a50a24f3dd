#include "store_pair.h"

/* Starts a query and takes its first row. */
static struct db_row *first(const char *sql, const struct db_value *args, size_t n)
{
    struct db_row *row = NULL;
    ck_ok(db_query(db, sql, args, n, &row));
    ck_ok(db_next(row));
    return row;
}

static int refused(const char *sql, const struct db_value *args, size_t n)
{
    struct db_row *row = NULL;
    int error = db_query(db, sql, args, n, &row);
    if (error)
        ck_assert_ptr_null(row);
    db_done(row);
    return error;
}

/* ---- parameters ------------------------------------------------------------------------------------------- */

START_TEST(parameter_goes_by_its_number_not_its_place)
{
    opened();
    struct db_row *row = first("SELECT $2, $1, $3, $2", DB_ARGS(db_int(1), db_int(2), db_int(3)));
    ck_assert_int_eq(db_col_int(row, 0), 2);
    ck_assert_int_eq(db_col_int(row, 1), 1);
    ck_assert_int_eq(db_col_int(row, 2), 3);
    ck_assert_int_eq(db_col_int(row, 3), 2);
    db_done(row);
    closed();
}
END_TEST

START_TEST(eleventh_parameter_is_not_the_first)
{
    opened();
    struct db_row *row = first("SELECT $11,$10,$9,$8,$7,$6,$5,$4,$3,$2,$1",
                               DB_ARGS(db_int(1), db_int(2), db_int(3), db_int(4), db_int(5), db_int(6), db_int(7),
                                       db_int(8), db_int(9), db_int(10), db_int(11)));
    for (int i = 0; i < 11; i++)
        ck_assert_int_eq(db_col_int(row, i), 11 - i);
    db_done(row);
    closed();
}
END_TEST

START_TEST(parameters_other_than_1_to_n_are_refused)
{
    static const char *const wrong[] = {
        "SELECT ?",  "SELECT ?1",  "SELECT :a",     "SELECT @1",     "SELECT $a",    "SELECT $0",      "SELECT $01",
        "SELECT $2", "SELECT $1a", "SELECT $1, ?2", "SELECT $1, $3", "SELECT $1, ?", "SELECT $1::text"};
    opened();
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++)
        ck_assert_msg(refused(wrong[i], DB_ARGS(db_int(1))) == LK_STORE, "%s", wrong[i]);
    ck_ok(refused("SELECT $1", DB_ARGS(db_int(1))));
    closed();
}
END_TEST

START_TEST(arguments_are_as_many_as_parameters)
{
    opened();
    ck_assert_int_eq(refused("SELECT $1, $2", DB_ARGS(db_int(1))), LK_STORE);
    ck_assert_int_eq(refused("SELECT $1", DB_ARGS(db_int(1), db_int(2))), LK_STORE);
    ck_assert_int_eq(refused("SELECT $1", NULL, 0), LK_STORE);
    ck_ok(refused("SELECT $1", DB_ARGS(db_int(1))));
    closed();
}
END_TEST

START_TEST(values_come_back_as_they_went_in)
{
    static const uint8_t bytes[] = {0, 1, 0, 255};
    opened();
    struct db_row *row = first("SELECT $1, $2, $3, $4, $5, $6, $7",
                               DB_ARGS(db_int(INT64_MIN), db_int(INT64_MAX), db_text("h\xc3\xa9"), db_text(""),
                                       db_blob(bytes, 4), db_blob(bytes, 0), db_text_span((struct span){"abc", 2})));
    ck_assert(db_col_int(row, 0) == INT64_MIN && db_col_int(row, 1) == INT64_MAX);
    ck_assert_str_eq(db_col_text(row, 2), "h\xc3\xa9");
    ck_assert(!db_is_null(row, 3));
    ck_assert_str_eq(db_col_text(row, 3), "");
    ck_assert_uint_eq(db_col_blob(row, 4).n, 4);
    ck_assert_mem_eq(db_col_blob(row, 4).p, bytes, 4);
    ck_assert(!db_is_null(row, 5));
    ck_assert_uint_eq(db_col_blob(row, 5).n, 0);
    ck_assert_str_eq(db_col_text(row, 6), "ab");
    db_done(row);
    closed();
}
END_TEST

START_TEST(absent_values_are_null)
{
    opened();
    struct db_row *row = first("SELECT $1, $2, $3, $4", DB_ARGS(db_null(), db_text(NULL), db_blob(NULL, 0),
                                                                db_text_span((struct span){NULL, 0})));
    for (int i = 0; i < 4; i++) {
        ck_assert(db_is_null(row, i));
        ck_assert_int_eq(db_col_int(row, i), 0);
        ck_assert_str_eq(db_col_text(row, i), "");
        ck_assert_uint_eq(db_col_blob(row, i).n, 0);
    }
    db_done(row);
    closed();
}
END_TEST

START_TEST(arguments_are_copied)
{
    char text[] = "before";
    struct db_row *row = NULL;
    opened();
    ck_ok(db_query(db, "SELECT $1", DB_ARGS(db_text(text)), &row));
    text[0] = 'X';
    ck_ok(db_next(row));
    ck_assert_str_eq(db_col_text(row, 0), "before");
    db_done(row);
    closed();
}
END_TEST

START_TEST(text_with_a_nul_inside_is_refused_both_ways)
{
    struct db_row *row = NULL;
    opened();
    ck_assert_int_eq(refused("SELECT $1", DB_ARGS(db_text_span((struct span){"a\0b", 3}))), LK_STORE);
    ck_ok(refused("SELECT $1", DB_ARGS(db_text_span((struct span){"a\0b", 1}))));
    ck_ok(db_query(db, "SELECT 1, CAST(x'610062' AS TEXT)", NULL, 0, &row));
    ck_assert_int_eq(db_next(row), LK_STORE);
    db_done(row);
    row = first("SELECT 1, x'610062'", NULL, 0);
    ck_assert_uint_eq(db_col_blob(row, 1).n, 3);
    ck_assert_str_eq(db_col_text(row, 1), ""); /* a blob is no text */
    db_done(row);
    closed();
}
END_TEST

/* ---- statements ------------------------------------------------------------------------------------------- */

START_TEST(only_one_statement_is_taken)
{
    opened();
    ck_assert_int_eq(refused("SELECT 1; SELECT 2", NULL, 0), LK_STORE);
    ck_assert_int_eq(refused("", NULL, 0), LK_STORE);
    ck_assert_int_eq(refused("SELEC 1", NULL, 0), LK_STORE);
    ck_assert_ptr_nonnull(strstr(db_fault(db), "syntax error"));
    ck_assert_int_eq(refused("SELECT \"abc\"", NULL, 0), LK_STORE); /* a name, not a string */
    ck_ok(refused("SELECT 'abc'", NULL, 0));
    closed();
}
END_TEST

static int prepared(void)
{
    int n = 0;
    for (sqlite3_stmt *s = sqlite3_next_stmt(db->handle, NULL); s; s = sqlite3_next_stmt(db->handle, s))
        n++;
    return n;
}

START_TEST(statement_is_prepared_once)
{
    char sql[] = "SELECT $1";
    opened();
    int before = prepared(); /* by opening */
    for (int i = 0; i < 5; i++) {
        struct db_row *row = first(i % 2 ? sql : "SELECT $1", DB_ARGS(db_int(i)));
        ck_assert_int_eq(db_col_int(row, 0), i);
        ck_assert_int_eq(db_next(row), LK_NOT_FOUND);
        db_done(row);
    }
    ck_assert_int_eq(prepared(), before + 1);
    memcpy(sql, "SELECT 77", sizeof sql); /* the same memory, another statement */
    ck_assert_int_eq(ask_int(db, sql), 77);
    closed();
}
END_TEST

START_TEST(statement_that_is_being_stepped_is_not_disturbed)
{
    static const char sql[] = "SELECT value FROM json_each('[1,2,3]') WHERE value >= $1";
    opened();
    struct db_row *outer = first(sql, DB_ARGS(db_int(1)));
    struct db_row *inner = first(sql, DB_ARGS(db_int(3)));
    ck_assert_int_eq(db_col_int(inner, 0), 3);
    ck_assert_int_eq(db_next(inner), LK_NOT_FOUND);
    db_done(inner);
    ck_ok(db_next(outer));
    ck_assert_int_eq(db_col_int(outer, 0), 2);
    db_done(outer);
    closed();
}
END_TEST

START_TEST(finished_statement_does_not_start_again)
{
    struct db_row *row = NULL;
    opened();
    ck_ok(db_query(db, "INSERT INTO t VALUES (1, NULL) RETURNING i", NULL, 0, &row));
    ck_ok(db_next(row));
    for (int i = 0; i < 3; i++)
        ck_assert_int_eq(db_next(row), LK_NOT_FOUND);
    db_done(row);
    db_done(NULL);
    ck_assert_int_eq(ask_int(db, "SELECT count(*) FROM t"), 1);
    closed();
}
END_TEST

START_TEST(exec_counts_the_rows_it_wrote)
{
    int64_t changed = -1;
    opened();
    ck_ok(db_exec(db, "INSERT INTO t VALUES (1, $1), (2, $1), (3, NULL)", DB_ARGS(db_text("a")), &changed));
    ck_assert_int_eq(changed, 3);
    ck_ok(db_exec(db, "UPDATE t SET i = i + 1 WHERE x = $1", DB_ARGS(db_text("a")), &changed));
    ck_assert_int_eq(changed, 2);
    ck_ok(db_exec(db, "UPDATE t SET i = 0 WHERE x = $1", DB_ARGS(db_text("b")), &changed));
    ck_assert_int_eq(changed, 0);
    ck_ok(db_exec(db, "DELETE FROM t", NULL, 0, &changed));
    ck_assert_int_eq(changed, 3);
    ck_ok(db_exec(db, "SELECT 1", NULL, 0, &changed));
    ck_assert_int_eq(changed, 0);
    closed();
}
END_TEST

UNIT_MAIN("store_statement", parameter_goes_by_its_number_not_its_place, eleventh_parameter_is_not_the_first,
          parameters_other_than_1_to_n_are_refused, arguments_are_as_many_as_parameters,
          values_come_back_as_they_went_in, absent_values_are_null, arguments_are_copied,
          text_with_a_nul_inside_is_refused_both_ways, only_one_statement_is_taken, statement_is_prepared_once,
          statement_that_is_being_stepped_is_not_disturbed, finished_statement_does_not_start_again,
          exec_counts_the_rows_it_wrote)
