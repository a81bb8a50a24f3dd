#include "todo_fixture.h"

START_TEST(created_is_read_back)
{
    struct todo t = {.title = "Milk", .completed = true, .has_order = true, .order = -9007199254740991};
    struct todo read = {0};
    opened();
    ck_ok(todo_create(db, "alice", &t, NOW + 999999));
    ck_assert(todo_id_valid(span_of(t.id)));
    ck_assert_int_eq(t.created_at, NOW / 1000000);
    ck_assert_int_eq(t.updated_at, NOW / 1000000);
    todo_free(&read);
    ck_ok(todo_read(db, "alice", t.id, &read));
    ck_assert_str_eq(read.id, t.id);
    ck_assert_str_eq(read.title, "Milk");
    ck_assert(read.completed && read.has_order);
    ck_assert_int_eq(read.order, t.order);
    ck_assert_int_eq(read.created_at, t.created_at);
    t = made("alice", "No order");
    todo_free(&read);
    ck_ok(todo_read(db, "alice", t.id, &read));
    ck_assert(!read.has_order && !read.completed);
    todo_free(&read);
    todo_free(&t);
    closed();
}
END_TEST

START_TEST(update_writes_and_stamps_only_a_change)
{
    struct todo t = {0};
    struct todo read = {0};
    int64_t before = 0;
    opened();
    t = made("alice", "Milk");
    before = sqlite3_total_changes64(db->handle);
    ck_ok(todo_update(db, "alice", &t, NOW + 5000000));
    ck_assert_int_eq(sqlite3_total_changes64(db->handle), before);
    ck_assert_int_eq(t.updated_at, NOW / 1000000);
    ck_assert_int_eq(t.version, NOW);

    static const char *const changes[] = {"{\"title\":\"milk\"}", "{\"completed\":true}",   "{\"order\":0}",
                                          "{\"order\":1}",        "{\"order\":null}",       "{\"notes\":\"n\"}",
                                          "{\"tags\":[\"a\"]}",   "{\"priority\":\"low\"}", "{\"due\":\"2026-11-21\"}"};
    for (int i = 0; i < 9; i++) {
        ck_ok(merge(&t, changes[i], false));
        ck_ok(todo_update(db, "alice", &t, NOW + (10 + i) * 1000000));
        ck_assert_int_eq(t.updated_at, NOW / 1000000 + 10 + i);
        ck_assert_int_eq(t.version, NOW + (10 + i) * 1000000);
        ck_assert_int_eq(t.created_at, NOW / 1000000);
        todo_free(&read);
        ck_ok(todo_read(db, "alice", t.id, &read));
        ck_assert_str_eq(read.id, t.id);
        ck_assert_str_eq(read.title, t.title);
        ck_assert(read.completed == t.completed && read.has_order == t.has_order && read.order == t.order);
        ck_assert_int_eq(read.updated_at, t.updated_at);
        ck_assert(json_equal(read.notes, t.notes) && json_equal(read.tags, t.tags));
        ck_assert_int_eq(read.priority, t.priority);
        ck_assert_str_eq(read.due, t.due);
    }
    todo_free(&read);
    todo_free(&t);
    closed();
}
END_TEST

START_TEST(another_subjects_todo_does_not_exist)
{
    struct todo t = {0};
    struct todo read = {0};
    opened();
    t = made("alice", "Milk");
    ck_assert_int_eq(todo_read(db, "bob", t.id, &read), LK_NOT_FOUND);
    ck_assert_int_eq(todo_delete(db, "bob", t.id, NOW), LK_NOT_FOUND);
    t.completed = true;
    ck_assert_int_eq(todo_update(db, "bob", &t, NOW + 5000000), LK_NOT_FOUND);
    ck_ok(todo_delete_all(db, "bob", TODO_ALL, NOW));
    todo_free(&read);
    ck_ok(todo_read(db, "alice", t.id, &read));
    ck_assert(!read.completed);
    todo_free(&read);
    todo_free(&t);
    closed();
}
END_TEST

