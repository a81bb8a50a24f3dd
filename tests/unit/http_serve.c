#include "http_serve.h"

START_TEST(an_answer_has_the_common_fields)
{
    ask(&api, ENV("REQUEST_METHOD=GET"), "");
    ck_assert(has_status(200));
    ck_assert(has("Content-Type: application/json"));
    ck_assert(has("Content-Length: 7"));
    ck_assert(has("Cache-Control: private, no-cache"));
    ck_assert(has("X-Content-Type-Options: nosniff"));
    ck_assert(has("Vary: Origin"));
    ck_assert_ptr_nonnull(strstr(answer, "\r\nX-Request-Id: "));
    ck_assert_ptr_null(strstr(answer, "Access-Control"));
    ck_assert_str_eq(content(), "[1,2,3]");
}
END_TEST

START_TEST(token_answers_are_never_stored)
{
    ask(&token, ENV("REQUEST_METHOD=GET"), "");
    ck_assert(has("Cache-Control: no-store"));
    ck_assert_ptr_null(strstr(answer, "private"));
}
END_TEST

START_TEST(a_handlers_cache_control_stands_alone)
{
    ask(&api, ENV("REQUEST_METHOD=GET", "PATH_INFO=/7"), "");
    ck_assert(has("Cache-Control: max-age=60"));
    ck_assert_ptr_null(strstr(answer, "private"));
}
END_TEST

START_TEST(cors_fields_come_with_answers_and_with_refusals)
{
    ask(&api, ENV("REQUEST_METHOD=GET", "HTTP_ORIGIN=https://app.example.org"), "");
    ck_assert(has_status(200));
    ck_assert(has("Access-Control-Allow-Origin: https://app.example.org"));
    ask(&api, ENV("REQUEST_METHOD=GET", "HTTP_ORIGIN=https://app.example.org", "PATH_INFO=/no/such"), "");
    ck_assert(has_status(404));
    ck_assert(has("Access-Control-Allow-Origin: https://app.example.org"));
    ask(&api, ENV("REQUEST_METHOD=GET", "HTTP_ORIGIN=https://app.example.org", "CONTENT_LENGTH=101"), "");
    ck_assert(has_status(413));
    ck_assert(has("Access-Control-Allow-Origin: https://app.example.org"));
    ask(&api, ENV("REQUEST_METHOD=GET", "HTTP_ORIGIN=https://evil.example"), "");
    ck_assert_ptr_null(strstr(answer, "Access-Control"));
    ck_assert(has("Vary: Origin"));
}
END_TEST

START_TEST(head_is_get_without_a_body)
{
    static const char *const paths[] = {"PATH_INFO=", "PATH_INFO=/no/such", "PATH_INFO=/x/silent"};
    for (size_t i = 0; i < 3; i++) {
        char length[40] = "", *at;
        ask(&api, ENV("REQUEST_METHOD=GET", paths[i]), "");
        at = strstr(answer, "Content-Length: ");
        memcpy(length, at, strcspn(at, "\r"));
        ck_assert_str_ne(content(), "");
        ask(&api, ENV("REQUEST_METHOD=HEAD", paths[i]), "");
        ck_assert(has(length));
        ck_assert_str_eq(content(), "");
    }
}
END_TEST

/* ---- the way through the table ---- */

START_TEST(the_parameter_reaches_the_handler)
{
    ask(&api, ENV("REQUEST_METHOD=GET", "PATH_INFO=/seven"), "");
    ck_assert(has_status(204));
    ck_assert(has("X-Param: seven"));
    ck_assert_ptr_null(strstr(answer, "Content-Length"));
}
END_TEST

START_TEST(an_unknown_path_is_404_whatever_the_method)
{
    static const char *const methods[] = {"REQUEST_METHOD=GET", "REQUEST_METHOD=OPTIONS", "REQUEST_METHOD=BREW"};
    for (size_t i = 0; i < 3; i++) {
        ask(&api, ENV(methods[i], "PATH_INFO=/no/such"), "");
        ck_assert(has_status(404));
        ck_assert(has("Content-Type: application/problem+json"));
        ck_assert_ptr_null(strstr(answer, "Allow:"));
    }
}
END_TEST

