#include "web/query.h"

#include "base/parse.h"

static void add_coded(struct buf *out, struct span s)
{
    for (size_t i = 0; i < s.n; i++) {
        if (parse_is_ident((struct span){s.p + i, 1}, 1) || s.p[i] == '.')
            buf_add(out, s.p + i, 1);
        else
            buf_printf(out, "%%%02X", (unsigned char)s.p[i]);
    }
}

int web_query_add(struct buf *out, struct span name, struct span value)
{
    if (out->n)
        buf_str(out, "&");
    add_coded(out, name);
    buf_str(out, "=");
    add_coded(out, value);
    return out->error;
}
