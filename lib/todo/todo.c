#include "todo/todo.h"

#include "base/error.h"
#include "base/json.h"
#include "todo/search.h"
#include "todo/uuid7.h"

_Static_assert(TODO_ID_SIZE == UUID7_SIZE, "an id is a UUIDv7");

#define TAGS_BYTES ((size_t)TODO_TAGS_MAX * (TODO_TAG_MAX * 6 + 3) + 2)

bool todo_id_valid(struct span id)
{
    return uuid7_valid(id);
}

/* ---- generation ---------------------------------------------------------------------------------------------------
 */

static int touch(struct db *db, const char *subject, int64_t now_us)
{
    return db_exec(db,
                   "INSERT INTO todo_list (subject, generation) VALUES ($1, $2) ON CONFLICT (subject) DO UPDATE SET"
                   " generation = CASE WHEN todo_list.generation < $2 THEN $2 ELSE todo_list.generation + 1 END",
                   DB_ARGS(db_text(subject), db_int(now_us)), NULL);
}

int todo_generation(struct db *db, const char *subject, int64_t *out)
{
    struct db_row *row = NULL;
    int error = db_query(db, "SELECT generation FROM todo_list WHERE subject = $1", DB_ARGS(db_text(subject)), &row);
    if (!error)
        error = db_next(row);
    if (!error)
        *out = db_col_int(row, 0);
    else if (error == LK_NOT_FOUND)
        *out = error = 0;
    db_done(row);
    return error;
}

/* ---- rows ---------------------------------------------------------------------------------------------------------
 */

static int copy_text(struct db_row *row, int column, char *out, size_t size)
{
    const char *text = db_col_text(row, column);
    size_t n = strlen(text);
    if (n >= size)
        return LK_STORE;
    memcpy(out, text, n + 1);
    return 0;
}

static int read_texts(struct db_row *row, struct todo *out)
{
    int error = copy_text(row, 0, out->id, sizeof out->id);
    if (!error)
        error = copy_text(row, 1, out->title, sizeof out->title);
    if (!error)
        error = copy_text(row, 8, out->due, sizeof out->due);
    return error;
}

int todo_from_row(struct db_row *row, struct todo *out)
{
    int error = read_texts(row, out);
    if (error)
        return error;
    out->completed = db_col_int(row, 2) != 0;
    out->has_order = !db_is_null(row, 3);
    out->order = db_col_int(row, 3);
    out->created_at = db_col_int(row, 4);
    out->updated_at = db_col_int(row, 5);
    out->completed_at = db_col_int(row, 6);
    out->priority = (int)db_col_int(row, 7);
    out->due_us = db_col_int(row, 9);
    out->version = db_col_int(row, 10);
    if (out->priority < TODO_LOW || out->priority > TODO_HIGH)
        return LK_STORE;
    struct span tags = span_of(db_col_text(row, 11));
    if (span_equals(tags, "[]")) /* of most; parsing it costs ten times as much */
        out->tags = json_array();
    else if (json_read(tags, TAGS_BYTES, 1, &out->tags))
        return LK_STORE;
    out->notes = json_string(db_col_text(row, 12));
    return out->notes && out->tags ? 0 : LK_NOMEM;
}

/* What a row holds beside plain members. */
struct derived {
    struct buf tags;   /* JSON */
    struct buf search; /* see todo/search.h */
};

static int derive(const struct todo *t, struct derived *out)
{
    *out = (struct derived){BUF_INIT(TAGS_BYTES), BUF_INIT(SEARCH_BYTES)};
    int error = t->tags ? json_write(t->tags, &out->tags) : buf_str(&out->tags, "[]");
    return error ? error : search_text(t, &out->search);
}

static void derived_free(struct derived *d)
{
    buf_free(&d->tags);
    buf_free(&d->search);
}

/* $3 to $10 of the two statements that write a whole todo. */
#define VALUES(t, d)                                                                                                   \
    db_text((t)->title), db_int((t)->completed), (t)->has_order ? db_int((t)->order) : db_null(),                      \
        db_int((t)->priority), *(t)->due ? db_text((t)->due) : db_null(), *(t)->due ? db_int((t)->due_us) : db_null(), \
        db_text(buf_cstr(&(d)->tags)), db_text((t)->notes ? json_string_value((t)->notes) : ""),                       \
        db_text(buf_cstr(&(d)->search))