START_TEST(a_wrong_method_is_405_with_the_methods_that_are_right)
{
    ask(&api, ENV("REQUEST_METHOD=PATCH"), "");
    ck_assert(has_status(405));
    ck_assert(has("Allow: GET, HEAD, POST, PUT, OPTIONS"));
    ask(&api, ENV("REQUEST_METHOD=get"), "");
    ck_assert(has_status(405));
    ask(&api, ENV("REQUEST_METHOD=POST", "PATH_INFO=/7", "HTTP_X_HTTP_METHOD_OVERRIDE=DELETE"), "");
    ck_assert(has_status(405));
    ck_assert(has("Allow: GET, HEAD, DELETE, OPTIONS"));
    ask(&api, ENV("PATH_INFO=/7"), "");
    ck_assert(has_status(405));
}
END_TEST

START_TEST(options_answers_before_anything_else)
{
    ask(&api, ENV("REQUEST_METHOD=OPTIONS", "PATH_INFO=/7", "CONTENT_TYPE=text/plain", "CONTENT_LENGTH=1"), "x");
    ck_assert(has_status(204));
    ck_assert(has("Allow: GET, HEAD, DELETE, OPTIONS"));
    ck_assert_ptr_null(strstr(answer, "Access-Control"));
    ask(&api,
        ENV("REQUEST_METHOD=OPTIONS", "HTTP_ORIGIN=https://app.example.org", "HTTP_ACCESS_CONTROL_REQUEST_METHOD=POST",
            "HTTP_ACCESS_CONTROL_REQUEST_PRIVATE_NETWORK=true"),
        "");
    ck_assert(has_status(204));
    ck_assert(has("Access-Control-Allow-Origin: https://app.example.org"));
    ck_assert(has("Access-Control-Allow-Methods: GET, HEAD, POST, PUT, OPTIONS"));
    ck_assert(has("Access-Control-Max-Age: 600"));
    ck_assert_ptr_null(strstr(answer, "Private-Network"));
}
END_TEST

START_TEST(a_body_must_be_of_a_media_type_of_the_route)
{
    static const struct {
        const char *method, *path, *type, *length;
        int status;
    } cases[] = {
        {"POST", "", "CONTENT_TYPE=application/json", "CONTENT_LENGTH=2", 201},
        {"POST", "", "CONTENT_TYPE=application/merge-patch+json; x=y", "CONTENT_LENGTH=2", 201},
        {"POST", "", "CONTENT_TYPE=text/plain", "CONTENT_LENGTH=2", 415},
        {"POST", "", "CONTENT_TYPE=application/json application/merge-patch+json", "CONTENT_LENGTH=2", 415},
        {"POST", "", "CONTENT_TYPE=application/x-www-form-urlencoded", "CONTENT_LENGTH=2", 415},
        {"POST", "", "CONTENT_TYPE=", "CONTENT_LENGTH=2", 415},
        {"POST", "", "X=no content type", "CONTENT_LENGTH=2", 415},
        {"POST", "", "X=no content type", "CONTENT_LENGTH=0", 201},
        {"POST", "", "CONTENT_TYPE=text/plain", "CONTENT_LENGTH=", 201},
        {"PUT", "", "CONTENT_TYPE=text/plain", "CONTENT_LENGTH=2", 201},
        {"DELETE", "/7", "CONTENT_TYPE=application/json", "CONTENT_LENGTH=0", 201},
        {"DELETE", "/7", "CONTENT_TYPE=application/json", "CONTENT_LENGTH=2", 415},
        {"GET", "", "CONTENT_TYPE=application/json", "CONTENT_LENGTH=2", 415},
        {"HEAD", "", "CONTENT_TYPE=application/json", "CONTENT_LENGTH=2", 415},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char method[40], path[40];
        snprintf(method, sizeof method, "REQUEST_METHOD=%s", cases[i].method);
        snprintf(path, sizeof path, "PATH_INFO=%s", cases[i].path);
        ask(&api, ENV(method, path, cases[i].type, cases[i].length), "{}");
        ck_assert_msg(has_status(cases[i].status), "%zu: %s", i, answer);
    }
}
END_TEST

