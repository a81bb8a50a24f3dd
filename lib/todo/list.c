#include "todo/list.h"

#include "base/error.h"

/* ---- statements --------------------------------------------------------------------------------------------------
 * One text for each way through a list; input comes in parameters only.
 * $1 subject, $2 completed, $3 priority, $4 due before, $5 due after, $6 tag, $7 part; NULL: any. */
#define FILTERS                                                                                                        \
    " subject = $1 AND ($2 IS NULL OR completed = $2) AND ($3 IS NULL OR priority = $3)"                               \
    " AND ($4 IS NULL OR due_us < $4) AND ($5 IS NULL OR due_us >= $5)"                                                \
    " AND ($6 IS NULL OR search LIKE $6 ESCAPE '!') AND ($7 IS NULL OR search LIKE $7 ESCAPE '!')"

/* $8 the id of the place, $9 limit. */
#define BY_ID(compare, order)                                                                                          \
    "SELECT " TODO_COLUMNS " FROM todo t WHERE" FILTERS " AND id " compare " $8 ORDER BY id" order " LIMIT $9"

/* Keys: $10 to $12 by what (enum todo_sort), $13 to $15 direction, $16 to $18 those of the place. What is absent sorts
 * last in either direction. updated_at sorts by the version, which is finer. */
#define ABSENT "9223372036854775807"
#define KEY(by, direction)                                                                                             \
    "COALESCE(" direction " * CASE " by " WHEN 1 THEN position WHEN 2 THEN due_us WHEN 3 THEN priority"                \
    " WHEN 4 THEN completed WHEN 5 THEN completed_at WHEN 6 THEN version WHEN 7 THEN created_at ELSE 0 END, " ABSENT   \
    ")"
#define KEYS            "(k1, k2, k3)"
#define PLACE           "($16, $17, $18)"
#define IN_ORDER(order) " ORDER BY k1" order ", k2" order ", k3" order ", id" order
#define BY_KEYS(compare, order)                                                                                        \
    "SELECT " TODO_COLUMNS                                                                                             \
    ", k.k1, k.k2, k.k3 FROM (SELECT id, k1, k2, k3 FROM (SELECT id, " KEY("$10", "$13") " AS k1, " KEY(               \
        "$11", "$14") " AS k2, " KEY("$12",                                                                            \
                                     "$15") " AS k3 FROM todo WHERE" FILTERS ") a"                                     \
                                            " WHERE $8 = '' OR " KEYS " " compare " " PLACE " OR (" KEYS " = " PLACE   \
                                            " AND id " compare " $8)" IN_ORDER(                                        \
                                                order) " LIMIT $9) k JOIN todo t ON t.subject = $1 AND t.id = k.id"    \
                                                       " ORDER BY k.k1" order ", k.k2" order ", k.k3" order            \
                                                       ", k.id" order

/* The whole list in the order of creation, which is what most ask for: half of the work of preparing the other. */
#define WHOLE(compare, order)                                                                                          \
    "SELECT " TODO_COLUMNS " FROM todo t WHERE subject = $1 AND id " compare " $2 ORDER BY id" order " LIMIT $3"

enum way { WAY_WHOLE, WAY_ID, WAY_KEYS };
static const struct {
    const char *sql[2]; /* upwards, downwards */
    size_t args;
} ways[] = {
    [WAY_WHOLE] = {{WHOLE(">", ""), WHOLE("<", " DESC")}, 3},
    [WAY_ID] = {{BY_ID(">", ""), BY_ID("<", " DESC")}, 9},
    [WAY_KEYS] = {{BY_KEYS(">", ""), BY_KEYS("<", " DESC")}, 18},
};
#define ARGS_MAX 18

#define JSON_MAX                                                                                                       \
    ((size_t)16 << 20) /* more than a page can have: TODO_PAGE_BYTES, each byte escaped, and one todo more */

#define FILTER_ARGS 7
#define BELOW_ALL   ""
#define ABOVE_ALL   "~" /* of ids */

static void filter_args(struct db_value *args, const char *subject, const struct todo_query *q)
{
    args[0] = db_text(subject);
    args[1] = q->which == TODO_ALL ? db_null() : db_int(q->which == TODO_COMPLETED);
    args[2] = q->priority < 0 ? db_null() : db_int(q->priority);
    args[3] = q->has_due_before ? db_int(q->due_before) : db_null();
    args[4] = q->has_due_after ? db_int(q->due_after) : db_null();
    args[5] = *q->tag ? db_text(q->tag) : db_null();
    args[6] = *q->part ? db_text(q->part) : db_null();
}

/* ---- a page -------------------------------------------------------------------------------------------------------
 */

struct reading {
    const char *base_url;
    uint64_t limit;
    bool has_keys;
    bool more;
    size_t bytes;
    struct buf json; /* the items, one behind the other */
    size_t count;
    size_t end[TODO_LIMIT_MAX];    /* of each of them */
    struct todo_place first, last; /* in the order of reading */
};

