#include "http/request.h"

#include "base/error.h"
#include "http_env.h"
#include "unit.h"

#define BODY_MAX 1000

static struct request req;
static struct memory body;
static const char *detail;

static int receive(char *const env[], const char *text)
{
    body = (struct memory){text, strlen(text), 3};
    detail = NULL;
    return request_read(&req, env, memory_read, &body, BODY_MAX, &detail);
}

START_TEST(fields_are_what_the_server_said)
{
    ck_assert_int_eq(receive(ENV("REQUEST_METHOD=PATCH", "SCRIPT_NAME=/cgi/todos", "PATH_INFO=/7", "QUERY_STRING=a=b",
                                 "CONTENT_TYPE=application/json", "CONTENT_LENGTH=2", "HTTP_AUTHORIZATION=Bearer x",
                                 "HTTP_COOKIE=c=d", "HTTP_ORIGIN=https://a.example", "HTTP_HOST=b.example",
                                 "HTTP_SEC_FETCH_SITE=same-origin", "REMOTE_ADDR=192.0.2.1", "HTTP_USER_AGENT=curl",
                                 "HTTP_CONTENT_ENCODING=gzip", "HTTPS=on"),
                             "{}"),
                     0);
    ck_assert_int_eq(req.method, METHOD_PATCH);
    ck_assert_str_eq(req.script, "/cgi/todos");
    ck_assert_str_eq(req.path, "/7");
    ck_assert_str_eq(req.query, "a=b");
    ck_assert_str_eq(req.content_type, "application/json");
    ck_assert_str_eq(req.content_encoding, "gzip");
    ck_assert_str_eq(req.authorization, "Bearer x");
    ck_assert_str_eq(req.cookie, "c=d");
    ck_assert_str_eq(req.origin, "https://a.example");
    ck_assert_str_eq(req.host, "b.example");
    ck_assert_str_eq(req.fetch_site, "same-origin");
    ck_assert_str_eq(req.address, "192.0.2.1");
    ck_assert_str_eq(req.user_agent, "curl");
    ck_assert(req.https);
    ck_assert(span_equals(req.body, "{}"));
    request_free(&req);
}
END_TEST

START_TEST(absent_fields_are_empty_strings)
{
    ck_assert_int_eq(receive(ENV("REQUEST_METHOD=GET"), ""), 0);
    const char *const strings[] = {req.script,           req.path,          req.query,   req.content_type,
                                   req.content_encoding, req.authorization, req.cookie,  req.origin,
                                   req.fetch_site,       req.host,          req.address, req.user_agent};
    for (size_t i = 0; i < sizeof strings / sizeof strings[0]; i++)
        ck_assert_str_eq(strings[i], "");
    ck_assert(!req.https);
    ck_assert_uint_eq(req.body.n, 0);
    request_free(&req);
}
END_TEST

START_TEST(methods_are_exact_and_cannot_be_overridden)
{
    static const char *const names[] = {"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"};
    char variable[64];
    for (int m = METHOD_GET; m < METHOD_OTHER; m++) {
        snprintf(variable, sizeof variable, "REQUEST_METHOD=%s", names[m]);
        ck_assert_int_eq(receive(ENV(variable), ""), 0);
        ck_assert_int_eq(req.method, m);
        ck_assert_str_eq(method_name(req.method), names[m]);
    }
    static const char *const others[] = {"REQUEST_METHOD=get", "REQUEST_METHOD=", "REQUEST_METHOD=GET ",
                                         "REQUEST_METHOD=TRACE", "REQUEST=GET"};
    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++) {
        ck_assert_int_eq(receive(ENV(others[i]), ""), 0);
        ck_assert_int_eq(req.method, METHOD_OTHER);
    }
    receive(ENV("REQUEST_METHOD=GET", "HTTP_X_HTTP_METHOD_OVERRIDE=DELETE", "HTTP_X_METHOD_OVERRIDE=DELETE",
                "HTTP_X_HTTP_METHOD=DELETE", "QUERY_STRING=_method=DELETE"),
            "");
    ck_assert_int_eq(req.method, METHOD_GET);
}
END_TEST

