#include "http/origin.h"

#include "base/conf.h"
#include "base/parse.h"

#define EXPOSED                                                                                                        \
    "WWW-Authenticate, Retry-After, RateLimit, RateLimit-Policy, Location, Link, ETag, X-Request-Id, "                 \
    "X-Total-Count, Preference-Applied, Idempotency-Replayed, Accept-Patch"
#define ALLOWED "Authorization, Content-Type, If-Match, If-None-Match, Idempotency-Key, Prefer"

static bool ends_with(struct span s, const char *end)
{
    size_t n = strlen(end);
    return s.n > n && memcmp(s.p + s.n - n, end, n) == 0;
}

/* A browser leaves its scheme's default port out (RFC 6454 6.2). */
struct span origin_of(const char *url)
{
    bool https = strncmp(url, "https://", 8) == 0;
    const char *host = strstr(url, "://");
    size_t n = host ? (size_t)(host - url) + 3 + strcspn(host + 3, "/?#") : 0;
    struct span origin = {url, n};
    if (ends_with(origin, https ? ":443" : ":80"))
        origin.n -= https ? 4 : 3;
    return origin;
}

static bool is_allowed(const char *origin, const char *allowed, const char *url)
{
    return parse_is_origin(span_of(origin)) && (conf_list_has(allowed, origin) || span_equals(origin_of(url), origin));
}

void cors_apply(const struct request *req, struct response *res, const char *allowed, const char *url)
{
    response_header(res, "Vary", "Origin");
    if (!is_allowed(req->origin, allowed, url))
        return;
    response_header(res, "Access-Control-Allow-Origin", req->origin);
    response_header(res, "Access-Control-Allow-Credentials", "true");
    response_header(res, "Access-Control-Expose-Headers", EXPOSED);
}

void cors_preflight(const struct request *req, struct response *res, const char *allowed, const char *url,
                    const char *methods)
{
    response_empty(res, 204);
    response_header(res, "Allow", methods);
    if (!is_allowed(req->origin, allowed, url))
        return;
    response_header(res, "Access-Control-Allow-Methods", methods);
    response_header(res, "Access-Control-Allow-Headers", ALLOWED);
    response_header(res, "Access-Control-Max-Age", "600");
}

bool origin_may_change(const struct request *req, const char *allowed, const char *url)
{
    if (*req->origin)
        return is_allowed(req->origin, allowed, url);
    return !*req->fetch_site || strcmp(req->fetch_site, "same-origin") == 0;
}
