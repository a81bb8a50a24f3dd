#include "base/parse.h"

#include "base/error.h"

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

int parse_u64(struct span s, uint64_t max, uint64_t *out)
{
    if (s.n == 0 || (s.n > 1 && s.p[0] == '0'))
        return LK_SYNTAX;
    uint64_t value = 0;
    bool over = false;
    for (size_t i = 0; i < s.n; i++) {
        if (!is_digit(s.p[i]))
            return LK_SYNTAX;
        over = over || __builtin_mul_overflow(value, 10, &value) ||
               __builtin_add_overflow(value, (uint64_t)(s.p[i] - '0'), &value) || value > max;
    }
    if (over)
        return LK_TOO_LARGE;
    *out = value;
    return 0;
}

#define TEN_YEARS (3653LL * 86400)

static const struct {
    char unit;
    int64_t seconds;
} units[] = {{'s', 1}, {'m', 60}, {'h', 3600}, {'d', 86400}};

int parse_duration(struct span s, int64_t *seconds)
{
    uint64_t number = 0;
    if (span_equals(s, "0")) {
        *seconds = 0;
        return 0;
    }
    for (size_t i = 0; s.n > 1 && i < sizeof units / sizeof units[0]; i++) {
        if (s.p[s.n - 1] != units[i].unit)
            continue;
        if (parse_u64((struct span){s.p, s.n - 1}, (uint64_t)(TEN_YEARS / units[i].seconds), &number))
            return LK_SYNTAX;
        *seconds = (int64_t)number * units[i].seconds;
        return 0;
    }
    return LK_SYNTAX;
}

int parse_bool(struct span s, bool *out)
{
    bool yes = span_equals(s, "yes");
    if (!yes && !span_equals(s, "no"))
        return LK_SYNTAX;
    *out = yes;
    return 0;
}

static int hex_value(char c)
{
    if (is_digit(c))
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

int parse_hex(struct span s, uint8_t *out, size_t cap, size_t *n)
{
    if (s.n % 2)
        return LK_SYNTAX;
    if (s.n / 2 > cap)
        return LK_TOO_LARGE;
    for (size_t i = 0; i < s.n; i += 2) {
        int high = hex_value(s.p[i]), low = hex_value(s.p[i + 1]);
        if (high < 0 || low < 0)
            return LK_SYNTAX;
        out[i / 2] = (uint8_t)(high << 4 | low);
    }
    *n = s.n / 2;
    return 0;
}

static bool is_alnum(char c)
{
    return is_digit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

bool parse_is_ident(struct span s, size_t max)
{
    if (s.n == 0 || s.n > max)
        return false;
    for (size_t i = 0; i < s.n; i++)
        if (!is_alnum(s.p[i]) && s.p[i] != '-' && s.p[i] != '_')
            return false;
    return true;
}

bool parse_has_control(struct span s)
{
    for (size_t i = 0; i < s.n; i++)
        if ((unsigned char)s.p[i] < 32 || s.p[i] == 127)
            return true;
    return false;
}

static bool strip(struct span *s, const char *prefix)
{
    size_t n = strlen(prefix);
    if (s->n < n || memcmp(s->p, prefix, n) != 0)
        return false;
    s->p += n;
    s->n -= n;
    return true;
}

static bool is_host(struct span s)
{
    static const char others[] = "-._:[]";
    for (size_t i = 0; i < s.n; i++) {
        char c = s.p[i];
        if (!is_digit(c) && !(c >= 'a' && c <= 'z') && !memchr(others, c, sizeof others - 1))
            return false;
    }
    return s.n > 0;
}

/* The port begins after the last colon, unless that is inside the brackets of an IPv6 address. */
static size_t port_at(struct span s)
{
    for (size_t i = s.n; i-- > 0;) {
        if (s.p[i] == ']')
            return s.n;
        if (s.p[i] == ':')
            return i;
    }
    return s.n;
}

bool parse_is_origin(struct span s)
{
    if (!strip(&s, "https://") && !strip(&s, "http://"))
        return false;
    size_t at = port_at(s);
    uint64_t port = 1;
    struct span host = {s.p, at}, digits = {s.p + at + 1, at < s.n ? s.n - at - 1 : 0};
    bool bracketed = host.n > 2 && host.p[0] == '[' && host.p[host.n - 1] == ']';
    if (!is_host(host) ||
        (!bracketed && (memchr(host.p, ':', host.n) || memchr(host.p, '[', host.n) || memchr(host.p, ']', host.n))))
        return false;
    return at == s.n || (parse_u64(digits, 65535, &port) == 0 && port > 0);
}
