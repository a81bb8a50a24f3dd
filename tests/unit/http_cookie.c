#include "http/cookie.h"

#include "base/error.h"
#include "unit.h"

START_TEST(the_cookie_is_found_among_others)
{
    static const struct {
        const char *header, *value;
    } cases[] = {
        {"__Host-s=v", "v"},           {"a=1; __Host-s=v; b=2", "v"},
        {"a=1;__Host-s=v", "v"},       {" __Host-s = v ", "v"},
        {"__Host-s=v=w", "v=w"},       {"__Host-s=", ""},
        {"__Host-s=\"v\"", "\"v\""},   {"; ;__Host-s=v;", "v"},
        {"nameless; __Host-s=v", "v"}, {"__Host-s2=x; __Host-S=y; s=z; __Host-s=v", "v"},
        {"__Host-s=%76", "%76"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct span value;
        ck_assert_msg(cookie_get(cases[i].header, "s", &value) == 0, "%s", cases[i].header);
        ck_assert_msg(span_equals(value, cases[i].value), "%s", cases[i].header);
    }
}
END_TEST

START_TEST(other_names_are_not_found)
{
    static const char *const headers[] = {"",          "__Host-s",    "s=v",         "__Host-S=v",   "__host-s=v",
                                          "__Host-=v", "__Host-ss=v", "x__Host-s=v", "__Secure-s=v", "a=__Host-s=v",
                                          "a=\"; b=c"};
    struct span value = {"untouched", 9};
    for (size_t i = 0; i < sizeof headers / sizeof headers[0]; i++)
        ck_assert_msg(cookie_get(headers[i], "s", &value) == LK_NOT_FOUND, "%s", headers[i]);
    ck_assert(span_equals(value, "untouched"));
}
END_TEST

START_TEST(two_of_the_name_are_refused)
{
    struct span value = {"untouched", 9};
    ck_assert_int_eq(cookie_get("__Host-s=a; __Host-s=b", "s", &value), LK_SYNTAX);
    ck_assert_int_eq(cookie_get("__Host-s=a; x=y; __Host-s=a", "s", &value), LK_SYNTAX);
    ck_assert_int_eq(cookie_get("__Host-s=; __Host-s =", "s", &value), LK_SYNTAX);
    ck_assert(span_equals(value, "untouched"));
    ck_assert_int_eq(cookie_get("x=a; x=b; __Host-s=a", "s", &value), 0);
}
END_TEST

START_TEST(a_cookie_is_set_with_every_attribute)
{
    struct response res;
    response_init(&res);
    cookie_set(&res, "latchkey", "lkrt_a.b", 604800);
    ck_assert_str_eq(buf_cstr(&res.head), "Set-Cookie: __Host-latchkey=lkrt_a.b; Path=/; Secure; HttpOnly; "
                                          "SameSite=Strict; Max-Age=604800\r\n");
    response_free(&res);
}
END_TEST

START_TEST(a_cookie_is_cleared_by_its_age)
{
    static const int64_t ages[] = {0, -5};
    for (size_t i = 0; i < 2; i++) {
        struct response res;
        response_init(&res);
        cookie_set(&res, "latchkey", "", ages[i]);
        ck_assert_str_eq(buf_cstr(&res.head),
                         "Set-Cookie: __Host-latchkey=; Path=/; Secure; HttpOnly; SameSite=Strict; Max-Age=0\r\n");
        response_free(&res);
    }
}
END_TEST

START_TEST(a_value_cannot_add_attributes)
{
    static const char *const bad[] = {
        "a; Domain=example.org", "a b", "a,b", "a\"b", "a\\b", "a\r\nX: y", "a\x7f", "\xc3\xa9"};
    struct response res;
    response_init(&res);
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        cookie_set(&res, "s", bad[i], 60);
    ck_assert_uint_eq(res.head.n, 0);
    cookie_set(&res, "s", "a.b-_=!", 60);
    ck_assert(response_has(&res, "Set-Cookie"));
    response_free(&res);
}
END_TEST

UNIT_MAIN("http_cookie", the_cookie_is_found_among_others, other_names_are_not_found, two_of_the_name_are_refused,
          a_cookie_is_set_with_every_attribute, a_cookie_is_cleared_by_its_age, a_value_cannot_add_attributes)
