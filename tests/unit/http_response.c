#include "http/response.h"

#include "base/error.h"
#include "unit.h"

static struct response res;
static struct buf out;

static void start(void)
{
    response_init(&res);
    out = BUF_INIT(RESPONSE_BODY_MAX + 65536);
}

static void end(void)
{
    response_free(&res);
    buf_free(&out);
}

START_TEST(a_json_answer_is_rendered_whole)
{
    start();
    json_t *value = json_pack("{s:i}", "a", 1);
    response_json(&res, 201, "application/json", value);
    response_header(&res, "Location", "/x");
    ck_assert_int_eq(response_render(&res, false, &out), 0);
    ck_assert_str_eq(buf_cstr(&out), "Status: 201 Created\r\nContent-Type: application/json\r\nContent-Length: 7\r\n"
                                     "Location: /x\r\n\r\n{\"a\":1}");
    ck_assert_uint_eq(value->refcount, 1);
    json_decref(value);
    end();
}
END_TEST

START_TEST(head_is_the_same_answer_without_its_body)
{
    start();
    json_t *value = json_pack("[i,i]", 1, 2);
    struct buf head = BUF_INIT(4096);
    response_json(&res, 200, "application/json", value);
    ck_assert_int_eq(response_render(&res, false, &out), 0);
    ck_assert_int_eq(response_render(&res, true, &head), 0);
    ck_assert_uint_eq(head.n, out.n - strlen("[1,2]"));
    ck_assert_mem_eq(head.p, out.p, head.n);
    json_decref(value);
    buf_free(&head);
    end();
}
END_TEST

START_TEST(no_content_has_no_length_and_no_body)
{
    static const int statuses[] = {204, 304};
    for (size_t i = 0; i < 2; i++) {
        start();
        response_empty(&res, statuses[i]);
        ck_assert_int_eq(response_render(&res, false, &out), 0);
        ck_assert_ptr_null(strstr(buf_cstr(&out), "Content-"));
        end();
    }
    start();
    response_empty(&res, 200);
    ck_assert_int_eq(response_render(&res, false, &out), 0);
    ck_assert_str_eq(buf_cstr(&out), "Status: 200 OK\r\nContent-Length: 0\r\n\r\n");
    end();
}
END_TEST

START_TEST(no_value_can_split_a_header)
{
    static const char *const bad[] = {
        "a\r\nSet-Cookie: x=y", "a\nb", "a\rb", "\r\n\r\n<html>", "a\x7f", "\x01", "a\tb"};
    start();
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        response_header(&res, "X-Value", bad[i]);
        response_headerf(&res, "X-Value", "%s", bad[i]);
        response_header(&res, bad[i], "value");
    }
    ck_assert_uint_eq(res.head.n, 0);
    response_header(&res, "X-Value", "a b; \xc3\xa9");
    ck_assert_str_eq(buf_cstr(&res.head), "X-Value: a b; \xc3\xa9\r\n");
    end();
}
END_TEST

START_TEST(set_cookie_may_repeat)
{
    start();
    response_header(&res, "Set-Cookie", "a=1");
    response_headerf(&res, "Set-Cookie", "b=%d", 2);
    ck_assert_str_eq(buf_cstr(&res.head), "Set-Cookie: a=1\r\nSet-Cookie: b=2\r\n");
    end();
}
END_TEST

START_TEST(fields_are_found_without_case)
{
    start();
    response_header(&res, "Cache-Control", "no-store");
    ck_assert(response_has(&res, "cache-control"));
    ck_assert(!response_has(&res, "Cache"));
    ck_assert(!response_has(&res, "Cache-Control-X"));
    ck_assert(!response_has(&res, "no-store"));
    end();
}
END_TEST

static void after(void *context)
{
    (void)context;
}

START_TEST(reset_drops_all_but_what_runs_afterwards)
{
    start();
    json_t *value = json_array();
    res.after = after;
    response_header(&res, "ETag", "\"1\"");
    response_json(&res, 200, "application/json", value);
    response_reset(&res);
    response_empty(&res, 500);
    ck_assert_int_eq(response_render(&res, false, &out), 0);
    ck_assert_str_eq(buf_cstr(&out), "Status: 500 Internal Server Error\r\nContent-Length: 0\r\n\r\n");
    ck_assert(res.after == after);
    json_decref(value);
    end();
}
END_TEST

START_TEST(a_later_body_replaces_the_earlier)
{
    start();
    json_t *first = json_pack("[i]", 1), *second = json_pack("[i]", 2);
    response_json(&res, 200, "application/json", first);
    response_json(&res, 400, "application/problem+json", second);
    ck_assert_int_eq(response_render(&res, false, &out), 0);
    ck_assert_str_eq(buf_cstr(&out), "Status: 400 Bad Request\r\nContent-Type: application/problem+json\r\n"
                                     "Content-Length: 3\r\n\r\n[2]");
    json_decref(first);
    json_decref(second);
    end();
}
END_TEST

START_TEST(what_could_not_be_built_is_not_rendered)
{
    static char long_value[70000];
    memset(long_value, 'x', sizeof long_value - 1);
    start();
    response_empty(&res, 200);
    response_header(&res, "X-Long", long_value);
    ck_assert_int_eq(response_render(&res, false, &out), LK_TOO_LARGE);
    end();
    start();
    response_empty(&res, 200);
    response_headerf(&res, "X-Long", "%s", long_value);
    ck_assert_int_eq(response_render(&res, false, &out), LK_TOO_LARGE);
    end();
    start();
    response_json(&res, 200, "application/json", NULL);
    ck_assert_int_ne(response_render(&res, false, &out), 0);
    end();
}
END_TEST

UNIT_MAIN("http_response", a_json_answer_is_rendered_whole, head_is_the_same_answer_without_its_body,
          no_content_has_no_length_and_no_body, no_value_can_split_a_header, set_cookie_may_repeat,
          fields_are_found_without_case, reset_drops_all_but_what_runs_afterwards, a_later_body_replaces_the_earlier,
          what_could_not_be_built_is_not_rendered)
