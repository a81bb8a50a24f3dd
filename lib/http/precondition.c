#include "http/precondition.h"

#include <strings.h>

void etag_write(int format, int64_t number, char out[ETAG_SIZE])
{
    snprintf(out, ETAG_SIZE, "\"%d-%lld\"", format, (long long)number);
}

/* etagc of RFC 9110 8.8.3. */
static bool is_tag_character(char c)
{
    return c == 0x21 || (unsigned char)c >= 0x23;
}

/* Takes the next entity tag off a list, and whether it is weak; false at the end or at what is none. */
static bool next_tag(const char **rest, bool *weak, struct span *tag)
{
    const char *p = *rest + strspn(*rest, ", \t");
    *weak = strncmp(p, "W/", 2) == 0;
    p += *weak ? 2 : 0;
    const char *end = p + 1;
    if (*p != '"')
        return false;
    while (is_tag_character(*end))
        end++;
    if (*end != '"')
        return false;
    *tag = (struct span){p, (size_t)(end + 1 - p)};
    *rest = end + 1 + strspn(end + 1, " \t");
    return **rest == ',' || !**rest;
}

bool etag_listed(const char *field, const char *etag, bool weak)
{
    struct span tag;
    bool is_weak = false;
    if (strcmp(field, "*") == 0)
        return true;
    while (next_tag(&field, &is_weak, &tag))
        if ((weak || !is_weak) && span_equals(tag, etag))
            return true;
    return false;
}

bool has_precondition(const struct request *req)
{
    return *req->if_match || *req->if_none_match;
}

int precondition(const struct request *req, const char *etag)
{
    bool reads = req->method == METHOD_GET || req->method == METHOD_HEAD;
    if (*req->if_match && !etag_listed(req->if_match, etag, false))
        return 412;
    if (*req->if_none_match && etag_listed(req->if_none_match, etag, true))
        return reads ? 304 : 412;
    return 0;
}

static bool same_token(struct span s, struct span t)
{
    return s.n == t.n && (s.n == 0 || strncasecmp(s.p, t.p, s.n) == 0);
}

static struct span without_quotes(struct span s)
{
    bool quoted = s.n >= 2 && s.p[0] == '"' && s.p[s.n - 1] == '"';
    return quoted ? (struct span){s.p + 1, s.n - 2} : s;
}

bool prefers(const struct request *req, const char *preference)
{
    struct span rest = span_of(req->prefer), wanted = span_of(preference), wanted_name, part, value, name;
    span_next(&wanted, '=', &wanted_name);
    while (span_next(&rest, ',', &part)) {
        if (!span_next(&part, ';', &value) || !span_next(&value, '=', &name))
            continue;
        if (same_token(span_trim(name), wanted_name)) /* the first one of the name is the one that counts */
            return same_token(without_quotes(span_trim(value)), wanted);
    }
    return false;
}
