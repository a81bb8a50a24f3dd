#include "base/conf_impl.h"
#include "base/error.h"
#include "base/parse.h"

#define FILE_URL "file://"

static const char *const type_names[] = {
    "text", "absolute path", "http(s) URL", "http(s) or file URL", "list of origins",       "list of algorithms",
    "name", "duration",      "number",      "yes or no",           "own, provider or both", "rate"};

const char *conf_type_name(enum conf_type type)
{
    return type_names[type];
}

const char *env_get(char *const env[], const char *name)
{
    size_t n = strlen(name);
    for (; env && *env; env++)
        if (strncmp(*env, name, n) == 0 && (*env)[n] == '=')
            return *env + n + 1;
    return NULL;
}

bool conf_list_has(const char *list, const char *word)
{
    struct span rest = span_of(list), part;
    while (span_next(&rest, ' ', &part))
        if (part.n && span_equals(part, word))
            return true;
    return false;
}

static bool is_url(struct span s)
{
    size_t at = s.n > 8 && memcmp(s.p, "https://", 8) == 0 ? 8 : s.n > 7 && memcmp(s.p, "http://", 7) == 0 ? 7 : 0;
    if (!at || s.p[s.n - 1] == '/' || parse_has_control(s) || memchr(s.p, ' ', s.n))
        return false;
    const char *slash = memchr(s.p + at, '/', s.n - at);
    struct span origin = {s.p, slash ? (size_t)(slash - s.p) : s.n};
    return parse_is_origin(origin) && !memchr(s.p, '?', s.n) && !memchr(s.p, '#', s.n);
}

/* RFC 8089 in its plainest form: no host, no percent-encoding, so that the path is what follows. */
static bool is_file_url(struct span s)
{
    static const char start[] = FILE_URL "/", refused[] = " %?#";
    size_t n = sizeof start - 1;
    if (s.n <= n || memcmp(s.p, start, n) != 0 || s.p[s.n - 1] == '/')
        return false;
    for (size_t i = 0; i < s.n; i++)
        if (memchr(refused, s.p[i], sizeof refused - 1))
            return false;
    return true;
}

static bool is_loopback(struct span host)
{
    static const char *const names[] = {"localhost", "127.0.0.1", "[::1]"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        if (span_equals(host, names[i]))
            return true;
    return false;
}

/* The host of "http://host:port/path". */
static struct span host_of(struct span url)
{
    struct span host = {url.p + sizeof "http://" - 1, 0};
    size_t most = url.n - (sizeof "http://" - 1);
    while (host.n < most && host.p[host.n] != '/' && (host.p[host.n] != ':' || host.p[0] == '['))
        host.n++;
    if (host.n && host.p[0] == '[') {
        const char *end = memchr(host.p, ']', host.n);
        host.n = end ? (size_t)(end - host.p) + 1 : 0;
    }
    return host;
}

bool conf_has_plain_http(struct span list)
{
    for (struct span part; span_next(&list, ' ', &part);)
        if (part.n > 7 && memcmp(part.p, "http://", 7) == 0 && !is_loopback(host_of(part)))
            return true;
    return false;
}

static bool is_algorithm(struct span s)
{
    static const char *const known[] = {"EdDSA", "ES256", "ES512", "RS256", "PS256"};
    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++)
        if (span_equals(s, known[i]))
            return true;
    return false;
}

static bool is_list(struct span s, bool (*is_item)(struct span), bool may_be_empty)
{
    size_t items = 0;
    for (struct span part; span_next(&s, ' ', &part);)
        if (part.n && (items++, !is_item(part)))
            return false;
    return items > 0 || may_be_empty;
}

/* In the order of enum conf_accept. */
static bool read_accept(struct span s, enum conf_accept *out)
{
    static const char *const words[] = {"own", "provider", "both"};
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++)
        if (span_equals(s, words[i])) {
            *out = (enum conf_accept)i;
            return true;
        }
    return false;
}

