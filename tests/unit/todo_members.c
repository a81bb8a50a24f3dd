#include "base/json.h"
#include "todo_fixture.h"

START_TEST(members_are_set)
{
    struct todo t = {0};
    ck_ok(merge(
        &t,
        "{\"title\":\" \\u3000Milk\\t\",\"completed\":true,\"order\":-7,\"priority\":\"high\",\"notes\":\" a\\n\\tb \","
        "\"due\":\"2026-11-21T10:00:00+01:00\",\"tags\":[\" home \",\"Work\"]}",
        true));
    ck_assert_str_eq(t.title, "Milk");
    ck_assert(t.completed && t.has_order);
    ck_assert_int_eq(t.order, -7);
    ck_assert_int_eq(t.priority, TODO_HIGH);
    ck_assert_str_eq(json_string_value(t.notes), " a\n\tb ");
    ck_assert_str_eq(t.due, "2026-11-21T10:00:00+01:00");
    ck_assert_int_eq(t.due_us, INT64_C(1795251600000000));
    ck_assert_uint_eq(json_array_size(t.tags), 2);
    ck_assert_str_eq(json_string_value(json_array_get(t.tags, 0)), "home");
    todo_free(&t);
}
END_TEST

START_TEST(absent_keeps_and_null_resets)
{
    struct todo t = {.title = "Milk", .completed = true, .has_order = true, .order = 3};
    ck_ok(merge(&t, "{}", false));
    ck_assert(t.completed && t.has_order && t.order == 3);
    ck_ok(merge(&t, "{\"completed\":null,\"order\":null}", false));
    ck_assert_str_eq(t.title, "Milk");
    ck_assert(!t.completed && !t.has_order && t.order == 0);
    ck_ok(merge(&t, "{\"notes\":\"n\",\"priority\":\"low\",\"due\":\"2026-11-21\",\"tags\":[\"a\"]}", false));
    ck_ok(merge(&t, "{\"order\":1}", false));
    ck_assert_int_eq(t.priority, TODO_LOW);
    ck_assert_str_eq(json_string_value(t.notes), "n");
    ck_assert_str_eq(t.due, "2026-11-21");
    ck_assert_uint_eq(json_array_size(t.tags), 1);
    ck_ok(merge(&t, "{\"notes\":null,\"priority\":null,\"due\":null,\"tags\":null}", false));
    ck_assert_int_eq(t.priority, TODO_NORMAL);
    ck_assert_ptr_null(t.notes);
    ck_assert_str_eq(t.due, "");
    ck_assert_uint_eq(json_array_size(t.tags), 0);
    todo_free(&t);
}
END_TEST

START_TEST(whole_object_may_be_sent_back)
{
    struct todo t = {.title = "Milk", .id = "i", .created_at = 5};
    ck_ok(merge(&t,
                "{\"id\":\"other\",\"url\":1,\"created_at\":\"x\",\"updated_at\":null,"
                "\"completed_at\":7,\"title\":\"B\"}",
                true));
    ck_assert_str_eq(t.title, "B");
    ck_assert_str_eq(t.id, "i");
    ck_assert_int_eq(t.created_at, 5);
}
END_TEST

