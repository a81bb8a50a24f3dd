#include "http/origin.h"

#include "unit.h"

#define LIST "https://app.example.org https://other.example:8443 http://localhost:5173"
#define URL  "https://api.example.org/cgi-bin"

static struct response res;

static struct request from(const char *origin, const char *fetch_site)
{
    return (struct request){.origin = origin, .fetch_site = fetch_site};
}

static const char *cors(const char *origin, const char *list, const char *url)
{
    struct request req = from(origin, "");
    response_init(&res);
    cors_apply(&req, &res, list, url);
    return buf_cstr(&res.head);
}

static const char *const allowed[] = {"https://app.example.org", "https://other.example:8443", "http://localhost:5173",
                                      "https://api.example.org"};

static const char *const foreign[] = {
    "null",
    "NULL",
    "*",
    "https://app.example.org.evil",
    "https://app.example.orgevil",
    "https://evil.app.example.org",
    "https://evilapp.example.org",
    "https://app.example.or",
    "https://app.example.org/",
    "https://app.example.org:443",
    "https://app.example.org:8443",
    "https://other.example",
    "https://other.example:84430",
    "http://app.example.org",
    "HTTPS://app.example.org",
    "https://APP.example.org",
    "https://app.example.org, https://evil.example",
    "https://app.example.org,https://app.example.org",
    "https://app.example.org https://other.example:8443",
    "https://user@app.example.org",
    "app.example.org",
    "https://api.example.org/cgi-bin",
    "https://api.example.or",
    "https://",
    " https://app.example.org",
};

START_TEST(an_allowed_origin_is_echoed)
{
    char expected[512];
    for (size_t i = 0; i < sizeof allowed / sizeof allowed[0]; i++) {
        snprintf(expected, sizeof expected,
                 "Vary: Origin\r\nAccess-Control-Allow-Origin: %s\r\nAccess-Control-Allow-Credentials: true\r\n"
                 "Access-Control-Expose-Headers: WWW-Authenticate, Retry-After, RateLimit, RateLimit-Policy, Location, "
                 "Link, ETag, X-Request-Id, X-Total-Count, Preference-Applied, Idempotency-Replayed, Accept-Patch\r\n",
                 allowed[i]);
        ck_assert_str_eq(cors(allowed[i], LIST, URL), expected);
        response_free(&res);
    }
}
END_TEST

START_TEST(any_other_origin_gets_vary_only)
{
    for (size_t i = 0; i < sizeof foreign / sizeof foreign[0]; i++) {
        ck_assert_msg(strcmp(cors(foreign[i], LIST, URL), "Vary: Origin\r\n") == 0, "%s", foreign[i]);
        response_free(&res);
    }
    ck_assert_str_eq(cors("", LIST, URL), "Vary: Origin\r\n");
    response_free(&res);
}
END_TEST

START_TEST(null_is_refused_even_when_configured)
{
    ck_assert_str_eq(cors("null", "null *", URL), "Vary: Origin\r\n");
    response_free(&res);
    ck_assert_str_eq(cors("https://x.example", "null *", URL), "Vary: Origin\r\n");
    response_free(&res);
    ck_assert_str_ne(cors("https://x.example", "null https://x.example", URL), "Vary: Origin\r\n");
    response_free(&res);
}
END_TEST

START_TEST(the_sites_own_origin_leaves_the_default_port_out)
{
    static const struct {
        const char *url, *origin;
        bool same;
    } cases[] = {
        {"https://a.example:443/x", "https://a.example", true},
        {"http://a.example:80", "http://a.example", true},
        {"https://a.example:80/x", "https://a.example:80", true},
        {"https://a.example:4443/x", "https://a.example:4443", true},
        {"http://[::1]:8080/x", "http://[::1]:8080", true},
        {"https://a.example", "https://a.example", true},
        {"https://a.example:4443/x", "https://a.example:4", false},
        {"http://a.example:443/x", "https://a.example", false},
        {"", "https://a.example", false},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        bool same = strcmp(cors(cases[i].origin, "", cases[i].url), "Vary: Origin\r\n") != 0;
        ck_assert_msg(same == cases[i].same, "%s %s", cases[i].url, cases[i].origin);
        response_free(&res);
    }
}
END_TEST

START_TEST(a_preflight_names_methods_headers_and_age)
{
    struct request req = from("https://app.example.org", "cross-site");
    response_init(&res);
    cors_preflight(&req, &res, LIST, URL, "GET, HEAD, OPTIONS");
    ck_assert_int_eq(res.status, 204);
    ck_assert_str_eq(buf_cstr(&res.head),
                     "Allow: GET, HEAD, OPTIONS\r\nAccess-Control-Allow-Methods: GET, HEAD, OPTIONS\r\n"
                     "Access-Control-Allow-Headers: Authorization, Content-Type, If-Match, If-None-Match, "
                     "Idempotency-Key, Prefer\r\nAccess-Control-Max-Age: 600\r\n");
    response_free(&res);
}
END_TEST

START_TEST(a_foreign_preflight_gets_no_cors_fields)
{
    for (size_t i = 0; i < sizeof foreign / sizeof foreign[0]; i++) {
        struct request req = from(foreign[i], "");
        response_init(&res);
        cors_preflight(&req, &res, LIST, URL, "GET");
        ck_assert_int_eq(res.status, 204);
        ck_assert_str_eq(buf_cstr(&res.head), "Allow: GET\r\n");
        response_free(&res);
    }
}
END_TEST

START_TEST(an_allowed_origin_may_change)
{
    for (size_t i = 0; i < sizeof allowed / sizeof allowed[0]; i++) {
        struct request req = from(allowed[i], "cross-site");
        ck_assert_msg(origin_may_change(&req, LIST, URL), "%s", allowed[i]);
    }
}
END_TEST

START_TEST(a_foreign_origin_may_not_change)
{
    for (size_t i = 0; i < sizeof foreign / sizeof foreign[0]; i++) {
        struct request req = from(foreign[i], "same-origin");
        ck_assert_msg(!origin_may_change(&req, LIST, URL), "%s", foreign[i]);
    }
}
END_TEST

START_TEST(without_origin_a_browser_must_be_on_the_same_origin)
{
    static const char *const no[] = {"cross-site", "same-site", "none", "Same-Origin", "same-origin, cross-site", "x"};
    struct request req = from("", "");
    ck_assert(origin_may_change(&req, LIST, URL));
    req = from("", "same-origin");
    ck_assert(origin_may_change(&req, LIST, URL));
    for (size_t i = 0; i < sizeof no / sizeof no[0]; i++) {
        req = from("", no[i]);
        ck_assert_msg(!origin_may_change(&req, LIST, URL), "%s", no[i]);
    }
}
END_TEST

UNIT_MAIN("http_origin", an_allowed_origin_is_echoed, any_other_origin_gets_vary_only,
          null_is_refused_even_when_configured, the_sites_own_origin_leaves_the_default_port_out,
          a_preflight_names_methods_headers_and_age, a_foreign_preflight_gets_no_cors_fields,
          an_allowed_origin_may_change, a_foreign_origin_may_not_change,
          without_origin_a_browser_must_be_on_the_same_origin)
