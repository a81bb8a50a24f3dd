#include "todo_fixture.h"

#include "base/json.h"
#include "todo/cursor.h"
#include "todo/list.h"

static struct todo_query query;
static const char *wrong;

/* Sets parameters: "name=value" each, already decoded. */
static int set(const char *name, const char *value)
{
    wrong = NULL;
    return todo_query_set(&query, span_of(name), span_of(value), &wrong);
}

static void add(const char *subject, const char *members)
{
    struct todo t = {0};
    ck_ok(merge(&t, members, true));
    ck_ok(todo_create(db, subject, &t, NOW));
    todo_free(&t);
}

/* Titles of a page, joined. */
static char titles[4000];
static struct todo_page page;
static const char *listed(const struct todo_place *place)
{
    size_t i = 0, n = 0;
    json_t *item = NULL, *items = NULL;
    ck_ok(todo_list(db, "alice", &query, place, BASE, &page));
    ck_ok(json_read(buf_all(&page.json), page.json.n, 4, &items));
    ck_assert_uint_eq(json_array_size(items), page.count);
    titles[0] = '\0';
    json_array_foreach(items, i, item)
    {
        n += (size_t)snprintf(titles + n, sizeof titles - n, "%s", json_string_value(json_object_get(item, "title")));
    }
    json_decref(items);
    buf_free(&page.json);
    return titles;
}

static const char *all(const char *name, const char *value)
{
    todo_query_init(&query);
    ck_assert_msg(set(name, value) == 0, "%s=%s", name, value);
    return listed(NULL);
}

/* Walks forwards and then back by the places, and holds both against the whole. */
static void walk(const char *sort, uint64_t limit, const char *whole)
{
    char seen[4000] = "";
    struct todo_page forward = {0};
    size_t n = 0, pages = 0;
    todo_query_init(&query);
    if (*sort)
        ck_ok(set("sort", sort));
    query.limit = limit;
    for (bool more = true; more; more = page.after, pages++) {
        forward = page;
        n += (size_t)snprintf(seen + n, sizeof seen - n, "%s", listed(pages ? &forward.last : NULL));
        ck_assert(page.before == (pages > 0));
        query.turn = TODO_AFTER;
    }
    ck_assert_str_eq(seen, whole);
    ck_assert_uint_eq(pages, (strlen(whole) + limit - 1) / limit);
    query.turn = TODO_BEFORE;
    size_t left = strlen(whole) - strlen(titles);
    while (page.before && left) {
        struct todo_place first = page.first;
        listed(&first);
        left -= strlen(titles);
        ck_assert_int_eq(strncmp(titles, whole + left, strlen(titles)), 0);
        ck_assert(page.after);
    }
    ck_assert_uint_eq(left, 0);
}

static void ten(void)
{
    add("alice", "{\"title\":\"a\",\"due\":\"2026-11-21\",\"priority\":\"low\",\"order\":3}");
    add("bob", "{\"title\":\"X\",\"due\":\"2026-11-21\",\"priority\":\"low\",\"order\":3,\"tags\":[\"home\"]}");
    add("alice", "{\"title\":\"b\",\"priority\":\"high\",\"order\":-3,\"tags\":[\"Home\",\"x_y\"]}");
    add("alice", "{\"title\":\"c\",\"due\":\"2026-11-20T23:59:59Z\",\"completed\":true,\"notes\":\"50% MÜNCHEN\"}");
    add("alice", "{\"title\":\"d\",\"due\":\"2026-11-21T00:00:00Z\",\"priority\":\"high\",\"order\":3}");
    add("alice", "{\"title\":\"e\",\"tags\":[\"homework\",\"日本\"],\"completed\":true,\"order\":0}");
    add("alice", "{\"title\":\"f\",\"notes\":\"買い物 ПРИВЕТ xzy 50!\"}");
    add("bob", "{\"title\":\"Y\"}");
}

START_TEST(order_of_creation_walks_both_ways)
{
    opened();
    ten();
    for (uint64_t limit = 1; limit < 8; limit++) {
        walk("", limit, "abcdef");
        walk("-created_at", limit, "fedcba");
        walk("created_at", limit, "abcdef");
    }
    closed();
}
END_TEST

