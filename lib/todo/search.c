#include "todo/search.h"

#include "base/error.h"
#include "todo/text.h"

#define TAG_END  "\x1f"
#define PART_END "\x1e"

int search_text(const struct todo *t, struct buf *out)
{
    size_t i = 0;
    json_t *tag = NULL;
    buf_str(out, TAG_END);
    json_array_foreach(t->tags, i, tag)
    {
        text_fold(span_of(json_string_value(tag)), out);
        buf_str(out, TAG_END);
    }
    text_fold(span_of(t->title), out);
    buf_str(out, PART_END);
    if (t->notes)
        text_fold(span_of(json_string_value(t->notes)), out);
    return out->error;
}

static void add_literal(struct span s, struct buf *out)
{
    for (size_t i = 0; i < s.n; i++) {
        if (s.p[i] == '%' || s.p[i] == '_' || s.p[i] == '!')
            buf_str(out, "!");
        buf_add(out, s.p + i, 1);
    }
}

static int pattern_of(struct span s, size_t max, const char *around, struct buf *out)
{
    struct buf folded = BUF_INIT(max * 4);
    size_t characters = 0;
    int error = text_trim(s, &s, &characters);
    if (error || characters < 1 || characters > max)
        return LK_SYNTAX;
    error = text_fold(s, &folded);
    buf_printf(out, "%%%s", around);
    add_literal(buf_all(&folded), out);
    buf_printf(out, "%s%%", around);
    buf_free(&folded);
    return error ? error : out->error;
}

int search_tag(struct span s, size_t max, struct buf *pattern)
{
    return pattern_of(s, max, TAG_END, pattern);
}

int search_part(struct span s, size_t max, struct buf *pattern)
{
    return pattern_of(s, max, "", pattern);
}