static const char insert[] =
    "INSERT INTO todo (subject, id, title, completed, position, priority, due, due_us, tags, notes, search,"
    " created_at, updated_at, completed_at, version)"
    " VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $12, CASE WHEN $4 = 1 THEN $12 END, $13)";

static const char update[] =
    "UPDATE todo SET title = $3, completed = $4, position = $5, priority = $6, due = $7, due_us = $8, tags = $9,"
    " notes = $10, search = $11, updated_at = $12,"
    " completed_at = CASE WHEN $4 = 0 THEN NULL WHEN completed = 1 THEN completed_at ELSE $12 END,"
    " version = CASE WHEN version < $13 THEN $13 ELSE version + 1 END"
    " WHERE subject = $1 AND id = $2 AND (title <> $3 OR completed <> $4 OR position IS DISTINCT FROM $5"
    " OR priority <> $6 OR due IS DISTINCT FROM $7 OR tags <> $9 OR notes <> $10)";

int todo_create(struct db *db, const char *subject, struct todo *t, int64_t now_us)
{
    char id[TODO_ID_SIZE];
    struct derived d;
    int64_t now = now_us / 1000000;
    int error = derive(t, &d);
    if (!error)
        error = uuid7_make(now_us, id);
    if (!error)
        error = db_exec(db, insert, DB_ARGS(db_text(subject), db_text(id), VALUES(t, &d), db_int(now), db_int(now_us)),
                        NULL);
    if (!error)
        error = touch(db, subject, now_us);
    derived_free(&d);
    if (error)
        return error;
    memcpy(t->id, id, sizeof id);
    t->created_at = t->updated_at = now;
    t->completed_at = t->completed ? now : 0;
    t->version = now_us;
    return 0;
}

int todo_read(struct db *db, const char *subject, const char *id, struct todo *out)
{
    struct db_row *row = NULL;
    struct todo t = {0};
    int error = db_query(db, "SELECT " TODO_COLUMNS " FROM todo t WHERE subject = $1 AND id = $2",
                         DB_ARGS(db_text(subject), db_text(id)), &row);
    if (!error)
        error = db_next(row);
    if (!error)
        error = todo_from_row(row, &t);
    db_done(row);
    if (error)
        todo_free(&t);
    else
        *out = t;
    return error;
}

/* A row that already says the same is left alone, its version and updated_at too. */
int todo_update(struct db *db, const char *subject, struct todo *t, int64_t now_us)
{
    struct derived d;
    struct todo now = {0};
    int64_t changed = 0;
    int error = derive(t, &d);
    if (!error)
        error =
            db_exec(db, update,
                    DB_ARGS(db_text(subject), db_text(t->id), VALUES(t, &d), db_int(now_us / 1000000), db_int(now_us)),
                    &changed);
    if (!error && changed)
        error = touch(db, subject, now_us);
    if (!error)
        error = todo_read(db, subject, t->id, &now);
    derived_free(&d);
    if (error)
        return error;
    todo_free(t);
    *t = now;
    return 0;
}

int todo_delete(struct db *db, const char *subject, const char *id, int64_t now_us)
{
    int64_t changed = 0;
    int error = db_exec(db, "DELETE FROM todo WHERE subject = $1 AND id = $2", DB_ARGS(db_text(subject), db_text(id)),
                        &changed);
    if (!error && changed == 0)
        return LK_NOT_FOUND;
    return error ? error : touch(db, subject, now_us);
}

int todo_delete_all(struct db *db, const char *subject, enum todo_which which, int64_t now_us)
{
    int64_t changed = 0;
    struct db_value completed = which == TODO_ALL ? db_null() : db_int(which == TODO_COMPLETED);
    int error = db_exec(db, "DELETE FROM todo WHERE subject = $1 AND ($2 IS NULL OR completed = $2)",
                        DB_ARGS(db_text(subject), completed), &changed);
    return error || changed == 0 ? error : touch(db, subject, now_us);
}
