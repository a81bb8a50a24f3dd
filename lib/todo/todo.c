#include "todo/todo.h"

#include "base/clock.h"
#include "base/error.h"
#include "todo/text.h"
#include "todo/uuid7.h"

_Static_assert(TODO_ID_SIZE == UUID7_SIZE, "an id is a UUIDv7");

bool todo_id_valid(struct span id)
{
    return uuid7_valid(id);
}

/* ---- members ---------------------------------------------------------------------------------------------- */

#define ORDER_MAX      9007199254740991 /* 2^53-1: what every client's numbers hold (RFC 7493 2.2) */
#define NAME_SHOWN_MAX 64               /* characters */

/* Each gives NULL or what is wrong with the value. */
typedef const char *member_setter(struct todo *t, const json_t *value);

static const char *set_title(struct todo *t, const json_t *value)
{
    if (!json_is_string(value))
        return "must be a string";
    struct span text = {json_string_value(value), json_string_length(value)};
    size_t characters = 0;
    if (text_trim(text, &text, &characters))
        return "must not have control characters";
    if (characters < 1 || characters > TODO_TITLE_MAX)
        return "must have 1 to 500 characters";
    memcpy(t->title, text.p, text.n);
    t->title[text.n] = '\0';
    return NULL;
}

static const char *set_completed(struct todo *t, const json_t *value)
{
    if (!json_is_boolean(value) && !json_is_null(value))
        return "must be true or false";
    t->completed = json_is_true(value);
    return NULL;
}

static const char *set_order(struct todo *t, const json_t *value)
{
    if (!json_is_integer(value) && !json_is_null(value))
        return "must be an integer or null";
    json_int_t order = json_integer_value(value); /* 0 for null */
    if (order < -ORDER_MAX || order > ORDER_MAX)
        return "must lie between -(2^53-1) and 2^53-1";
    t->has_order = json_is_integer(value);
    t->order = order;
    return NULL;
}

static const struct member {
    const char *name;
    member_setter *set; /* NULL: ours to write, ignored */
} members[] = {
    {"title", set_title}, {"completed", set_completed}, {"order", set_order}, {"id", NULL},
    {"url", NULL},        {"created_at", NULL},         {"updated_at", NULL},
};

static const struct member *find_member(const char *name)
{
    for (size_t i = 0; i < sizeof members / sizeof members[0]; i++) {
        if (strcmp(members[i].name, name) == 0)
            return &members[i];
    }
    return NULL;
}

/* RFC 6901: "~" is written "~0", "/" is written "~1". */
static int blame(struct buf *fault, const char *name, const char *what)
{
    buf_str(fault, "/");
    for (; *name; name++) {
        if (*name == '~' || *name == '/')
            buf_str(fault, *name == '~' ? "~0" : "~1");
        else
            buf_add(fault, name, 1);
    }
    buf_printf(fault, ": %s", what);
    return LK_SYNTAX;
}

/* A client's own name for a member is shown only when it is harmless to show. */
static int blame_unknown(struct buf *fault, const char *name)
{
    struct span trimmed;
    size_t characters = 0;
    bool shown = !text_trim(span_of(name), &trimmed, &characters) && trimmed.n == strlen(name);
    if (!shown || characters > NAME_SHOWN_MAX) {
        buf_str(fault, "a member is not known");
        return LK_SYNTAX;
    }
    return blame(fault, name, "is not a known member");
}

static int merge_member(struct todo *t, const char *name, const json_t *value, struct buf *fault)
{
    const struct member *member = find_member(name);
    if (!member)
        return blame_unknown(fault, name);
    const char *wrong = member->set ? member->set(t, value) : NULL;
    return wrong ? blame(fault, name, wrong) : 0;
}

int todo_merge(struct todo *t, json_t *object, bool create, struct buf *fault)
{
    struct todo merged = *t;
    const char *name = NULL;
    json_t *value = NULL;
    if (!json_is_object(object)) {
        buf_str(fault, "must be a JSON object");
        return LK_SYNTAX;
    }
    json_object_foreach(object, name, value)
    {
        int error = merge_member(&merged, name, value, fault);
        if (error)
            return error;
    }
    if (create && !json_object_get(object, "title"))
        return blame(fault, "title", "is required");
    *t = merged;
    return 0;
}

int todo_to_json(const struct todo *t, const char *base_url, json_t **out)
{
    char created[CLOCK_RFC3339_SIZE];
    char updated[CLOCK_RFC3339_SIZE];
    clock_rfc3339(t->created_at, created);
    clock_rfc3339(t->updated_at, updated);
    json_t *order = t->has_order ? json_integer(t->order) : json_null();
    json_t *json = json_pack("{s:s, s:s, s:b, s:o, s:s, s:s, s:o}", "id", t->id, "title", t->title, "completed",
                             (int)t->completed, "order", order, "created_at", created, "updated_at", updated, "url",
                             json_sprintf("%s/%s", base_url, t->id));
    if (!json)
        return LK_NOMEM;
    *out = json;
    return 0;
}

/* ---- rows ------------------------------------------------------------------------------------------------- */

#define COLUMNS "id, title, completed, position, created_at, updated_at"

