#include "base/clock.h"
#include "base/error.h"
#include "base/json.h"
#include "todo/todo.h"

#define PUT(out, literal) buf_add(out, literal, sizeof(literal) - 1)

static void write_time(int64_t t, struct buf *out)
{
    char text[CLOCK_RFC3339_SIZE];
    clock_rfc3339(t, text);
    PUT(out, "\"");
    buf_str(out, text);
    PUT(out, "\"");
}

static int write_texts(const struct todo *t, struct buf *out)
{
    PUT(out, "{\"id\":");
    int error = json_write_text(span_of(t->id), out);
    PUT(out, ",\"title\":");
    return error ? error : json_write_text(span_of(t->title), out);
}

static void write_order(const struct todo *t, struct buf *out)
{
    PUT(out, ",\"order\":");
    if (t->has_order)
        buf_printf(out, "%lld", (long long)t->order);
    else
        PUT(out, "null");
}

static int write_due(const struct todo *t, struct buf *out)
{
    PUT(out, ",\"due\":");
    return *t->due ? json_write_text(span_of(t->due), out) : PUT(out, "null");
}

static void write_times(const struct todo *t, struct buf *out)
{
    PUT(out, ",\"created_at\":");
    write_time(t->created_at, out);
    PUT(out, ",\"updated_at\":");
    write_time(t->updated_at, out);
    PUT(out, ",\"completed_at\":");
    if (t->completed)
        write_time(t->completed_at, out);
    else
        PUT(out, "null");
}

static int write_url(const struct todo *t, const char *base_url, struct buf *out)
{
    struct span id = span_of(t->id);
    PUT(out, ",\"url\":");
    int error = json_write_text(span_of(base_url), out);
    if (error || out->error)
        return error;
    out->n--; /* its closing quote */
    PUT(out, "/");
    buf_span(out, id);
    return PUT(out, "\"}");
}

int todo_write(const struct todo *t, const char *base_url, struct buf *out)
{
    int error = write_texts(t, out);
    buf_str(out, t->completed ? ",\"completed\":true" : ",\"completed\":false");
    write_order(t, out);
    PUT(out, ",\"notes\":");
    if (t->notes)
        json_write(t->notes, out);
    else
        PUT(out, "\"\"");
    PUT(out, ",\"priority\":\"");
    buf_str(out, todo_priority_name(t->priority));
    PUT(out, "\"");
    error = error ? error : write_due(t, out);
    PUT(out, ",\"tags\":");
    if (t->tags)
        json_write(t->tags, out);
    else
        PUT(out, "[]");
    write_times(t, out);
    error = error ? error : write_url(t, base_url, out);
    return error == LK_SYNTAX ? LK_STORE : error ? error : out->error;
}
