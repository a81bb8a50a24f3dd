/* The query of a list of todos, as it is sent. */
#include "todo/query.h"
#include "base/error.h"
#include "fuzz.h"
#include "http/request.h"

static void is_text(const char *text, size_t size)
{
    HOLDS(memchr(text, '\0', size));
    json_t *string = json_string(text); /* Jansson judges UTF-8 */
    HOLDS(string);
    json_decref(string);
}

static void is_sound(const struct todo_query *q)
{
    struct buf digest = BUF_INIT(1U << 16);
    HOLDS(q->limit >= 1 && q->limit <= TODO_LIMIT_MAX);
    HOLDS(q->priority >= -1 && q->priority <= TODO_HIGH);
    HOLDS(memchr(q->cursor, '\0', sizeof q->cursor));
    HOLDS((q->turn == TODO_FIRST) == (q->cursor[0] == '\0'));
    is_text(q->tag, sizeof q->tag);
    is_text(q->part, sizeof q->part);
    for (size_t i = 0; i < TODO_SORTS; i++) {
        HOLDS(q->sort[i].by == TODO_SORT_NONE || q->sort[i].direction == 1 || q->sort[i].direction == -1);
        for (size_t j = 0; j < i; j++)
            HOLDS(q->sort[i].by == TODO_SORT_NONE || q->sort[i].by != q->sort[j].by);
    }
    HOLDS(todo_query_digest(q, "subject", &digest) == 0);
    buf_free(&digest);
}

static int set(void *query, struct span name, struct span value)
{
    struct todo_query *q = query, again;
    const char *fault = NULL;
    int error = todo_query_set(q, name, value, &fault);
    HOLDS(error == 0 || error == LK_NOT_FOUND || (error == LK_SYNTAX && fault && *fault));
    again = *q;
    HOLDS(error || todo_query_set(&again, name, value, &fault) == LK_SYNTAX);
    return error;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct todo_query query;
    todo_query_init(&query);
    if (form_each(input_of(data, size), set, &query) == 0)
        is_sound(&query);
    return 0;
}
