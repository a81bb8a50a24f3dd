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
    ck_ok(todo_read(db, "alice", t.id, &read));
    ck_assert_str_eq(read.id, t.id);
    ck_assert_str_eq(read.title, "Milk");
    ck_assert(read.completed && read.has_order);
    ck_assert_int_eq(read.order, t.order);
    ck_assert_int_eq(read.created_at, t.created_at);
    t = made("alice", "No order");
    ck_ok(todo_read(db, "alice", t.id, &read));
    ck_assert(!read.has_order && !read.completed);
    closed();
}
END_TEST

START_TEST(update_writes_and_stamps_only_a_change)
{
    struct todo t;
    struct todo read;
    int64_t before = 0;
    opened();
    t = made("alice", "Milk");
    before = sqlite3_total_changes64(db->handle);
    ck_ok(todo_update(db, "alice", &t, NOW + 5000000));
    ck_assert_int_eq(sqlite3_total_changes64(db->handle), before);
    ck_assert_int_eq(t.updated_at, NOW / 1000000);

    static const char *const changes[] = {"{\"title\":\"milk\"}", "{\"completed\":true}", "{\"order\":0}",
                                          "{\"order\":1}", "{\"order\":null}"};
    for (int i = 0; i < 5; i++) {
        ck_ok(merge(&t, changes[i], false));
        ck_ok(todo_update(db, "alice", &t, NOW + (10 + i) * 1000000));
        ck_assert_int_eq(t.updated_at, NOW / 1000000 + 10 + i);
        ck_assert_int_eq(t.created_at, NOW / 1000000);
        ck_ok(todo_read(db, "alice", t.id, &read));
        ck_assert_str_eq(read.id, t.id);
        ck_assert_str_eq(read.title, t.title);
        ck_assert(read.completed == t.completed && read.has_order == t.has_order && read.order == t.order);
        ck_assert_int_eq(read.updated_at, t.updated_at);
    }
    closed();
}
END_TEST

START_TEST(another_subjects_todo_does_not_exist)
{
    struct todo t;
    struct todo read;
    json_t *list = NULL;
    bool more = true;
    char last[TODO_ID_SIZE];
    opened();
    t = made("alice", "Milk");
    ck_assert_int_eq(todo_read(db, "bob", t.id, &read), LK_NOT_FOUND);
    ck_assert_int_eq(todo_delete(db, "bob", t.id), LK_NOT_FOUND);
    t.completed = true;
    ck_assert_int_eq(todo_update(db, "bob", &t, NOW + 5000000), LK_NOT_FOUND);
    ck_ok(todo_delete_all(db, "bob"));
    ck_ok(todo_list(db, "bob", "", 10, BASE, &list, &more, last));
    ck_assert_uint_eq(json_array_size(list), 0);
    ck_assert(!more);
    ck_assert_str_eq(last, "");
    json_decref(list);
    ck_ok(todo_read(db, "alice", t.id, &read));
    ck_assert(!read.completed);
    closed();
}
END_TEST

START_TEST(deleted_is_gone)
{
    struct todo t;
    struct todo read;
    opened();
    made("alice", "stays");
    t = made("alice", "goes");
    ck_ok(todo_delete(db, "alice", t.id));
    ck_assert_int_eq(todo_delete(db, "alice", t.id), LK_NOT_FOUND);
    ck_assert_int_eq(todo_read(db, "alice", t.id, &read), LK_NOT_FOUND);
    ck_assert_int_eq(todo_update(db, "alice", &t, NOW), LK_NOT_FOUND);
    made("bob", "stays");
    ck_assert_int_eq(ask_int(db, "SELECT count(*) FROM todo"), 2);
    ck_ok(todo_delete_all(db, "alice"));
    ck_ok(todo_delete_all(db, "alice"));
    ck_assert_int_eq(ask_int(db, "SELECT count(*) FROM todo"), 1);
    closed();
}
END_TEST

START_TEST(unknown_id_is_not_found)
{
    struct todo read;
    opened();
    ck_assert_int_eq(todo_read(db, "alice", "", &read), LK_NOT_FOUND);
    ck_assert_int_eq(todo_read(db, "alice", "' OR 1=1 --", &read), LK_NOT_FOUND);
    ck_assert_int_eq(todo_read(db, "alice", made("alice", "a").id, &read), 0);
    closed();
}
END_TEST

/* Walks all pages of `limit`; how many todos there were, in the order of their titles. */
static int walk(uint64_t limit, int *pages)
{
    char after[TODO_ID_SIZE] = "";
    bool more = true;
    int n = 0;
    for (*pages = 0; more; (*pages)++) {
        json_t *list = NULL;
        ck_ok(todo_list(db, "alice", after, limit, BASE, &list, &more, after));
        ck_assert(json_array_size(list) <= limit);
        for (size_t i = 0; i < json_array_size(list); i++) {
            char title[16];
            snprintf(title, sizeof title, "n%d", n++);
            ck_assert_str_eq(json_string_value(json_object_get(json_array_get(list, i), "title")), title);
        }
        json_decref(list);
    }
    return n;
}

