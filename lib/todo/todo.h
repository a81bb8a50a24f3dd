#ifndef LK_TODO_TODO_H
#define LK_TODO_TODO_H

#include <jansson.h>

#include "store/db.h"
#include "todo/due.h"

/* The todos of one subject. Every query names the subject, so another's todo does not exist here. The caller holds the
 * transaction. */

#define TODO_ID_SIZE    37  /* UUIDv7 (RFC 9562 5.7) and a NUL */
#define TODO_TITLE_MAX  500 /* characters after trimming */
#define TODO_NOTES_MAX  20000
#define TODO_TAGS_MAX   20
#define TODO_TAG_MAX    50 /* characters after trimming */
#define TODO_FAULTS_MAX 100

enum todo_priority { TODO_LOW, TODO_NORMAL, TODO_HIGH };

/* {0} is an empty one; release with todo_free. */
struct todo {
    char id[TODO_ID_SIZE];
    char title[TODO_TITLE_MAX * 4 + 1];
    char due[DUE_SIZE]; /* "" for none */
    bool completed;
    bool has_order;
    int64_t order;
    int priority;  /* enum todo_priority; a new one is given TODO_NORMAL by todo_merge */
    json_t *notes; /* string; NULL is "" */
    json_t *tags;  /* array of strings; NULL is empty */
    int64_t due_us;
    int64_t created_at, updated_at; /* seconds */
    int64_t completed_at;           /* seconds; 0 while it is not */
    int64_t version;                /* another with each change, and greater */
};

void todo_free(struct todo *t);
bool todo_id_valid(struct span id);

/* The number of a priority's name; LK_SYNTAX. */
int todo_priority_parse(struct span name, int *out);
const char *todo_priority_name(int priority);

/* Applies a JSON object of members (title, notes, completed, order, priority, due, tags) to `t`, as RFC 7396 does:
 * absent keeps, null resets. `create` (also for a PUT, with an empty `t` that has its id): what is absent is reset,
 * and title must be there. id, url, created_at, updated_at and completed_at are ours alone: accepted and ignored, so
 * that a client may send back a whole object it got.
 * LK_SYNTAX: `t` is as it was, and `faults`, an array, has got one {"pointer", "detail"} for each fault (RFC 6901), at
 * most TODO_FAULTS_MAX; never a value, nor an unknown member's name that is long or has control characters (then the
 * pointer is that of the whole object, ""). */
int todo_merge(struct todo *t, json_t *members, bool create, json_t *faults);

/* Appends it as JSON for a client, compact as json_write does: id, title, completed, order, notes, priority, due, tags,
 * created_at, updated_at, completed_at (RFC 3339), url. LK_STORE: the row's text is no UTF-8; LK_NOMEM; LK_TOO_LARGE.
 */
int todo_write(const struct todo *t, const char *base_url, struct buf *out);

/* Inserts; fills id, version and the times. `now_us` microseconds. */
int todo_create(struct db *db, const char *subject, struct todo *t, int64_t now_us);
int todo_read(struct db *db, const char *subject, const char *id, struct todo *out); /* LK_NOT_FOUND */
/* Writes what t->id names when it differs, with version and times; then `t` is the row as it is. LK_NOT_FOUND */
int todo_update(struct db *db, const char *subject, struct todo *t, int64_t now_us);
int todo_delete(struct db *db, const char *subject, const char *id, int64_t now_us); /* LK_NOT_FOUND */

enum todo_which { TODO_ALL, TODO_COMPLETED, TODO_OPEN };
int todo_delete_all(struct db *db, const char *subject, enum todo_which which, int64_t now_us);

/* A number that is another, and greater, after each change of any of the subject's todos. */
int todo_generation(struct db *db, const char *subject, int64_t *out);

/* The columns that todo_from_row reads, of a table called t. */
#define TODO_COLUMNS                                                                                                   \
    "t.id, t.title, t.completed, t.position, t.created_at, t.updated_at, t.completed_at, t.priority, t.due, t.due_us," \
    " t.version, t.tags, t.notes"
#define TODO_COLUMN_COUNT 13

struct db_row;
int todo_from_row(struct db_row *row, struct todo *out);

#endif