START_TEST(every_sort_walks_both_ways_and_what_is_absent_comes_last)
{
    opened();
    ten();
    for (uint64_t limit = 1; limit < 8; limit++) {
        walk("due", limit, "cadbef");
        walk("-due", limit, "adcbef");
        walk("priority", limit, "acefbd");
        walk("-priority", limit, "bdcefa");
        walk("due,-priority", limit, "cdabef");
        walk("-priority,due", limit, "dbcefa");
        walk("order", limit, "beadcf");
        walk("-order", limit, "adebcf");
        walk("completed,-order,due", limit, "adbfec");
        walk("-completed,created_at", limit, "ceabdf");
        walk("completed_at", limit, "ceabdf");
        walk("updated_at", limit, "abcdef");
    }
    closed();
}
END_TEST

START_TEST(filters_choose)
{
    opened();
    ten();
    ck_assert_str_eq(all("completed", "true"), "ce");
    ck_assert_str_eq(all("completed", "false"), "abdf");
    ck_assert_str_eq(all("priority", "high"), "bd");
    ck_assert_str_eq(all("due_before", "2026-11-21"), "c");
    ck_assert_str_eq(all("due_after", "2026-11-21"), "ad");
    ck_assert_str_eq(all("due_after", "2026-11-21T00:00:00.000001Z"), "");
    ck_assert_str_eq(all("tag", "home"), "b");
    ck_assert_str_eq(all("tag", " HOMEWORK "), "e");
    ck_assert_str_eq(all("tag", "日本"), "e");
    ck_assert_str_eq(all("tag", "x_y"), "b");
    ck_assert_str_eq(all("tag", "%"), "");
    ck_assert_str_eq(all("q", "home"), "be");
    ck_ok(set("completed", "true"));
    ck_assert_str_eq(listed(NULL), "e");
    closed();
}
END_TEST

START_TEST(search_finds_a_part_in_any_script_whatever_the_case)
{
    opened();
    ten();
    ck_assert_str_eq(all("q", "münchen"), "c");
    ck_assert_str_eq(all("q", "Ünch"), "c");
    ck_assert_str_eq(all("q", "привет"), "f");
    ck_assert_str_eq(all("q", "い物"), "f");
    ck_assert_str_eq(all("q", "本"), "e");
    ck_assert_str_eq(all("q", "50%"), "c");
    ck_assert_str_eq(all("q", "50!"), "f");
    ck_assert_str_eq(all("q", "x_y"), "b");
    ck_assert_str_eq(all("q", "B"), "b");
    ck_assert_str_eq(all("q", "%"), "c");
    ck_assert_str_eq(all("q", "'"), "");
    closed();
}
END_TEST

START_TEST(count_is_of_the_whole_list)
{
    int64_t n = 0;
    opened();
    ten();
    todo_query_init(&query);
    query.limit = 1;
    ck_ok(todo_count(db, "alice", &query, &n));
    ck_assert_int_eq(n, 6);
    ck_ok(set("completed", "true"));
    ck_ok(todo_count(db, "alice", &query, &n));
    ck_assert_int_eq(n, 2);
    ck_ok(todo_count(db, "carol", &query, &n));
    ck_assert_int_eq(n, 0);
    closed();
}
END_TEST

START_TEST(page_ends_early_when_it_grows_large)
{
    struct buf text = BUF_INIT(100000);
    opened();
    buf_str(&text, "{\"title\":\"n\",\"notes\":\"");
    for (int i = 0; i < 20000; i++)
        buf_str(&text, "é");
    buf_str(&text, "\"}");
    for (int i = 0; i < 40; i++)
        add("alice", buf_cstr(&text));
    buf_free(&text);
    todo_query_init(&query);
    listed(NULL);
    ck_assert_uint_lt(strlen(titles), 40);
    ck_assert_uint_ge(strlen(titles) * 40000, TODO_PAGE_BYTES);
    ck_assert(page.after);
    query.turn = TODO_AFTER;
    struct todo_place last = page.last;
    size_t n = strlen(titles);
    ck_assert_uint_eq(n + strlen(listed(&last)), 40);
    closed();
}
END_TEST

START_TEST(page_has_an_upper_limit)
{
    opened();
    for (int i = 0; i < TODO_LIMIT_MAX + 1; i++)
        made("alice", "x");
    todo_query_init(&query);
    query.limit = UINT64_MAX;
    ck_assert_uint_eq(strlen(listed(NULL)), TODO_LIMIT_MAX);
    ck_assert(page.after);
    closed();
}
END_TEST

