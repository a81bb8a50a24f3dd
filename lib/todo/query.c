#include "todo/query.h"

#include "base/error.h"
#include "base/parse.h"
#include "todo/search.h"

void todo_query_init(struct todo_query *q)
{
    *q = (struct todo_query){.limit = TODO_LIMIT_DEFAULT, .priority = -1};
}

/* ---- parameters ---------------------------------------------------------------------------------------------------
 */

typedef int parameter_setter(struct todo_query *q, struct span value);

static int set_limit(struct todo_query *q, struct span value)
{
    return parse_u64(value, TODO_LIMIT_MAX, &q->limit) || q->limit == 0 ? LK_SYNTAX : 0;
}

static int set_completed(struct todo_query *q, struct span value)
{
    q->which = span_equals(value, "true") ? TODO_COMPLETED : span_equals(value, "false") ? TODO_OPEN : TODO_ALL;
    return q->which == TODO_ALL ? LK_SYNTAX : 0;
}

static int set_priority(struct todo_query *q, struct span value)
{
    return todo_priority_parse(value, &q->priority);
}

static int set_due_before(struct todo_query *q, struct span value)
{
    q->has_due_before = true;
    return due_parse(value, &q->due_before);
}

static int set_due_after(struct todo_query *q, struct span value)
{
    q->has_due_after = true;
    return due_parse(value, &q->due_after);
}

static int keep(const struct buf *text, char *out, size_t size, int error)
{
    if (!error && text->n >= size)
        error = LK_SYNTAX;
    if (!error)
        memcpy(out, buf_cstr(text), text->n + 1);
    return error;
}

static int set_tag(struct todo_query *q, struct span value)
{
    struct buf pattern = BUF_INIT(sizeof q->tag);
    int error = search_tag(value, TODO_TAG_MAX, &pattern);
    error = keep(&pattern, q->tag, sizeof q->tag, error);
    buf_free(&pattern);
    return error;
}

static int set_part(struct todo_query *q, struct span value)
{
    struct buf pattern = BUF_INIT(sizeof q->part);
    int error = search_part(value, TODO_SEARCH_MAX, &pattern);
    error = keep(&pattern, q->part, sizeof q->part, error);
    buf_free(&pattern);
    return error;
}

static const struct {
    const char *name;
    enum todo_sort by;
} sorts[] = {
    {"order", TODO_SORT_ORDER},           {"due", TODO_SORT_DUE},
    {"priority", TODO_SORT_PRIORITY},     {"completed", TODO_SORT_COMPLETED},
    {"updated_at", TODO_SORT_UPDATED_AT}, {"completed_at", TODO_SORT_COMPLETED_AT},
    {"created_at", TODO_SORT_CREATED_AT},
};

static int parse_key(struct span term, struct todo_key *out)
{
    out->direction = term.n && term.p[0] == '-' ? -1 : 1;
    if (out->direction < 0)
        term = (struct span){term.p + 1, term.n - 1};
    for (size_t i = 0; i < sizeof sorts / sizeof sorts[0]; i++) {
        if (span_equals(term, sorts[i].name)) {
            out->by = sorts[i].by;
            return 0;
        }
    }
    return LK_SYNTAX;
}

/* The order of creation is the order of ids, which needs no key. */
static void use_order_of_creation(struct todo_query *q)
{
    if (q->sort[0].by != TODO_SORT_CREATED_AT)
        return;
    q->newest = q->sort[0].direction < 0;
    memset(q->sort, 0, sizeof q->sort);
}

static int set_sort(struct todo_query *q, struct span value)
{
    struct span term;
    for (size_t n = 0; span_next(&value, ',', &term); n++) {
        if (n == TODO_SORTS || parse_key(term, &q->sort[n]))
            return LK_SYNTAX;
        for (size_t i = 0; i < n; i++)
            if (q->sort[i].by == q->sort[n].by)
                return LK_SYNTAX;
    }
    use_order_of_creation(q);
    return 0;
}

static int set_cursor(struct todo_query *q, struct span value, enum todo_turn turn)
{
    if (q->turn != TODO_FIRST || value.n == 0 || value.n >= sizeof q->cursor)
        return LK_SYNTAX;
    memcpy(q->cursor, value.p, value.n);
    q->cursor[value.n] = '\0';
    q->turn = turn;
    return 0;
}

static int set_after(struct todo_query *q, struct span value)
{
    return set_cursor(q, value, TODO_AFTER);
}

static int set_before(struct todo_query *q, struct span value)
{
    return set_cursor(q, value, TODO_BEFORE);
}

static const char due_fault[] = "due_before and due_after must each be a date or a date-time of RFC 3339, once.";
static const char cursor_fault[] = "after or before must be a cursor of this list, as its Link field gave it, once.";

static const struct parameter {
    const char *name;
    parameter_setter *set;
    const char *fault;
} parameters[] = {
    {"limit", set_limit, "limit must be a number from 1 to 500, once."},
    {"completed", set_completed, "completed must be true or false, once."},
    {"priority", set_priority, "priority must be low, normal or high, once."},
    {"tag", set_tag, "tag must be a tag of 1 to 50 characters, once."},
    {"due_before", set_due_before, due_fault},
    {"due_after", set_due_after, due_fault},
    {"q", set_part, "q must be a text of 1 to 200 characters, once."},
    {"sort", set_sort,
     "sort must be up to three of order, due, priority, completed, created_at, updated_at and completed_at, each with"
     " or without a minus sign, separated by commas, once."},
    {"after", set_after, cursor_fault},
    {"before", set_before, cursor_fault},
};
#define PARAMETERS (sizeof parameters / sizeof parameters[0])

int todo_query_set(struct todo_query *q, struct span name, struct span value, const char **fault)
{
    for (size_t i = 0; i < PARAMETERS; i++) {
        if (!span_equals(name, parameters[i].name))
            continue;
        bool again = q->seen & 1U << i;
        q->seen |= 1U << i;
        *fault = parameters[i].fault;
        return again || parameters[i].set(q, value) ? LK_SYNTAX : 0;
    }
    return LK_NOT_FOUND;
}

bool todo_query_has_other(const struct todo_query *q, const char *name)
{
    for (size_t i = 0; i < PARAMETERS; i++)
        if ((q->seen & 1U << i) && strcmp(parameters[i].name, name) != 0)
            return true;
    return false;
}

int todo_query_digest(const struct todo_query *q, const char *subject, struct buf *out)
{
    buf_printf(out, "%s\n%d %d %d %lld %d %lld %d", subject, (int)q->which, q->priority, (int)q->has_due_before,
               (long long)q->due_before, (int)q->has_due_after, (long long)q->due_after, (int)q->newest);
    for (size_t i = 0; i < TODO_SORTS; i++)
        buf_printf(out, " %d", (int)q->sort[i].by * q->sort[i].direction);
    return buf_printf(out, "\n%s\n%s\n", q->tag, q->part);
}
