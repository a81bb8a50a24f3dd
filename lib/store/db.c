#include "store/db.h"

#include "store/schema.h"

/* What is the same for every driver. */

int db_open(const char *path, int busy_ms, struct db **out, struct buf *fault)
{
    const struct db_options options = {path, busy_ms, schema_steps, schema_version, false};
    return db_open_with(&options, out, fault);
}

struct db_value db_int(int64_t i)
{
    return (struct db_value){.type = DB_INT, .i = i};
}

struct db_value db_text(const char *s)
{
    return s ? db_text_span(span_of(s)) : db_null();
}

struct db_value db_text_span(struct span s)
{
    return (struct db_value){.type = s.p ? DB_TEXT : DB_NULL, .s = s};
}

struct db_value db_blob(const void *p, size_t n)
{
    return (struct db_value){.type = p ? DB_BLOB : DB_NULL, .s = {p, n}};
}

struct db_value db_null(void)
{
    return (struct db_value){.type = DB_NULL};
}