START_TEST(deleted_is_gone)
{
    struct todo t = {0};
    struct todo read = {0};
    opened();
    made("alice", "stays");
    t = made("alice", "goes");
    ck_ok(todo_delete(db, "alice", t.id, NOW));
    ck_assert_int_eq(todo_delete(db, "alice", t.id, NOW), LK_NOT_FOUND);
    ck_assert_int_eq(todo_read(db, "alice", t.id, &read), LK_NOT_FOUND);
    ck_assert_int_eq(todo_update(db, "alice", &t, NOW), LK_NOT_FOUND);
    made("bob", "stays");
    ck_assert_int_eq(ask_int(db, "SELECT count(*) FROM todo"), 2);
    ck_ok(todo_delete_all(db, "alice", TODO_ALL, NOW));
    ck_ok(todo_delete_all(db, "alice", TODO_ALL, NOW));
    ck_assert_int_eq(ask_int(db, "SELECT count(*) FROM todo"), 1);
    todo_free(&read);
    todo_free(&t);
    closed();
}
END_TEST

START_TEST(completed_at_is_when_it_was_completed)
{
    struct todo t = {0};
    opened();
    t = made("alice", "Milk");
    ck_assert_int_eq(t.completed_at, 0);
    t.completed = true;
    ck_ok(todo_update(db, "alice", &t, NOW + 5000000));
    ck_assert_int_eq(t.completed_at, NOW / 1000000 + 5);
    ck_ok(merge(&t, "{\"title\":\"Tea\"}", false));
    ck_ok(todo_update(db, "alice", &t, NOW + 9000000));
    ck_assert_int_eq(t.completed_at, NOW / 1000000 + 5);
    t.completed = false;
    ck_ok(todo_update(db, "alice", &t, NOW + 10000000));
    ck_assert_int_eq(t.completed_at, 0);
    todo_free(&t);
    closed();
}
END_TEST

static int64_t generation(const char *subject)
{
    int64_t g = -1;
    ck_ok(todo_generation(db, subject, &g));
    return g;
}

START_TEST(version_and_generation_grow_even_when_the_clock_does_not)
{
    struct todo t = {0};
    int64_t before = 0, version = 0;
    opened();
    ck_assert_int_eq(generation("alice"), 0);
    t = made("alice", "Milk");
    before = generation("alice");
    version = t.version;
    t.completed = true;
    ck_ok(todo_update(db, "alice", &t, NOW - 7000000));
    ck_assert_int_gt(t.version, version);
    ck_assert_int_gt(generation("alice"), before);
    before = generation("alice");
    ck_ok(todo_update(db, "alice", &t, NOW + 1));
    ck_ok(todo_delete_all(db, "alice", TODO_OPEN, NOW + 1));
    ck_assert_int_eq(generation("alice"), before);
    made("bob", "Tea");
    ck_assert_int_eq(generation("alice"), before);
    ck_ok(todo_delete(db, "alice", t.id, NOW));
    ck_assert_int_gt(generation("alice"), before);
    todo_free(&t);
    closed();
}
END_TEST

START_TEST(only_the_completed_are_deleted)
{
    struct todo t = {0};
    opened();
    made("alice", "open");
    t = made("alice", "done");
    t.completed = true;
    ck_ok(todo_update(db, "alice", &t, NOW));
    ck_ok(todo_delete_all(db, "bob", TODO_COMPLETED, NOW));
    ck_assert_int_eq(ask_int(db, "SELECT count(*) FROM todo"), 2);
    ck_ok(todo_delete_all(db, "alice", TODO_COMPLETED, NOW));
    ck_assert_int_eq(ask_int(db, "SELECT count(*) FROM todo WHERE title = 'open'"), 1);
    ck_assert_int_eq(ask_int(db, "SELECT count(*) FROM todo"), 1);
    todo_free(&t);
    closed();
}
END_TEST

START_TEST(unknown_id_is_not_found)
{
    struct todo read = {0};
    opened();
    ck_assert_int_eq(todo_read(db, "alice", "", &read), LK_NOT_FOUND);
    ck_assert_int_eq(todo_read(db, "alice", "' OR 1=1 --", &read), LK_NOT_FOUND);
    ck_ok(todo_read(db, "alice", made("alice", "a").id, &read));
    todo_free(&read);
    closed();
}
END_TEST