START_TEST(every_wrong_member_is_named_and_nothing_changes)
{
    static const struct {
        const char *text, *says;
    } wrong[] = {
        {"{\"completed\":true,\"title\":1}", "/title: must be a string"},
        {"{\"completed\":true,\"title\":null}", "/title: must be a string"},
        {"{\"completed\":true,\"title\":[\"a\"]}", "/title: must be a string"},
        {"{\"completed\":true,\"title\":\"\"}", "/title: must have 1 to 500 characters"},
        {"{\"completed\":true,\"title\":\" \\n\\u2003\"}", "/title: must have 1 to 500 characters"},
        {"{\"completed\":true,\"title\":\"a\\u0000b\"}", "/title: must not have control characters"},
        {"{\"completed\":true,\"title\":\"a\\nb\"}", "/title: must not have control characters"},
        {"{\"completed\":true,\"title\":\"a\\u009fb\"}", "/title: must not have control characters"},
        {"{\"order\":1,\"completed\":1}", "/completed: must be true or false"},
        {"{\"order\":1,\"completed\":\"true\"}", "/completed: must be true or false"},
        {"{\"completed\":true,\"order\":1.0}", "/order: must be an integer or null"},
        {"{\"completed\":true,\"order\":1e2}", "/order: must be an integer or null"},
        {"{\"completed\":true,\"order\":\"1\"}", "/order: must be an integer or null"},
        {"{\"completed\":true,\"order\":true}", "/order: must be an integer or null"},
        {"{\"completed\":true,\"order\":9007199254740992}", "/order: must lie between -(2^53-1) and 2^53-1"},
        {"{\"completed\":true,\"order\":-9007199254740992}", "/order: must lie between -(2^53-1) and 2^53-1"},
        {"{\"completed\":true,\"Title\":\"a\"}", "/Title: is not a known member"},
        {"{\"completed\":true,\"\":\"a\"}", "/: is not a known member"},
        {"{\"completed\":true,\"a/b~c\":\"a\"}", "/a~1b~0c: is not a known member"},
        {"{\"completed\":true,\"a\\nb\":\"a\"}", ": a member is not known"},
        {"{\"completed\":true,\"\\ta\":\"a\"}", ": a member is not known"},
        {"{\"completed\":true,\"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\":\"a\"}",
         ": a member is not known"},
        {"{\"notes\":5}", "/notes: must be a string or null"},
        {"{\"notes\":\"a\\u0007\"}", "/notes: must not have control characters but tabs and line ends"},
        {"{\"notes\":\"a\\u0000\"}", "/notes: must not have control characters but tabs and line ends"},
        {"{\"priority\":\"urgent\"}", "/priority: must be low, normal or high"},
        {"{\"priority\":\"High\"}", "/priority: must be low, normal or high"},
        {"{\"priority\":1}", "/priority: must be low, normal or high"},
        {"{\"due\":\"tomorrow\"}", "/due: must be a date or a date-time of RFC 3339"},
        {"{\"due\":20261121}", "/due: must be a date or a date-time of RFC 3339"},
        {"{\"tags\":\"a\"}", "/tags: must be an array of strings"},
        {"{\"tags\":{}}", "/tags: must be an array of strings"},
        {"{\"tags\":[\"a\",5]}", "/tags/1: must be a string"},
        {"{\"tags\":[\"a\",\" a\"]}", "/tags/1: is there twice"},
        {"{\"tags\":[\" \"]}", "/tags/0: must have 1 to 50 characters"},
        {"{\"tags\":[\"a\\nb\"]}", "/tags/0: must not have control characters"},
        {"{\"tags\":[1,2,3,4,5,6,7,8,9,0,1,2,3,4,5,6,7,8,9,0,1]}", "/tags: must have at most 20 tags"},
        {"{\"title\":5,\"tags\":[1,\"a\",null],\"order\":\"x\"}",
         "/title: must be a string\n/tags/0: must be a string\n/tags/2: must be a string\n/order: must be an integer "
         "or null"},
    };
    const struct todo before = {.title = "Milk", .order = 5};
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        struct todo t = before;
        ck_assert_msg(merge(&t, wrong[i].text, false) == LK_SYNTAX, "%s", wrong[i].text);
        ck_assert_str_eq(said, wrong[i].says);
        ck_assert_mem_eq(&t, &before, sizeof t);
    }
}
END_TEST

/* Each member with a value of each type: "x" where it belongs. */
START_TEST(each_type_is_taken_where_it_belongs_and_nowhere_else)
{
    static const char *const values[] = {"null",    "true", "false", "7",  "1.5",
                                         "\"low\"", "[]",   "[[]]",  "{}", "{\"a\":[]}"};
    static const struct {
        const char *name, *taken;
    } table[] = {
        {"title", "     x    "},      {"notes", "x    x    "},      {"completed", "xxx       "},
        {"order", "x  x      "},      {"priority", "x    x    "},   {"due", "x         "},
        {"tags", "x     x   "},       {"id", "xxxxxxxxxx"},         {"url", "xxxxxxxxxx"},
        {"created_at", "xxxxxxxxxx"}, {"updated_at", "xxxxxxxxxx"}, {"completed_at", "xxxxxxxxxx"},
        {"subject", "          "},    {"__proto__", "          "},
    };
    char text[64], pointer[32];
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
        snprintf(pointer, sizeof pointer, "/%s", table[i].name);
        for (size_t j = 0; j < sizeof values / sizeof values[0]; j++) {
            struct todo t = {.title = "Milk"};
            int wanted = table[i].taken[j] == 'x' ? 0 : LK_SYNTAX;
            snprintf(text, sizeof text, "{\"%s\":%s}", table[i].name, values[j]);
            ck_assert_msg(merge(&t, text, false) == wanted, "%s: %s", text, said);
            ck_assert_msg(!wanted || strncmp(said, pointer, strlen(pointer)) == 0, "%s: %s", text, said);
            todo_free(&t);
        }
    }
}
END_TEST

