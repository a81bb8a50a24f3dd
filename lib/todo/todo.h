#ifndef LK_TODO_TODO_H
#define LK_TODO_TODO_H

#include <jansson.h>

#include "store/db.h"

/* The todos of one subject. Every query names the subject, so another's todo does not exist here. The caller holds the
 * transaction. */

#define TODO_ID_SIZE       37  /* UUIDv7 (RFC 9562 5.7) and a NUL */
#define TODO_TITLE_MAX     500 /* characters after trimming */
#define TODO_LIMIT_MAX     500
#define TODO_LIMIT_DEFAULT 50

struct todo {
    char id[TODO_ID_SIZE];
    char title[TODO_TITLE_MAX * 4 + 1];
    bool completed;
    bool has_order;
    int64_t order;
    int64_t created_at, updated_at; /* seconds */
};

bool todo_id_valid(struct span id);

/* Applies a JSON object of members (title, completed, order) to `t`, as RFC 7396 does: absent keeps, null resets.
 * id, url, created_at and updated_at are ours alone: accepted and ignored, so that a client may send back a whole
 * object it got. `create` (also for a PUT, with a zeroed `t` that has its id): title must be there. The title is
 * trimmed of Unicode White_Space; `order` is an integer (never 1.0) within 2^53-1 either way. LK_SYNTAX: `t` is as it
 * was, and `fault` gets the first wrong member's JSON pointer (RFC 6901) and how it is wrong, such as "/title: must be
 * a string"; never its value, nor an unknown member's name that is long or has control characters. */
int todo_merge(struct todo *t, json_t *members, bool create, struct buf *fault);

/* As JSON for a client: id, title, completed, order, created_at, updated_at (RFC 3339), url. New reference. */
int todo_to_json(const struct todo *t, const char *base_url, json_t **out);

/* Inserts; fills id, created_at, updated_at. `now_us` microseconds. */
int todo_create(struct db *db, const char *subject, struct todo *t, int64_t now_us);
int todo_read(struct db *db, const char *subject, const char *id, struct todo *out); /* LK_NOT_FOUND */
/* Writes what t->id names when it differs, with updated_at; then `t` is the row as it is. LK_NOT_FOUND */
int todo_update(struct db *db, const char *subject, struct todo *t, int64_t now_us);
int todo_delete(struct db *db, const char *subject, const char *id); /* LK_NOT_FOUND */
int todo_delete_all(struct db *db, const char *subject);

/* In the order of creation, after `after` ("" from the start), at most `limit` and TODO_LIMIT_MAX; a JSON array.
 * `*more`: there are further ones; `last` gets the id of the last one sent ("" if none). */
int todo_list(struct db *db, const char *subject, const char *after, uint64_t limit, const char *base_url, json_t **out,
              bool *more, char last[TODO_ID_SIZE]);

#endif
