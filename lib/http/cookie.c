#include "http/cookie.h"

#include <inttypes.h>

#include "base/error.h"
#include "base/log.h"

#define PREFIX "__Host-"

static bool is_ours(struct span sent, const char *name)
{
    size_t n = strlen(PREFIX);
    return sent.n > n && memcmp(sent.p, PREFIX, n) == 0 && span_equals((struct span){sent.p + n, sent.n - n}, name);
}

int cookie_get(const char *header, const char *name, struct span *value)
{
    struct span rest = span_of(header), pair, found = {NULL, 0};
    while (span_next(&rest, ';', &pair)) {
        const char *equals = pair.n ? memchr(pair.p, '=', pair.n) : NULL;
        if (!equals || !is_ours(span_trim((struct span){pair.p, (size_t)(equals - pair.p)}), name))
            continue;
        if (found.p)
            return LK_SYNTAX;
        found = span_trim((struct span){equals + 1, (size_t)(pair.p + pair.n - equals - 1)});
    }
    if (!found.p)
        return LK_NOT_FOUND;
    *value = found;
    return 0;
}

/* cookie-octet, RFC 6265 4.1.1: nothing that could begin an attribute or another cookie. */
static bool is_cookie_value(const char *value)
{
    for (; *value; value++)
        if ((unsigned char)*value <= ' ' || (unsigned char)*value >= 127 || strchr("\",;\\", *value))
            return false;
    return true;
}

void cookie_set(struct response *res, const char *name, const char *value, int64_t max_age)
{
    if (!is_cookie_value(value)) {
        log_event("response.cookie_dropped", "name", name, NULL);
        return;
    }
    response_headerf(res, "Set-Cookie", PREFIX "%s=%s; Path=/; Secure; HttpOnly; SameSite=Strict; Max-Age=%" PRId64,
                     name, value, max_age > 0 ? max_age : 0);
}