static struct todo_place place_of(const struct reading *r, struct db_row *row, const struct todo *t)
{
    struct todo_place place = {0};
    memcpy(place.id, t->id, sizeof place.id);
    for (int i = 0; r->has_keys && i < TODO_SORTS; i++)
        place.keys[i] = db_col_int(row, TODO_COLUMN_COUNT + i);
    return place;
}

static int read_row(struct reading *r, struct db_row *row)
{
    struct todo t = {0};
    if (r->count == r->limit || r->bytes > TODO_PAGE_BYTES) {
        r->more = true;
        return 0;
    }
    int error = todo_from_row(row, &t);
    if (!error)
        error = todo_write(&t, r->base_url, &r->json);
    if (!error) {
        r->end[r->count++] = r->json.n;
        r->bytes += json_string_length(t.notes) + strlen(t.title);
        r->last = place_of(r, row, &t);
        if (!*r->first.id)
            r->first = r->last;
    }
    todo_free(&t);
    return error;
}

static int read_rows(struct db *db, const char *sql, const struct db_value *args, size_t n, struct reading *r)
{
    struct db_row *row = NULL;
    int error = db_query(db, sql, args, n, &row);
    while (!error && !r->more && !(error = db_next(row)))
        error = read_row(r, row);
    db_done(row);
    return error == LK_NOT_FOUND ? 0 : error;
}

/* As an array, in the order of reading or back. */
static int join(const struct reading *r, bool back, struct buf *out)
{
    buf_add(out, "[", 1);
    for (size_t i = 0; i < r->count; i++) {
        size_t at = back ? r->count - 1 - i : i, from = at ? r->end[at - 1] : 0;
        if (i)
            buf_add(out, ",", 1);
        buf_add(out, buf_cstr(&r->json) + from, r->end[at] - from);
    }
    return buf_add(out, "]", 1);
}

static enum way way_of(const struct todo_query *q)
{
    bool filtered =
        q->which != TODO_ALL || q->priority >= 0 || q->has_due_before || q->has_due_after || *q->tag || *q->part;
    return q->sort[0].by != TODO_SORT_NONE ? WAY_KEYS : filtered ? WAY_ID : WAY_WHOLE;
}

/* `id` the place; one more than asked for tells whether there are further ones. */
static void way_args(struct db_value *args, enum way way, const char *subject, const struct todo_query *q,
                     const struct todo_place *place, const char *id, uint64_t limit)
{
    size_t n = way == WAY_WHOLE ? 1 : FILTER_ARGS;
    filter_args(args, subject, q);
    args[n] = db_text(id);
    args[n + 1] = db_int((int64_t)limit + 1);
    for (int i = 0; way == WAY_KEYS && i < TODO_SORTS; i++) {
        args[9 + i] = db_int(q->sort[i].by);
        args[12 + i] = db_int(q->sort[i].direction);
        args[15 + i] = db_int(q->turn == TODO_FIRST ? 0 : place->keys[i]);
    }
}

/* Reading goes downwards in the newest first order, or back from a place; both together go upwards. */
static int read_page(struct db *db, const char *subject, const struct todo_query *q, const struct todo_place *place,
                     struct reading *r)
{
    struct db_value args[ARGS_MAX];
    enum way way = way_of(q);
    bool down = q->newest != (q->turn == TODO_BEFORE);
    const char *start = way != WAY_KEYS && down ? ABOVE_ALL : BELOW_ALL;
    r->has_keys = way == WAY_KEYS;
    way_args(args, way, subject, q, place, q->turn == TODO_FIRST ? start : place->id, r->limit);
    return read_rows(db, ways[way].sql[down], args, ways[way].args, r);
}

int todo_list(struct db *db, const char *subject, const struct todo_query *q, const struct todo_place *place,
              const char *base_url, struct todo_page *out)
{
    struct reading r = {.base_url = base_url, .json = BUF_INIT(JSON_MAX)};
    struct buf json = BUF_INIT(JSON_MAX);
    r.limit = q->limit < TODO_LIMIT_MAX ? q->limit : TODO_LIMIT_MAX;
    int error = read_page(db, subject, q, place, &r);
    bool back = q->turn == TODO_BEFORE;
    if (!error)
        error = join(&r, back, &json);
    buf_free(&r.json);
    if (error) {
        buf_free(&json);
        return error;
    }
    *out = (struct todo_page){.json = json,
                              .count = r.count,
                              .before = back ? r.more : q->turn == TODO_AFTER,
                              .after = back ? true : r.more,
                              .first = back ? r.last : r.first,
                              .last = back ? r.first : r.last};
    return 0;
}

int todo_count(struct db *db, const char *subject, const struct todo_query *q, int64_t *out)
{
    struct db_value args[FILTER_ARGS];
    struct db_row *row = NULL;
    filter_args(args, subject, q);
    int error = db_query(db, "SELECT count(*) FROM todo WHERE" FILTERS, args, FILTER_ARGS, &row);
    if (!error)
        error = db_next(row);
    if (!error)
        *out = db_col_int(row, 0);
    db_done(row);
    return error;
}
