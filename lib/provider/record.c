#include "provider/record.h"

#include "base/error.h"
#include "base/parse.h"

int record_literal(struct span *rest, const char *literal)
{
    size_t n = strlen(literal);
    if (rest->n < n || memcmp(rest->p, literal, n) != 0)
        return LK_SYNTAX;
    rest->p += n;
    rest->n -= n;
    return 0;
}

int record_text(struct span *rest, const char *name, struct span *value)
{
    struct span left = *rest;
    if (record_literal(&left, name) || record_literal(&left, " "))
        return LK_SYNTAX;
    const char *end = left.n ? memchr(left.p, '\n', left.n) : NULL;
    if (!end)
        return LK_SYNTAX;
    *value = (struct span){left.p, (size_t)(end - left.p)};
    if (parse_has_control(*value))
        return LK_SYNTAX;
    *rest = (struct span){end + 1, left.n - value->n - 1};
    return 0;
}

int record_u64(struct span *rest, const char *name, uint64_t *value)
{
    struct span text;
    if (record_text(rest, name, &text) || parse_u64(text, UINT64_MAX, value))
        return LK_SYNTAX;
    return 0;
}

int record_time(struct span *rest, const char *name, int64_t *value)
{
    uint64_t seconds = 0;
    if (record_u64(rest, name, &seconds) || seconds > INT64_MAX)
        return LK_SYNTAX;
    *value = (int64_t)seconds;
    return 0;
}
