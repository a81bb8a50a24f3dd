#include "base/span.h"

struct span span_of(const char *cstring)
{
    return (struct span){cstring, cstring ? strlen(cstring) : 0};
}

bool span_equals(struct span s, const char *cstring)
{
    size_t n = strlen(cstring);
    return s.n == n && (n == 0 || memcmp(s.p, cstring, n) == 0);
}

bool span_next(struct span *rest, char separator, struct span *part)
{
    if (!rest->p)
        return false;
    const char *end = rest->n ? memchr(rest->p, separator, rest->n) : NULL;
    if (!end) {
        *part = *rest;
        *rest = (struct span){NULL, 0};
        return true;
    }
    *part = (struct span){rest->p, (size_t)(end - rest->p)};
    *rest = (struct span){end + 1, rest->n - part->n - 1};
    return true;
}

static bool is_blank(char c)
{
    return c == ' ' || c == '\t';
}

struct span span_trim(struct span s)
{
    while (s.n && is_blank(s.p[0]))
        s.p++, s.n--;
    while (s.n && is_blank(s.p[s.n - 1]))
        s.n--;
    return s;
}