START_TEST(https_is_known_by_either_variable)
{
    receive(ENV("HTTPS=on"), "");
    ck_assert(req.https);
    receive(ENV("REQUEST_SCHEME=https"), "");
    ck_assert(req.https);
    receive(ENV("HTTPS=off", "REQUEST_SCHEME=http"), "");
    ck_assert(!req.https);
    receive(ENV("HTTPS="), "");
    ck_assert(!req.https);
}
END_TEST

START_TEST(a_name_twice_is_refused)
{
    ck_assert_int_eq(receive(ENV("REQUEST_METHOD=GET", "HTTP_X_A=1", "HTTP_X_AB=1", "HTTP_X=1"), ""), 0);
    ck_assert_int_eq(receive(ENV("HTTP_X_A=1", "REQUEST_METHOD=GET", "HTTP_X_A=1"), ""), 400);
    ck_assert_int_eq(receive(ENV("HTTP_AUTHORIZATION=Bearer a", "HTTP_AUTHORIZATION=Bearer b"), ""), 400);
    ck_assert_int_eq(receive(ENV("CONTENT_LENGTH=0", "REQUEST_METHOD=POST", "CONTENT_LENGTH=3"), "abc"), 400);
    ck_assert_str_eq(detail, "The request has a header field twice.");
}
END_TEST

static char *const *many_variables(size_t n)
{
    static char text[REQUEST_ENV_MAX + 1][32];
    static const char *env[REQUEST_ENV_MAX + 2];
    for (size_t i = 0; i < n; i++) {
        snprintf(text[i], sizeof text[i], "N%zu=1", i);
        env[i] = text[i];
    }
    env[n] = NULL;
    return env_of(env);
}

START_TEST(the_number_of_variables_is_bounded)
{
    ck_assert_int_eq(receive(many_variables(REQUEST_ENV_MAX), ""), 0);
    ck_assert_int_eq(receive(many_variables(REQUEST_ENV_MAX + 1), ""), 400);
}
END_TEST

START_TEST(control_characters_are_refused_in_every_field)
{
    static const char *const names[] = {"SCRIPT_NAME",         "PATH_INFO",          "QUERY_STRING",
                                        "CONTENT_TYPE",        "HTTP_COOKIE",        "HTTP_CONTENT_ENCODING",
                                        "HTTP_ORIGIN",         "HTTP_AUTHORIZATION", "HTTP_HOST",
                                        "HTTP_SEC_FETCH_SITE", "REMOTE_ADDR",        "REDIRECT_HTTP_AUTHORIZATION",
                                        "HTTP_USER_AGENT"};
    static const char bad[] = {'\n', '\r', '\t', '\x01', '\x1f', '\x7f'};
    char variable[80];
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        snprintf(variable, sizeof variable, "%s=a b\xc3\xa9", names[i]);
        ck_assert_int_eq(receive(ENV(variable), ""), 0);
        for (size_t k = 0; k < sizeof bad; k++) {
            snprintf(variable, sizeof variable, "%s=a%cb", names[i], bad[k]);
            ck_assert_msg(receive(ENV(variable), "") == 400, "%s with %d", names[i], bad[k]);
        }
    }
}
END_TEST

START_TEST(the_length_of_a_value_is_bounded)
{
    static char variable[REQUEST_VALUE_MAX + 100];
    static const char *const names[] = {"HTTP_COOKIE=", "HTTP_AUTHORIZATION=", "REDIRECT_HTTP_AUTHORIZATION="};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        size_t n = strlen(names[i]);
        memset(variable, 'x', sizeof variable);
        memcpy(variable, names[i], n);
        variable[n + REQUEST_VALUE_MAX] = '\0';
        ck_assert_int_eq(receive(ENV(variable), ""), 0);
        variable[n + REQUEST_VALUE_MAX] = 'x';
        variable[n + REQUEST_VALUE_MAX + 1] = '\0';
        ck_assert_int_eq(receive(ENV(variable), ""), 400);
    }
}
END_TEST

