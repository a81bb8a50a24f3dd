#include "base/error.h"
#include "base/parse.h"
#include "http/request.h"

/* application/x-www-form-urlencoded (URL standard, section 5), read strictly. */

static int add_decoded(struct buf *out, struct span coded)
{
    for (size_t i = 0; i < coded.n; i++) {
        uint8_t byte = (uint8_t)coded.p[i];
        size_t n = 0;
        if (byte == '%') {
            if (coded.n - i < 3 || parse_hex((struct span){coded.p + i + 1, 2}, &byte, 1, &n) || byte == 0)
                return LK_SYNTAX;
            i += 2;
        } else if (byte == '+') {
            byte = ' ';
        } else if (byte < ' ' || byte == 127) {
            return LK_SYNTAX;
        }
        if (buf_add(out, &byte, 1))
            return out->error;
    }
    return 0;
}

static void split(struct span pair, struct span *name, struct span *value)
{
    const char *equals = pair.n ? memchr(pair.p, '=', pair.n) : NULL;
    *name = (struct span){pair.p, equals ? (size_t)(equals - pair.p) : pair.n};
    *value = equals ? (struct span){equals + 1, pair.n - name->n - 1} : (struct span){"", 0};
}

/* Every pair is decoded, wanted or not: one malformed place spoils the form. */
int form_each(struct span form, form_pair *each, void *context)
{
    struct buf key = BUF_INIT(form.n), value = BUF_INIT(form.n);
    struct span pair, coded_key, coded_value;
    int error = 0;
    while (!error && span_next(&form, '&', &pair)) {
        split(pair, &coded_key, &coded_value);
        buf_reset(&key);
        buf_reset(&value);
        error = add_decoded(&key, coded_key);
        if (!error)
            error = add_decoded(&value, coded_value);
        if (!error)
            error = each(context, buf_all(&key), buf_all(&value));
    }
    buf_free(&key);
    buf_free(&value);
    return error;
}

struct wanted {
    const char *name;
    struct buf value;
    bool seen;
};

static int take_wanted(void *context, struct span name, struct span value)
{
    struct wanted *w = context;
    if (!span_equals(name, w->name))
        return 0;
    if (w->seen)
        return LK_SYNTAX;
    w->seen = true;
    return buf_span(&w->value, value);
}

int form_get(struct span form, const char *name, struct buf *out)
{
    struct wanted w = {.name = name, .value = BUF_INIT(out->max)};
    int error = form_each(form, take_wanted, &w);
    if (!error)
        error = w.seen ? buf_span(out, buf_all(&w.value)) : LK_NOT_FOUND;
    buf_free(&w.value);
    return error;
}