START_TEST(extremes_of_order_are_taken)
{
    struct todo t = {0};
    ck_ok(merge(&t, "{\"order\":9007199254740991}", false));
    ck_assert_int_eq(t.order, INT64_C(9007199254740991));
    ck_ok(merge(&t, "{\"order\":-9007199254740991}", false));
    ck_assert_int_eq(t.order, INT64_C(-9007199254740991));
}
END_TEST

START_TEST(title_is_required_to_create)
{
    struct todo t = {0};
    ck_assert_int_eq(merge(&t, "{\"completed\":true}", true), LK_SYNTAX);
    ck_assert_str_eq(said, "/title: is required");
    ck_ok(merge(&t, "{\"title\":\"a\"}", true));
}
END_TEST

/* `n` characters of four bytes each. */
static int merge_long(struct todo *t, const char *member, size_t n)
{
    struct buf text = BUF_INIT(100000);
    buf_printf(&text, "{\"%s\":\"", member);
    for (size_t i = 0; i < n; i++)
        buf_str(&text, "\xf0\x9f\x98\x80");
    buf_str(&text, "\"}");
    int error = merge(t, buf_cstr(&text), false);
    buf_free(&text);
    return error;
}

START_TEST(title_has_at_most_500_characters_however_long)
{
    struct todo t = {0};
    struct todo read = {0};
    ck_assert_int_eq(merge_long(&t, "title", 501), LK_SYNTAX);
    ck_ok(merge_long(&t, "title", 500));
    ck_assert_uint_eq(strlen(t.title), 2000);
    opened();
    ck_ok(todo_create(db, "alice", &t, NOW));
    ck_ok(todo_read(db, "alice", t.id, &read));
    ck_assert_str_eq(read.title, t.title);
    todo_free(&read);
    todo_free(&t);
    closed();
}
END_TEST

START_TEST(notes_have_at_most_20000_characters_and_a_tag_50)
{
    struct todo t = {.title = "x"};
    struct todo read = {0};
    ck_assert_int_eq(merge_long(&t, "notes", 20001), LK_SYNTAX);
    ck_assert_str_eq(said, "/notes: must have at most 20000 characters");
    ck_ok(merge_long(&t, "notes", 20000));
    opened();
    ck_ok(todo_create(db, "alice", &t, NOW));
    ck_ok(todo_read(db, "alice", t.id, &read));
    ck_assert(json_equal(read.notes, t.notes));
    closed();
    todo_free(&read);
    ck_assert_int_eq(merge(&t, "{\"tags\":[\"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\"]}", false),
                     LK_SYNTAX);
    ck_ok(merge(&t, "{\"tags\":[\"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\"]}", false));
    todo_free(&t);
}
END_TEST

START_TEST(faults_are_counted_only_so_far)
{
    struct todo t = {0};
    struct buf text = BUF_INIT(20000);
    json_t *faults = json_array();
    for (int i = 0; i < 300; i++)
        buf_printf(&text, "%s\"m%d\":1", i ? "," : "{", i);
    buf_str(&text, "}");
    json_t *json = json_loads(buf_cstr(&text), 0, NULL);
    ck_assert_int_eq(todo_merge(&t, json, true, faults), LK_SYNTAX);
    ck_assert_uint_eq(json_array_size(faults), TODO_FAULTS_MAX);
    json_decref(json);
    json_decref(faults);
    buf_free(&text);
}
END_TEST

/* What a client reads. It is written as json_write has it. */
static json_t *written(const struct todo *t, const char *base_url)
{
    struct buf text = BUF_INIT(200000), again = BUF_INIT(200000);
    json_t *json = NULL;
    ck_ok(todo_write(t, base_url, &text));
    ck_ok(json_read_object(buf_all(&text), text.max, 2, &json));
    ck_ok(json_write(json, &again));
    ck_assert_str_eq(buf_cstr(&text), buf_cstr(&again));
    buf_free(&text);
    buf_free(&again);
    return json;
}