START_TEST(authorization_moved_by_a_redirect_is_found)
{
    ck_assert_int_eq(receive(ENV("REDIRECT_HTTP_AUTHORIZATION=Bearer a"), ""), 0);
    ck_assert_str_eq(req.authorization, "Bearer a");
    ck_assert_int_eq(receive(ENV("REDIRECT_HTTP_AUTHORIZATION=Bearer a", "HTTP_AUTHORIZATION=Bearer a"), ""), 0);
    ck_assert_int_eq(receive(ENV("REDIRECT_HTTP_AUTHORIZATION=", "HTTP_AUTHORIZATION=Bearer a"), ""), 0);
    ck_assert_str_eq(req.authorization, "Bearer a");
    ck_assert_int_eq(receive(ENV("REDIRECT_HTTP_AUTHORIZATION=Bearer a", "HTTP_AUTHORIZATION=Bearer b"), ""), 400);
    ck_assert_int_eq(receive(ENV("HTTP_REDIRECT_HTTP_AUTHORIZATION=Bearer a"), ""), 0);
    ck_assert_str_eq(req.authorization, "");
}
END_TEST

START_TEST(content_length_is_strict)
{
    static const struct {
        const char *variable;
        const char *text;
        int status;
    } cases[] = {
        {"CONTENT_LENGTH=5", "12345", 0},
        {"CONTENT_LENGTH=0", "", 0},
        {"CONTENT_LENGTH=", "", 0},
        {"CONTENT_LENGTH=-1", "1", 400},
        {"CONTENT_LENGTH=-0", "", 400},
        {"CONTENT_LENGTH=+1", "1", 400},
        {"CONTENT_LENGTH=1e3", "1", 400},
        {"CONTENT_LENGTH=0x10", "1", 400},
        {"CONTENT_LENGTH=05", "12345", 400},
        {"CONTENT_LENGTH= 5", "12345", 400},
        {"CONTENT_LENGTH=5 ", "12345", 400},
        {"CONTENT_LENGTH=5,5", "12345", 400},
        {"CONTENT_LENGTH=5.0", "12345", 400},
        {"CONTENT_LENGTH=five", "12345", 400},
        {"CONTENT_LENGTH=5", "123", 400},
        {"CONTENT_LENGTH=5", "", 400},
        {"CONTENT_LENGTH=1001", "", 413},
        {"CONTENT_LENGTH=4294967296", "", 413},
        {"CONTENT_LENGTH=18446744073709551615", "", 413},
        {"CONTENT_LENGTH=18446744073709551616", "", 413},
        {"CONTENT_LENGTH=18446744073709551621", "12345", 413},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        int status = receive(ENV("REQUEST_METHOD=POST", cases[i].variable), cases[i].text);
        ck_assert_msg(status == cases[i].status, "%s: %d", cases[i].variable, status);
        ck_assert(status == 0 || detail);
        ck_assert(status != 413 || req.body_buf.p == NULL);
        ck_assert(status || span_equals(req.body, cases[i].text));
        request_free(&req);
    }
}
END_TEST

START_TEST(a_body_of_the_limit_is_taken_whole)
{
    static char text[BODY_MAX + 1];
    memset(text, 'x', BODY_MAX);
    text[7] = '\x01';
    ck_assert_int_eq(receive(ENV("CONTENT_LENGTH=1000"), text), 0);
    ck_assert(span_equals(req.body, text));
    request_free(&req);
}
END_TEST

START_TEST(a_nul_in_the_body_is_kept)
{
    body = (struct memory){"a\0b", 3, 3};
    ck_assert_int_eq(request_read(&req, ENV("CONTENT_LENGTH=3"), memory_read, &body, BODY_MAX, &detail), 0);
    ck_assert_uint_eq(req.body.n, 3);
    ck_assert_mem_eq(req.body.p, "a\0b", 3);
    request_free(&req);
}
END_TEST

START_TEST(what_follows_the_declared_length_is_never_read)
{
    ck_assert_int_eq(receive(ENV("CONTENT_LENGTH=3"), "abcdef"), 0);
    ck_assert(span_equals(req.body, "abc"));
    ck_assert_str_eq(body.p, "def");
    request_free(&req);
    ck_assert_int_eq(receive(ENV("CONTENT_LENGTH=4"), "abcdef"), 0);
    ck_assert_str_eq(body.p, "ef");
    request_free(&req);
    ck_assert_int_eq(receive(ENV("REQUEST_METHOD=POST"), "abc"), 0);
    ck_assert_uint_eq(req.body.n, 0);
    ck_assert_str_eq(body.p, "abc");
}
END_TEST