START_TEST(wrong_parameters_are_refused)
{
    static const struct {
        const char *name, *value;
    } bad[] = {{"limit", "0"},
               {"limit", "501"},
               {"limit", ""},
               {"limit", "1e2"},
               {"completed", "yes"},
               {"completed", ""},
               {"priority", "Low"},
               {"priority", ""},
               {"due_before", "today"},
               {"due_after", ""},
               {"tag", ""},
               {"tag", " "},
               {"tag", "a\nb"},
               {"tag", "\xff"},
               {"q", ""},
               {"q", "a\x1f"},
               {"sort", ""},
               {"sort", "title"},
               {"sort", "due,"},
               {"sort", "due,-due"},
               {"sort", "--due"},
               {"sort", "order,due,priority,completed"},
               {"sort", "-"},
               {"after", ""},
               {"before", ""}};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        todo_query_init(&query);
        ck_assert_msg(set(bad[i].name, bad[i].value) == LK_SYNTAX, "%s=%s", bad[i].name, bad[i].value);
        ck_assert_ptr_nonnull(wrong);
    }
    todo_query_init(&query);
    ck_assert_int_eq(set("Limit", "5"), LK_NOT_FOUND);
    ck_assert(!todo_query_has_other(&query, ""));
    ck_ok(set("limit", "5"));
    ck_assert_int_eq(set("limit", "5"), LK_SYNTAX);
    ck_assert(todo_query_has_other(&query, "completed"));
    ck_ok(set("after", "x"));
    ck_assert_int_eq(set("before", "x"), LK_SYNTAX);
}
END_TEST

static struct buf digest_of(const char *subject, const char *name, const char *value)
{
    struct buf digest = BUF_INIT(4000);
    todo_query_init(&query);
    if (*name)
        ck_ok(set(name, value));
    ck_ok(todo_query_digest(&query, subject, &digest));
    return digest;
}

START_TEST(cursor_is_good_for_its_own_list_only)
{
    static const struct {
        const char *subject, *name, *value;
        int error;
    } lists[] = {{"alice", "sort", "due,-priority", 0},
                 {"bob", "sort", "due,-priority", LK_SYNTAX},
                 {"alice", "sort", "due,priority", LK_SYNTAX},
                 {"alice", "sort", "-due,-priority", LK_SYNTAX},
                 {"alice", "", "", LK_SYNTAX},
                 {"alice", "q", "x", LK_SYNTAX}};
    uint8_t key[CURSOR_KEY_SIZE], other[CURSOR_KEY_SIZE];
    char text[CURSOR_TEXT_SIZE];
    const struct todo_place place = {"017f22e2-79b0-7cc3-98c4-dc0c0c07398f", {INT64_MIN, -1, INT64_MAX}};
    struct todo_place read = {0};
    opened();
    ck_ok(cursor_key(db, key));
    closed();
    struct buf digest = digest_of("alice", "sort", "due,-priority");
    ck_ok(cursor_write(key, buf_all(&digest), &place, text));
    ck_assert_uint_eq(strlen(text), CURSOR_TEXT_SIZE - 1);
    for (size_t i = 0; i < sizeof lists / sizeof lists[0]; i++) {
        struct buf d = digest_of(lists[i].subject, lists[i].name, lists[i].value);
        ck_assert_int_eq(cursor_read(key, buf_all(&d), span_of(text), &read), lists[i].error);
        buf_free(&d);
    }
    ck_assert_str_eq(read.id, place.id);
    ck_assert_mem_eq(read.keys, place.keys, sizeof read.keys);
    memcpy(other, key, sizeof key);
    other[0] ^= 1;
    ck_assert_int_eq(cursor_read(other, buf_all(&digest), span_of(text), &read), LK_SYNTAX);
    buf_free(&digest);
}
END_TEST