static struct db_value order_value(const struct todo *t)
{
    return t->has_order ? db_int(t->order) : db_null();
}

static int copy_text(struct db_row *row, int column, char *out, size_t size)
{
    const char *text = db_col_text(row, column);
    size_t n = strlen(text);
    if (n >= size)
        return LK_STORE;
    memcpy(out, text, n + 1);
    return 0;
}

/* Of a row of COLUMNS. */
static int from_row(struct db_row *row, struct todo *out)
{
    int error = copy_text(row, 0, out->id, sizeof out->id);
    if (!error)
        error = copy_text(row, 1, out->title, sizeof out->title);
    if (error)
        return error;
    out->completed = db_col_int(row, 2) != 0;
    out->has_order = !db_is_null(row, 3);
    out->order = db_col_int(row, 3);
    out->created_at = db_col_int(row, 4);
    out->updated_at = db_col_int(row, 5);
    return 0;
}

int todo_create(struct db *db, const char *subject, struct todo *t, int64_t now_us)
{
    char id[TODO_ID_SIZE];
    int64_t now = now_us / 1000000;
    int error = uuid7_make(now_us, id);
    if (!error)
        error = db_exec(db,
                        "INSERT INTO todo (subject, id, title, completed, position, created_at, updated_at)"
                        " VALUES ($1, $2, $3, $4, $5, $6, $6)",
                        DB_ARGS(db_text(subject), db_text(id), db_text(t->title), db_int(t->completed), order_value(t),
                                db_int(now)),
                        NULL);
    if (error)
        return error;
    memcpy(t->id, id, sizeof id);
    t->created_at = now;
    t->updated_at = now;
    return 0;
}

int todo_read(struct db *db, const char *subject, const char *id, struct todo *out)
{
    struct db_row *row = NULL;
    struct todo t;
    int error = db_query(db, "SELECT " COLUMNS " FROM todo WHERE subject = $1 AND id = $2",
                         DB_ARGS(db_text(subject), db_text(id)), &row);
    if (!error)
        error = db_next(row);
    if (!error)
        error = from_row(row, &t);
    db_done(row);
    if (!error)
        *out = t;
    return error;
}

/* A row that already says the same is left alone, its updated_at too. */
int todo_update(struct db *db, const char *subject, struct todo *t, int64_t now_us)
{
    int error = db_exec(db,
                        "UPDATE todo SET title = $3, completed = $4, position = $5, updated_at = $6"
                        " WHERE subject = $1 AND id = $2"
                        " AND (title <> $3 OR completed <> $4 OR position IS DISTINCT FROM $5)",
                        DB_ARGS(db_text(subject), db_text(t->id), db_text(t->title), db_int(t->completed),
                                order_value(t), db_int(now_us / 1000000)),
                        NULL);
    return error ? error : todo_read(db, subject, t->id, t);
}

int todo_delete(struct db *db, const char *subject, const char *id)
{
    int64_t changed = 0;
    int error = db_exec(db, "DELETE FROM todo WHERE subject = $1 AND id = $2", DB_ARGS(db_text(subject), db_text(id)),
                        &changed);
    return !error && changed == 0 ? LK_NOT_FOUND : error;
}

int todo_delete_all(struct db *db, const char *subject)
{
    return db_exec(db, "DELETE FROM todo WHERE subject = $1", DB_ARGS(db_text(subject)), NULL);
}

/* ---- list ------------------------------------------------------------------------------------------------- */

struct page {
    json_t *array;
    const char *base_url;
    uint64_t limit;
    bool more;
    char last[TODO_ID_SIZE];
};

static int add_to_page(struct page *page, struct db_row *row)
{
    struct todo t;
    json_t *json = NULL;
    if (json_array_size(page->array) == page->limit) {
        page->more = true;
        return 0;
    }
    int error = from_row(row, &t);
    if (!error)
        error = todo_to_json(&t, page->base_url, &json);
    if (error)
        return error;
    memcpy(page->last, t.id, sizeof t.id);
    return json_array_append_new(page->array, json) ? LK_NOMEM : 0;
}

int todo_list(struct db *db, const char *subject, const char *after, uint64_t limit, const char *base_url, json_t **out,
              bool *more, char last[TODO_ID_SIZE])
{
    struct db_row *row = NULL;
    struct page page = {json_array(), base_url, limit < TODO_LIMIT_MAX ? limit : TODO_LIMIT_MAX, false, ""};
    int error = page.array ? 0 : LK_NOMEM;
    if (!error) /* one more than asked for tells whether there are further ones */
        error = db_query(db, "SELECT " COLUMNS " FROM todo WHERE subject = $1 AND id > $2 ORDER BY id LIMIT $3",
                         DB_ARGS(db_text(subject), db_text(after), db_int((int64_t)page.limit + 1)), &row);
    while (!error && !(error = db_next(row)))
        error = add_to_page(&page, row);
    db_done(row);
    if (error != LK_NOT_FOUND) {
        json_decref(page.array);
        return error;
    }
    *out = page.array;
    *more = page.more;
    memcpy(last, page.last, sizeof page.last);
    return 0;
}
