#ifndef LK_TODO_QUERY_H
#define LK_TODO_QUERY_H

#include "todo/todo.h"

/* Which todos a list has, in which order, and which page of it. */

#define TODO_LIMIT_MAX     500
#define TODO_LIMIT_DEFAULT 50
#define TODO_SORTS         3   /* terms of one order */
#define TODO_SEARCH_MAX    200 /* characters of `q` */

enum todo_sort {
    TODO_SORT_NONE,
    TODO_SORT_ORDER,
    TODO_SORT_DUE,
    TODO_SORT_PRIORITY,
    TODO_SORT_COMPLETED,
    TODO_SORT_COMPLETED_AT,
    TODO_SORT_UPDATED_AT,
    TODO_SORT_CREATED_AT
};

struct todo_key {
    enum todo_sort by;
    int direction; /* 1 or -1 */
};

/* Where a todo stands in an order. */
struct todo_place {
    char id[TODO_ID_SIZE]; /* "" for no place */
    int64_t keys[TODO_SORTS];
};

enum todo_turn { TODO_FIRST, TODO_AFTER, TODO_BEFORE };

struct todo_query {
    uint64_t limit;
    enum todo_which which;
    int priority; /* -1: any */
    bool has_due_before, has_due_after;
    int64_t due_before, due_after; /* microseconds */
    char tag[(TODO_TAG_MAX * 2 + 1) * 4];
    char part[(TODO_SEARCH_MAX * 2 + 1) * 4]; /* patterns; "" for any */
    struct todo_key sort[TODO_SORTS];
    bool newest; /* the order of creation, backwards; only without `sort` */
    enum todo_turn turn;
    char cursor[160]; /* as sent; "" at TODO_FIRST */
    unsigned seen;    /* parameters that were set, by their number */
};

void todo_query_init(struct todo_query *q);

/* Sets the parameter: limit, completed, priority, tag, due_before, due_after, q, sort, after, before. `values` may
 * be had once each, and only one of after and before.
 * LK_NOT_FOUND: there is no such parameter; LK_SYNTAX with `*fault`, a fixed sentence. */
int todo_query_set(struct todo_query *q, struct span name, struct span value, const char **fault);

/* Was anything set but `name` ("" for anything at all)? */
bool todo_query_has_other(const struct todo_query *q, const char *name);

/* What a cursor of this query is good for: the subject, the filters and the order, but not the limit. */
int todo_query_digest(const struct todo_query *q, const char *subject, struct buf *out);

#endif
