#ifndef LK_TODO_LIST_H
#define LK_TODO_LIST_H

#include "todo/query.h"

/* Pages of a list. Whatever the query, only rows of the subject are read. In the order of creation a page costs what it
 * holds, wherever it is; another order or a filter costs a look at each of the subject's todos. */

/* Bytes of notes and titles after which a page ends early, so that an answer stays below its limit. */
#define TODO_PAGE_BYTES (1U << 20)

struct todo_page {
    struct buf json; /* array; the caller's */
    size_t count;
    bool before, after;            /* are there todos before and after it? */
    struct todo_place first, last; /* of the items; "" without any */
};

/* `place` is where the query's cursor points; unused at TODO_FIRST. */
int todo_list(struct db *db, const char *subject, const struct todo_query *q, const struct todo_place *place,
              const char *base_url, struct todo_page *out);

/* How many todos the whole list has. */
int todo_count(struct db *db, const char *subject, const struct todo_query *q, int64_t *out);

#endif