START_TEST(changed_cursor_is_refused_at_every_place)
{
    const uint8_t key[CURSOR_KEY_SIZE] = {1};
    char text[CURSOR_TEXT_SIZE];
    const struct todo_place place = {"017f22e2-79b0-7cc3-98c4-dc0c0c07398f", {1, 2, 3}};
    struct todo_place read = {0};
    ck_ok(cursor_write(key, span_of("d"), &place, text));
    for (size_t i = 0; i < CURSOR_TEXT_SIZE - 1; i++) {
        char forged[CURSOR_TEXT_SIZE];
        memcpy(forged, text, sizeof forged);
        forged[i] = text[i] == 'A' ? 'B' : 'A';
        ck_assert_int_eq(cursor_read(key, span_of("d"), span_of(forged), &read), LK_SYNTAX);
        ck_assert_int_eq(cursor_read(key, span_of("d"), (struct span){text, i}, &read), LK_SYNTAX);
    }
    ck_ok(cursor_read(key, span_of("d"), span_of(text), &read));
}
END_TEST

START_TEST(failing_store_is_told_as_such)
{
    struct todo_page none = {0};
    int64_t n = 0;
    opened();
    made("alice", "x");
    todo_query_init(&query);
    ck_ok(run(db, "UPDATE todo SET title = substr(hex(zeroblob(1001)), 1, 2001)"));
    ck_assert_int_eq(todo_list(db, "alice", &query, NULL, BASE, &none), LK_STORE);
    ck_assert_ptr_null(none.json.p);
    ck_ok(run(db, "ALTER TABLE todo RENAME TO gone"));
    ck_assert_int_eq(todo_list(db, "alice", &query, NULL, BASE, &none), LK_STORE);
    ck_assert_int_eq(todo_count(db, "alice", &query, &n), LK_STORE);
    db_rollback(db);
    ck_ok(db_begin_write(db));
    ck_ok(todo_list(db, "alice", &query, NULL, BASE, &none));
    buf_free(&none.json);
    closed();
}
END_TEST

/* Tables are only ever searched by the subject; the order of creation needs no sorting. */
static void check_plan(const char *sql)
{
    char explain[4000];
    sqlite3_stmt *stmt = NULL;
    snprintf(explain, sizeof explain, "EXPLAIN QUERY PLAN %s", sql);
    ck_ok(sqlite3_prepare_v2(db->handle, explain, -1, &stmt, NULL));
    while (sqlite3_step(stmt) == SQLITE_ROW) {
        const char *detail = (const char *)sqlite3_column_text(stmt, 3);
        bool search = strncmp(detail, "SEARCH t", 8) == 0;
        ck_assert_msg(!search || strstr(detail, "(subject=?"), "%s: %s", sql, detail);
        ck_assert_msg(strncmp(detail, "SCAN t", 6) != 0 && strcmp(detail, "SCAN a") != 0, "%s: %s", sql, detail);
        ck_assert_msg(strstr(sql, "k1") || !strstr(detail, "B-TREE"), "%s: %s", sql, detail);
        if (strstr(sql, "ORDER BY id") && search)
            ck_assert_msg(strstr(detail, strstr(sql, "id DESC") ? "id<?)" : "id>?)") != NULL, "%s: %s", sql, detail);
    }
    sqlite3_finalize(stmt);
}

START_TEST(every_query_goes_by_the_index)
{
    int checked = 0;
    int64_t n = 0;
    opened();
    made("alice", "x");
    all("sort", "created_at");
    all("sort", "-created_at");
    all("sort", "due");
    struct todo_place first = page.first;
    query.turn = TODO_BEFORE;
    listed(&first);
    all("completed", "false");
    query.turn = TODO_BEFORE;
    listed(&first);
    ck_ok(todo_count(db, "alice", &query, &n));
    for (sqlite3_stmt *s = sqlite3_next_stmt(db->handle, NULL); s; s = sqlite3_next_stmt(db->handle, s)) {
        if (strncmp(sqlite3_sql(s), "INSERT", 6) == 0 || !strstr(sqlite3_sql(s), " todo"))
            continue;
        check_plan(sqlite3_sql(s));
        checked++;
    }
    ck_assert_int_eq(checked, 7); /* six ways through a list, and the count */
    closed();
}
END_TEST

UNIT_MAIN("todo_list", order_of_creation_walks_both_ways, every_sort_walks_both_ways_and_what_is_absent_comes_last,
          filters_choose, search_finds_a_part_in_any_script_whatever_the_case, count_is_of_the_whole_list,
          page_ends_early_when_it_grows_large, page_has_an_upper_limit, wrong_parameters_are_refused,
          cursor_is_good_for_its_own_list_only, changed_cursor_is_refused_at_every_place, failing_store_is_told_as_such,
          every_query_goes_by_the_index)