START_TEST(transfer_coding_without_a_length_is_refused)
{
    ck_assert_int_eq(receive(ENV("HTTP_TRANSFER_ENCODING=chunked"), "3\r\nabc\r\n0\r\n\r\n"), 411);
    ck_assert_int_eq(receive(ENV("HTTP_TRANSFER_ENCODING=chunked", "CONTENT_LENGTH="), "abc"), 411);
    ck_assert_int_eq(receive(ENV("HTTP_TRANSFER_ENCODING=chunked", "CONTENT_LENGTH=3"), "abc"), 0);
    ck_assert(span_equals(req.body, "abc"));
    request_free(&req);
}
END_TEST

START_TEST(the_body_of_a_refused_request_is_read_up_to_a_limit)
{
    static char text[REQUEST_DISCARD_MAX + 2];
    ck_assert_int_eq(receive(ENV("CONTENT_LENGTH=1001"), "abc"), 413);
    ck_assert_uint_eq(body.n, 0);
    ck_assert_int_eq(receive(ENV("HTTP_TRANSFER_ENCODING=chunked"), "abc"), 411);
    ck_assert_uint_eq(body.n, 0);
    ck_assert_int_eq(receive(ENV("HTTP_X_A=1", "HTTP_X_A=2", "CONTENT_LENGTH=2"), "abc"), 400);
    ck_assert_str_eq(body.p, "c");
    memset(text, 'x', sizeof text - 1);
    ck_assert_int_eq(receive(ENV("CONTENT_LENGTH=18446744073709551616"), text), 413);
    ck_assert_uint_eq(body.n, 1);
}
END_TEST

static int broken_read(void *context, void *out, size_t n)
{
    (void)context, (void)out, (void)n;
    return -1;
}

START_TEST(a_broken_input_is_our_fault)
{
    ck_assert_int_eq(request_read(&req, ENV("CONTENT_LENGTH=3"), broken_read, NULL, BODY_MAX, &detail), 500);
    request_free(&req);
    ck_assert_int_eq(request_read(&req, ENV("CONTENT_LENGTH=0"), broken_read, NULL, BODY_MAX, &detail), 0);
}
END_TEST

START_TEST(every_request_gets_an_id_of_ours)
{
    char first[sizeof req.id];
    receive(ENV("UNIQUE_ID=given", "HTTP_X_REQUEST_ID=given", "REQUEST_ID=given"), "");
    ck_assert_uint_eq(strlen(req.id), 22);
    memcpy(first, req.id, sizeof first);
    receive(ENV("HTTP_X=1", "HTTP_X=2"), "");
    ck_assert_uint_eq(strlen(req.id), 22);
    ck_assert_str_ne(req.id, first);
}
END_TEST

START_TEST(media_types_compare_without_case_and_parameters)
{
    static const char *const same[] = {"application/json", "Application/JSON", "application/json; charset=utf-8",
                                       "application/json ;x", " application/json"};
    static const char *const other[] = {
        "",     "application/jsonx",           "application/jso", "text/plain, application/json",
        "json", "text/plain; application/json"};
    for (size_t i = 0; i < sizeof same / sizeof same[0]; i++) {
        req.content_type = same[i];
        ck_assert_msg(request_is(&req, "application/json"), "%s", same[i]);
    }
    for (size_t i = 0; i < sizeof other / sizeof other[0]; i++) {
        req.content_type = other[i];
        ck_assert_msg(!request_is(&req, "application/json"), "%s", other[i]);
    }
}
END_TEST

UNIT_MAIN("http_request", fields_are_what_the_server_said, absent_fields_are_empty_strings,
          methods_are_exact_and_cannot_be_overridden, https_is_known_by_either_variable, a_name_twice_is_refused,
          the_number_of_variables_is_bounded, control_characters_are_refused_in_every_field,
          the_length_of_a_value_is_bounded, authorization_moved_by_a_redirect_is_found, content_length_is_strict,
          a_body_of_the_limit_is_taken_whole, a_nul_in_the_body_is_kept, what_follows_the_declared_length_is_never_read,
          transfer_coding_without_a_length_is_refused, the_body_of_a_refused_request_is_read_up_to_a_limit,
          a_broken_input_is_our_fault, every_request_gets_an_id_of_ours,
          media_types_compare_without_case_and_parameters)
