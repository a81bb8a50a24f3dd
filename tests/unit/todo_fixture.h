#ifndef LK_TESTS_TODO_FIXTURE_H
#define LK_TESTS_TODO_FIXTURE_H

#include "store_fixture.h"

#include "todo/todo.h"

#define NOW  INT64_C(1645557742000000) /* 2022-02-22T19:22:22Z */
#define BASE "https://a.example/todos"

static struct db *db;

static inline void opened(void)
{
    fresh();
    ck_ok(db_open(path, 1000, &db, &fault));
    ck_ok(db_begin_write(db));
}

static inline void closed(void)
{
    ck_ok(db_commit(db));
    db_close(db);
    done();
}

/* Merges a JSON text; the fault text is in `said`. */
static char said[200];
static inline int merge(struct todo *t, const char *text, bool create)
{
    struct buf why = BUF_INIT(sizeof said - 1);
    json_t *json = json_loads(text, JSON_DECODE_ANY | JSON_ALLOW_NUL, NULL);
    ck_assert_msg(json != NULL, "%s", text);
    int error = todo_merge(t, json, create, &why);
    snprintf(said, sizeof said, "%s", buf_cstr(&why));
    buf_free(&why);
    json_decref(json);
    return error;
}

static inline struct todo made(const char *subject, const char *title)
{
    struct todo t = {0};
    snprintf(t.title, sizeof t.title, "%s", title);
    ck_ok(todo_create(db, subject, &t, NOW));
    return t;
}

#endif
