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

/* Merges a JSON text; the faults are in `said`, each "pointer: detail", one a line. */
static char said[20000];
static inline int merge(struct todo *t, const char *text, bool create)
{
    json_t *json = json_loads(text, JSON_DECODE_ANY | JSON_ALLOW_NUL, NULL), *faults = json_array(), *one = NULL;
    size_t i = 0, n = 0;
    ck_assert_msg(json != NULL, "%s", text);
    int error = todo_merge(t, json, create, faults);
    said[0] = '\0';
    json_array_foreach(faults, i, one)
    {
        n += (size_t)snprintf(said + n, sizeof said - n, "%s%s: %s", n ? "\n" : "",
                              json_string_value(json_object_get(one, "pointer")),
                              json_string_value(json_object_get(one, "detail")));
    }
    json_decref(faults);
    json_decref(json);
    return error;
}

static inline struct todo made(const char *subject, const char *title)
{
    struct todo t = {.priority = TODO_NORMAL};
    snprintf(t.title, sizeof t.title, "%s", title);
    ck_ok(todo_create(db, subject, &t, NOW));
    return t;
}

#endif