START_TEST(row_that_does_not_fit_is_a_fault_of_the_store)
{
    struct todo t = {0};
    struct todo read = {0};
    opened();
    t = made("alice", "x");
    ck_ok(run(db, "UPDATE todo SET title = substr(hex(zeroblob(1001)), 1, 2001)"));
    ck_assert_int_eq(todo_read(db, "alice", t.id, &read), LK_STORE);
    ck_ok(run(db, "UPDATE todo SET title = substr(hex(zeroblob(1000)), 1, 2000)"));
    ck_ok(todo_read(db, "alice", t.id, &read));
    ck_ok(run(db, "UPDATE todo SET priority = 3"));
    ck_assert_int_eq(todo_read(db, "alice", t.id, &t), LK_STORE);
    ck_ok(run(db, "UPDATE todo SET priority = 2, tags = '[['"));
    ck_assert_int_eq(todo_read(db, "alice", t.id, &t), LK_STORE);
    todo_free(&read);
    todo_free(&t);
    closed();
}
END_TEST

START_TEST(failing_store_is_told_as_such)
{
    struct todo t = {.title = "x"};
    opened();
    ck_ok(db_commit(db));
    ck_ok(db_begin_read(db));
    ck_assert_int_eq(todo_create(db, "alice", &t, NOW), LK_STORE);
    ck_assert_str_eq(t.id, "");
    ck_assert_int_eq(todo_read(db, "alice", "i", &t), LK_STORE);
    ck_assert_int_eq(todo_delete(db, "alice", "i", NOW), LK_STORE);
    ck_assert_int_eq(todo_delete_all(db, "alice", TODO_ALL, NOW), LK_STORE);
    ck_assert_int_eq(todo_update(db, "alice", &t, NOW), LK_STORE);
    db_rollback(db);
    ck_ok(db_begin_write(db));
    ck_ok(todo_create(db, "alice", &t, NOW));
    todo_free(&t);
    closed();
}
END_TEST

/* ---- plans ------------------------------------------------------------------------------------------------ */

/* What the planner says of a statement: it must find its rows by the subject. */
static void check_plan(const char *sql)
{
    char explain[2000];
    sqlite3_stmt *stmt = NULL;
    snprintf(explain, sizeof explain, "EXPLAIN QUERY PLAN %s", sql);
    ck_ok(sqlite3_prepare_v2(db->handle, explain, -1, &stmt, NULL));
    while (sqlite3_step(stmt) == SQLITE_ROW) {
        const char *detail = (const char *)sqlite3_column_text(stmt, 3);
        ck_assert_msg(strncmp(detail, "SEARCH t", 8) == 0, "%s: %s", sql, detail);
        ck_assert_msg(strstr(detail, "(subject=?") != NULL, "%s: %s", sql, detail);
        if (strstr(sql, "id = $2"))
            ck_assert_msg(strstr(detail, "id=?)") != NULL, "%s: %s", sql, detail);
    }
    sqlite3_finalize(stmt);
}

START_TEST(every_query_goes_by_the_index)
{
    struct todo t = {0};
    int checked = 0;
    opened();
    t = made("alice", "x");
    ck_ok(todo_update(db, "alice", &t, NOW));
    ck_ok(todo_delete(db, "alice", t.id, NOW));
    ck_ok(todo_delete_all(db, "alice", TODO_ALL, NOW));
    ck_assert_int_gt(generation("alice"), 0);
    for (sqlite3_stmt *s = sqlite3_next_stmt(db->handle, NULL); s; s = sqlite3_next_stmt(db->handle, s)) {
        if (strncmp(sqlite3_sql(s), "INSERT", 6) == 0 || !strstr(sqlite3_sql(s), " todo"))
            continue;
        check_plan(sqlite3_sql(s));
        checked++;
    }
    ck_assert_int_eq(checked, 5); /* update, read, generation, delete, delete all */
    todo_free(&t);
    closed();
}
END_TEST

UNIT_MAIN("todo_rows", created_is_read_back, update_writes_and_stamps_only_a_change,
          another_subjects_todo_does_not_exist, deleted_is_gone, completed_at_is_when_it_was_completed,
          version_and_generation_grow_even_when_the_clock_does_not, only_the_completed_are_deleted,
          unknown_id_is_not_found, row_that_does_not_fit_is_a_fault_of_the_store, failing_store_is_told_as_such,
          every_query_goes_by_the_index)