#define RATE_COUNT_MAX  1000000
#define RATE_PERIOD_MAX 86400

static bool read_rate(struct span s, struct conf_rate *out)
{
    struct conf_rate rate = {0, 0};
    const char *slash = s.n ? memchr(s.p, '/', s.n) : NULL;
    size_t n = slash ? (size_t)(slash - s.p) : 0;
    *out = rate;
    if (!slash)
        return span_equals(s, "0");
    if (parse_u64((struct span){s.p, n}, RATE_COUNT_MAX, &rate.count) ||
        parse_duration((struct span){slash + 1, s.n - n - 1}, &rate.period))
        return false;
    *out = rate;
    return rate.count > 0 && rate.period > 0 && rate.period <= RATE_PERIOD_MAX;
}

bool conf_value_fits(enum conf_type type, struct span s)
{
    int64_t seconds;
    uint64_t count;
    bool yes;
    enum conf_accept accept;
    struct conf_rate rate;
    if (parse_has_control(s))
        return false;
    switch (type) {
    case CONF_STRING:
        return true;
    case CONF_PATH:
        return s.n == 0 || s.p[0] == '/';
    case CONF_URL:
        return is_url(s);
    case CONF_JWKS_URL:
        return is_url(s) || is_file_url(s);
    case CONF_ORIGINS:
        return is_list(s, parse_is_origin, true);
    case CONF_ALGORITHMS:
        return is_list(s, is_algorithm, false);
    case CONF_NAME:
        return parse_is_ident(s, 64);
    case CONF_DURATION:
        return parse_duration(s, &seconds) == 0;
    case CONF_COUNT:
        return parse_u64(s, INT64_MAX, &count) == 0;
    case CONF_BOOL:
        return parse_bool(s, &yes) == 0;
    case CONF_ACCEPT:
        return read_accept(s, &accept);
    case CONF_RATE:
        return read_rate(s, &rate);
    }
    return false;
}

void conf_value_store(enum conf_type type, const char *text, void *field)
{
    struct span s = span_of(text);
    if (type == CONF_DURATION)
        parse_duration(s, field);
    else if (type == CONF_COUNT)
        parse_u64(s, INT64_MAX, field);
    else if (type == CONF_BOOL)
        parse_bool(s, field);
    else if (type == CONF_ACCEPT)
        read_accept(s, field);
    else if (type == CONF_RATE)
        read_rate(s, field);
    else
        *(const char **)field = text;
}

/* ---- providers -------------------------------------------------------------------------------------------------- */

const char *conf_file_path(const char *url)
{
    size_t n = sizeof FILE_URL - 1;
    return strncmp(url, FILE_URL, n) == 0 ? url + n : NULL;
}

/* A key of which each provider has its own. */
static const char *shared(const struct conf_provider *a, const struct conf_provider *b)
{
    return strcmp(a->issuer, b->issuer) == 0 ? "issuer" : strcmp(a->cache, b->cache) == 0 ? "cache" : NULL;
}

static int check_provider(const struct conf *conf, size_t i, const char **key, struct buf *what)
{
    const struct conf_provider *p = &conf->providers[i];
    *key = "jwks_url";
    if (conf_file_path(p->jwks_url) && !p->allow_file) {
        buf_str(what, "a file: URL needs allow_file = yes");
        return LK_CONFIG;
    }
    for (size_t k = 0; k < i; k++) {
        const struct conf_provider *other = &conf->providers[k];
        if ((*key = shared(other, p))) {
            buf_printf(what, "the same as in [provider%s%s]", *other->name ? " " : "", other->name);
            return LK_CONFIG;
        }
    }
    return 0;
}

int conf_check_providers(const struct conf *conf, const struct conf_provider **at, const char **key, struct buf *what)
{
    int error = 0;
    for (size_t i = 0; !error && i < conf->provider_count; i++) {
        *at = &conf->providers[i];
        error = check_provider(conf, i, key, what);
    }
    return error;
}