START_TEST(json_has_every_member)
{
    struct todo t = {.id = "017f22e2-79b0-7cc3-98c4-dc0c0c07398f",
                     .title = "Milk \"x\"",
                     .priority = TODO_NORMAL,
                     .created_at = 1645557742,
                     .updated_at = 1645557743};
    static const char *const without = "{\"id\":\"017f22e2-79b0-7cc3-98c4-dc0c0c07398f\",\"title\":\"Milk "
                                       "\\\"x\\\"\",\"completed\":false,"
                                       "\"order\":null,\"notes\":\"\",\"priority\":\"normal\",\"due\":null,\"tags\":[],"
                                       "\"created_at\":\"2022-02-22T19:22:22Z\","
                                       "\"updated_at\":\"2022-02-22T19:22:23Z\",\"completed_at\":null,"
                                       "\"url\":\"https://a.example/todos/017f22e2-79b0-7cc3-98c4-dc0c0c07398f\"}";
    struct buf out = BUF_INIT(2000);
    ck_ok(todo_write(&t, BASE, &out));
    ck_assert_str_eq(buf_cstr(&out), without);
    buf_free(&out);
    t.has_order = t.completed = true;
    t.order = -4;
    t.completed_at = 1645557744;
    json_t *json = written(&t, BASE);
    ck_assert_int_eq(json_integer_value(json_object_get(json, "order")), -4);
    ck_assert(json_is_true(json_object_get(json, "completed")));
    ck_assert_str_eq(json_text(json, "completed_at"), "2022-02-22T19:22:24Z");
    json_decref(json);
}
END_TEST

START_TEST(json_reads_back_whatever_is_in_the_members)
{
    struct todo t = {.id = "017f22e2-79b0-7cc3-98c4-dc0c0c07398f", .created_at = 1, .updated_at = 2};
    t.has_order = t.completed = true;
    t.order = -9007199254740991;
    t.completed_at = 1645557744;
    t.priority = TODO_HIGH;
    snprintf(t.due, sizeof t.due, "2026-11-21T10:00:00+01:00");
    snprintf(t.title, sizeof t.title,
             "\"\\\b\f\n\r\t\x01\x7f F\xc3\xbc\xc3\x9f"
             "e \xf0\x9f\x91\xa3 </script>");
    t.notes = json_string("a\n\"b\" \xe2\x82\xac");
    t.tags = json_pack("[s,s]", "one", "z\"w\xc3\xb6i");
    json_t *json = written(&t, "https://a.example/\"x\"");
    ck_assert_str_eq(json_text(json, "title"), t.title);
    ck_assert_int_eq(json_integer_value(json_object_get(json, "order")), t.order);
    ck_assert_str_eq(json_text(json, "priority"), "high");
    ck_assert_str_eq(json_text(json, "due"), t.due);
    ck_assert(json_equal(json_object_get(json, "notes"), t.notes));
    ck_assert(json_equal(json_object_get(json, "tags"), t.tags));
    ck_assert_str_eq(json_text(json, "url"), "https://a.example/\"x\"/017f22e2-79b0-7cc3-98c4-dc0c0c07398f");
    json_decref(json);
    todo_free(&t);
}
END_TEST

START_TEST(text_that_is_no_utf8_is_not_sent)
{
    struct todo t = {.id = "017f22e2-79b0-7cc3-98c4-dc0c0c07398f", .title = "\xc3"};
    struct buf out = BUF_INIT(2000);
    ck_assert_int_eq(todo_write(&t, BASE, &out), LK_STORE);
    buf_free(&out);
    out = BUF_INIT(20);
    t.title[0] = 'x';
    ck_assert_int_eq(todo_write(&t, BASE, &out), LK_TOO_LARGE);
    buf_free(&out);
}
END_TEST

UNIT_MAIN("todo_members", members_are_set, absent_keeps_and_null_resets, whole_object_may_be_sent_back,
          every_wrong_member_is_named_and_nothing_changes, each_type_is_taken_where_it_belongs_and_nowhere_else,
          extremes_of_order_are_taken, title_is_required_to_create, title_has_at_most_500_characters_however_long,
          notes_have_at_most_20000_characters_and_a_tag_50, faults_are_counted_only_so_far, json_has_every_member,
          json_reads_back_whatever_is_in_the_members, text_that_is_no_utf8_is_not_sent)