START_TEST(a_coded_body_is_refused)
{
    ask(&api,
        ENV("REQUEST_METHOD=POST", "CONTENT_TYPE=application/json", "CONTENT_LENGTH=2", "HTTP_CONTENT_ENCODING=gzip"),
        "{}");
    ck_assert(has_status(415));
    ask(&api,
        ENV("REQUEST_METHOD=POST", "CONTENT_TYPE=application/json", "CONTENT_LENGTH=2",
            "HTTP_CONTENT_ENCODING=identity"),
        "{}");
    ck_assert(has_status(201));
}
END_TEST

/* ---- refusals and faults ---- */

START_TEST(a_bad_request_is_refused_before_the_handler)
{
    static const struct {
        const char *variable;
        int status;
    } cases[] = {
        {"HTTP_X=1", 201},           {"REQUEST_METHOD=POST", 400},
        {"CONTENT_LENGTH=-1", 400},  {"CONTENT_LENGTH=9", 400},
        {"CONTENT_LENGTH=101", 413}, {"HTTP_COOKIE=a\nb", 400},
        {"PATH_INFO=/a\rb", 400},    {"HTTP_TRANSFER_ENCODING=chunked", 411},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        ask(&api, ENV("REQUEST_METHOD=POST", "CONTENT_TYPE=application/json", cases[i].variable), "");
        ck_assert_msg(has_status(cases[i].status), "%s: %s", cases[i].variable, answer);
        ck_assert((strstr(answer, "X-Taken") != NULL) == (cases[i].status == 201));
        ck_assert(cases[i].status == 201 || has("Content-Type: application/problem+json"));
    }
}
END_TEST

START_TEST(token_endpoints_refuse_in_oauth_form)
{
    static const struct {
        const char *method, *path, *more;
        int status;
    } cases[] = {
        {"REQUEST_METHOD=GET", "PATH_INFO=/no/such", "X=1", 404},
        {"REQUEST_METHOD=PATCH", "PATH_INFO=", "X=1", 405},
        {"REQUEST_METHOD=POST", "PATH_INFO=", "CONTENT_LENGTH=1", 415},
        {"REQUEST_METHOD=POST", "PATH_INFO=", "CONTENT_LENGTH=101", 413},
        {"REQUEST_METHOD=POST", "PATH_INFO=", "CONTENT_LENGTH=x", 400},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        ask(&token, ENV(cases[i].method, cases[i].path, cases[i].more), "x");
        ck_assert_msg(has_status(cases[i].status), "%s", answer);
        ck_assert(has("Content-Type: application/json"));
        ck_assert(has("Cache-Control: no-store"));
        ck_assert_int_eq(strncmp(content(), "{\"error\":\"invalid_request\",\"error_description\":\"", 48), 0);
    }
}
END_TEST

UNIT_MAIN("http_serve", an_answer_has_the_common_fields, token_answers_are_never_stored,
          a_handlers_cache_control_stands_alone, cors_fields_come_with_answers_and_with_refusals,
          head_is_get_without_a_body, the_parameter_reaches_the_handler, an_unknown_path_is_404_whatever_the_method,
          a_wrong_method_is_405_with_the_methods_that_are_right, options_answers_before_anything_else,
          a_body_must_be_of_a_media_type_of_the_route, a_coded_body_is_refused,
          a_bad_request_is_refused_before_the_handler, token_endpoints_refuse_in_oauth_form)