START_TEST(pages_give_each_todo_once_in_the_order_of_creation)
{
    char title[16];
    int pages = 0;
    opened();
    for (int i = 0; i < 20; i++) {
        snprintf(title, sizeof title, "n%d", i);
        made("alice", title);
        made("bob", title);
    }
    ck_assert_int_eq(walk(7, &pages), 20);
    ck_assert_int_eq(pages, 3);
    ck_assert_int_eq(walk(10, &pages), 20);
    ck_assert_int_eq(pages, 2); /* no empty page at the end */
    ck_assert_int_eq(walk(20, &pages), 20);
    ck_assert_int_eq(pages, 1);
    ck_assert_int_eq(walk(1, &pages), 20);
    ck_assert_int_eq(pages, 20);
    closed();
}
END_TEST

START_TEST(page_has_an_upper_limit)
{
    json_t *list = NULL;
    bool more = false;
    char last[TODO_ID_SIZE];
    opened();
    for (int i = 0; i < TODO_LIMIT_MAX + 1; i++)
        made("alice", "x");
    ck_ok(todo_list(db, "alice", "", UINT64_MAX, BASE, &list, &more, last));
    ck_assert_uint_eq(json_array_size(list), TODO_LIMIT_MAX);
    ck_assert(more);
    json_decref(list);
    closed();
}
END_TEST

START_TEST(row_that_does_not_fit_is_a_fault_of_the_store)
{
    struct todo t;
    json_t *list = NULL;
    bool more = false;
    char last[TODO_ID_SIZE];
    opened();
    t = made("alice", "x");
    ck_ok(run(db, "UPDATE todo SET title = substr(hex(zeroblob(1001)), 1, 2001)"));
    ck_assert_int_eq(todo_read(db, "alice", t.id, &t), LK_STORE);
    ck_assert_int_eq(todo_list(db, "alice", "", 5, BASE, &list, &more, last), LK_STORE);
    ck_assert_ptr_null(list);
    ck_ok(run(db, "UPDATE todo SET title = substr(hex(zeroblob(1000)), 1, 2000)"));
    ck_ok(todo_read(db, "alice", t.id, &t));
    closed();
}
END_TEST

START_TEST(failing_store_is_told_as_such)
{
    struct todo t = {.title = "x"};
    json_t *list = NULL;
    bool more = false;
    char last[TODO_ID_SIZE];
    opened();
    ck_ok(db_commit(db));
    ck_ok(db_begin_read(db));
    ck_assert_int_eq(todo_create(db, "alice", &t, NOW), LK_STORE);
    ck_assert_str_eq(t.id, "");
    ck_assert_int_eq(todo_list(db, "alice", "", 5, BASE, &list, &more, last), LK_STORE);
    ck_assert_int_eq(todo_read(db, "alice", "i", &t), LK_STORE);
    ck_assert_int_eq(todo_delete(db, "alice", "i"), LK_STORE);
    ck_assert_int_eq(todo_delete_all(db, "alice"), LK_STORE);
    ck_assert_int_eq(todo_update(db, "alice", &t, NOW), LK_STORE);
    ck_assert_ptr_null(list);
    db_rollback(db);
    ck_ok(db_begin_write(db));
    ck_ok(todo_create(db, "alice", &t, NOW));
    closed();
}
END_TEST

/* ---- plans ------------------------------------------------------------------------------------------------ */

/* What the planner says of every statement this connection has prepared. */
static void check_plan(const char *sql)
{
    char explain[600];
    sqlite3_stmt *stmt = NULL;
    snprintf(explain, sizeof explain, "EXPLAIN QUERY PLAN %s", sql);
    ck_ok(sqlite3_prepare_v2(db->handle, explain, -1, &stmt, NULL));
    while (sqlite3_step(stmt) == SQLITE_ROW) {
        const char *detail = (const char *)sqlite3_column_text(stmt, 3);
        ck_assert_msg(strncmp(detail, "SEARCH todo USING ", 18) == 0, "%s: %s", sql, detail);
        ck_assert_msg(strstr(detail, "(subject=?") != NULL, "%s: %s", sql, detail);
        if (strstr(sql, "id = $2"))
            ck_assert_msg(strstr(detail, "id=?)") != NULL, "%s: %s", sql, detail);
        if (strstr(sql, "id > $2"))
            ck_assert_msg(strstr(detail, "id>?)") != NULL, "%s: %s", sql, detail);
    }
    sqlite3_finalize(stmt);
}

START_TEST(every_query_goes_by_the_index)
{
    struct todo t;
    json_t *list = NULL;
    bool more = false;
    char last[TODO_ID_SIZE];
    int checked = 0;
    opened();
    t = made("alice", "x");
    ck_ok(todo_update(db, "alice", &t, NOW));
    ck_ok(todo_list(db, "alice", "", 5, BASE, &list, &more, last));
    json_decref(list);
    ck_ok(todo_delete(db, "alice", t.id));
    ck_ok(todo_delete_all(db, "alice"));
    for (sqlite3_stmt *s = sqlite3_next_stmt(db->handle, NULL); s; s = sqlite3_next_stmt(db->handle, s)) {
        if (strncmp(sqlite3_sql(s), "INSERT", 6) == 0)
            continue;
        check_plan(sqlite3_sql(s));
        checked++;
    }
    ck_assert_int_eq(checked, 5); /* update, read, list, delete, delete all */
    closed();
}
END_TEST

UNIT_MAIN("todo_rows", created_is_read_back, update_writes_and_stamps_only_a_change,
          another_subjects_todo_does_not_exist, deleted_is_gone, unknown_id_is_not_found,
          pages_give_each_todo_once_in_the_order_of_creation, page_has_an_upper_limit,
          row_that_does_not_fit_is_a_fault_of_the_store, failing_store_is_told_as_such, every_query_goes_by_the_index)
