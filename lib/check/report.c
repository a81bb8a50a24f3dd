#include <stdarg.h>

#include "base/json.h"
#include "check/check.h"

#define JSON_MAX (1U << 20)

static const char *const words[] = {[CHECK_RIGHT] = "right", [CHECK_WRONG] = "wrong", [CHECK_UNKNOWN] = "unknown"};

/* ---- what a check says ------------------------------------------------------------------------------------------- */

static void format_into(struct buf *out, const char *format, va_list args) __attribute__((format(printf, 2, 0)));
static void format_into(struct buf *out, const char *format, va_list args)
{
    char line[FINDING_MAX];
    int n = vsnprintf(line, sizeof line, format, args);
    buf_reset(out);
    buf_add(out, line, n < 0 ? 0 : (size_t)n < sizeof line ? (size_t)n : sizeof line - 1);
}

enum verdict finding_right(struct finding *f, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    format_into(&f->says, format, args);
    va_end(args);
    return CHECK_RIGHT;
}

enum verdict finding_wrong(struct finding *f, const char *mend, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    format_into(&f->says, format, args);
    va_end(args);
    buf_reset(&f->mend);
    buf_str(&f->mend, mend ? mend : "");
    return CHECK_WRONG;
}

enum verdict finding_unknown(struct finding *f, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    format_into(&f->says, format, args);
    va_end(args);
    return CHECK_UNKNOWN;
}

/* ---- the report -------------------------------------------------------------------------------------------------- */

static void tidy(struct buf *b)
{
    for (size_t i = 0; i < b->n; i++)
        if ((unsigned char)b->p[i] < ' ' || (unsigned char)b->p[i] >= 127)
            b->p[i] = '?';
}

static void print(const struct report *r, const char *name, enum verdict verdict, const char *says, const char *mend)
{
    if (r->list)
        json_array_append_new(r->list, json_pack("{s:s,s:s,s:s,s:s*}", "check", name, "result", words[verdict], "says",
                                                 says, "mend", verdict == CHECK_WRONG ? mend : NULL));
    else if (verdict == CHECK_WRONG)
        fprintf(r->out, "wrong    %s: %s. To mend it: %s\n", name, says, mend);
    else
        fprintf(r->out, "%-8s %s: %s\n", words[verdict], name, says);
}

/* The first check before `row` that would have given what is missing. */
static const char *who_gives(const struct check *table, size_t row, unsigned missing)
{
    for (size_t i = 0; i < row; i++)
        if (table[i].gives & missing)
            return table[i].name;
    return "another check";
}

static void make(struct report *r, const struct check *table, size_t row, void *context)
{
    struct finding f = {BUF_INIT(FINDING_MAX), BUF_INIT(FINDING_MAX)};
    const struct check *c = &table[row];
    unsigned missing = c->needs & ~r->given;
    enum verdict verdict =
        missing ? finding_unknown(&f, "not checked without %s", who_gives(table, row, missing)) : c->run(context, &f);
    tidy(&f.says);
    tidy(&f.mend);
    print(r, c->name, verdict, f.says.n ? buf_cstr(&f.says) : c->says, f.mend.n ? buf_cstr(&f.mend) : c->mend);
    r->count[verdict]++;
    if (verdict == CHECK_RIGHT)
        r->given |= c->gives;
    buf_free(&f.says);
    buf_free(&f.mend);
}

void report_run(struct report *r, const struct check *table, size_t n, void *context)
{
    for (size_t i = 0; i < n; i++)
        make(r, table, i, context);
}

bool report_end(struct report *r)
{
    size_t right = r->count[CHECK_RIGHT], wrong = r->count[CHECK_WRONG], unknown = r->count[CHECK_UNKNOWN];
    if (r->list) {
        struct buf text = BUF_INIT(JSON_MAX);
        json_t *all = json_pack("{s:b,s:I,s:I,s:I,s:o}", "ok", wrong == 0, "right", (json_int_t)right, "wrong",
                                (json_int_t)wrong, "unknown", (json_int_t)unknown, "checks", r->list);
        r->list = NULL;
        if (all && !json_write(all, &text))
            fprintf(r->out, "%s\n", buf_cstr(&text));
        json_decref(all);
        buf_free(&text);
    } else if (unknown)
        fprintf(r->out, "%zu right, %zu wrong, %zu unknown\n", right, wrong, unknown);
    else
        fprintf(r->out, "%zu right, %zu wrong\n", right, wrong);
    return wrong == 0;
}
