/* Todos that were written by a release before the schema step that folds what is searched. */
#include "todo_fixture.h"

#include "store/schema.h"
#include "todo/list.h"
#include "todo/search.h"

#define BEFORE_SEARCH 2 /* schema steps */
#define ROW           "00000000-0000-7000-8000-0000000%05x"

static void add_character(struct buf *text, uint32_t c)
{
    unsigned char utf8[4] = {(unsigned char)c};
    size_t n = c < 0x80 ? 1 : c < 0x800 ? 2 : c < 0x10000 ? 3 : 4;
    static const unsigned char leads[] = {0, 0, 0xc0, 0xe0, 0xf0};
    for (size_t i = n; n > 1 && i-- > 0; c >>= 6)
        utf8[i] = (unsigned char)(i ? 0x80 | (c & 0x3f) : leads[n] | c);
    buf_add(text, utf8, n);
}

static void open_old(void)
{
    const struct db_options options = {path, 1000, schema_steps, BEFORE_SEARCH, false};
    fresh();
    ck_ok(db_open_with(&options, &db, &fault));
    ck_ok(db_begin_write(db));
}

static void insert_old(int row, const char *title)
{
    char id[TODO_ID_SIZE];
    snprintf(id, sizeof id, ROW, (unsigned)row & 0xfffff);
    ck_ok(db_exec(db, "INSERT INTO todo VALUES ('ann', $1, $2, 0, NULL, 5, 5)", DB_ARGS(db_text(id), db_text(title)),
                  NULL));
}

static void upgrade(void)
{
    ck_ok(db_commit(db));
    db_close(db);
    ck_assert_msg(db_open(path, 1000, &db, &fault) == 0, "%s", buf_cstr(&fault));
    ck_ok(db_begin_write(db));
}

static void is_folded(int row)
{
    char id[TODO_ID_SIZE];
    struct todo t = {0};
    struct db_row *found = NULL;
    struct buf expected = BUF_INIT((size_t)SEARCH_BYTES);
    snprintf(id, sizeof id, ROW, (unsigned)row & 0xfffff);
    ck_ok(todo_read(db, "ann", id, &t));
    ck_ok(search_text(&t, &expected));
    ck_ok(db_query(db, "SELECT search FROM todo WHERE id = $1", DB_ARGS(db_text(id)), &found));
    ck_ok(db_next(found));
    ck_assert_str_eq(db_col_text(found, 0), buf_cstr(&expected));
    ck_assert_int_eq(t.updated_at, 5);
    db_done(found);
    buf_free(&expected);
    todo_free(&t);
}

static size_t finds(const char *part)
{
    struct todo_query q;
    struct todo_place place = {0};
    struct todo_page page;
    const char *wrong = NULL;
    todo_query_init(&q);
    ck_ok(todo_query_set(&q, span_of("q"), span_of(part), &wrong));
    ck_ok(todo_list(db, "ann", &q, &place, BASE, &page));
    buf_free(&page.json);
    return page.count;
}

START_TEST(old_titles_are_found_whatever_the_case)
{
    open_old();
    insert_old(0, "Füße WASCHEN");
    insert_old(1, "ПРИВЕТ");
    insert_old(2, "Plain ASCII 50%");
    insert_old(3, "日本語");
    upgrade();
    for (int i = 0; i < 4; i++)
        is_folded(i);
    ck_assert_uint_eq(finds("FÜSSE"), 0);
    ck_assert_uint_eq(finds("FÜßE waschen"), 1);
    ck_assert_uint_eq(finds("привет"), 1);
    ck_assert_uint_eq(finds("ascii 50%"), 1);
    ck_assert_uint_eq(finds("本"), 1);
    closed();
}
END_TEST

#define LETTERS_END 0x1ffff
#define LETTERS     400 /* in a title */

START_TEST(every_letter_is_folded_as_it_is_today)
{
    struct buf title = BUF_INIT(TODO_TITLE_MAX * 4);
    int rows = 0;
    open_old();
    for (uint32_t c = 0x21; c <= LETTERS_END; c++) {
        if (c == 0x7f)
            c = 0xa1;
        if (c == 0xd800)
            c = 0xe000;
        add_character(&title, c);
        if (c % LETTERS && c != LETTERS_END)
            continue;
        insert_old(rows++, buf_cstr(&title));
        buf_reset(&title);
    }
    upgrade();
    ck_assert_int_gt(rows, 300);
    for (int i = 0; i < rows; i++)
        is_folded(i);
    closed();
    buf_free(&title);
}
END_TEST

UNIT_MAIN("todo_upgrade", old_titles_are_found_whatever_the_case, every_letter_is_folded_as_it_is_today)
