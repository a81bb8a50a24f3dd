/* What goes wrong in a handler, and what the log says of a request. */
#include "http_serve.h"

START_TEST(a_handlers_error_becomes_a_clean_answer)
{
    static const struct {
        int error;
        int status;
        const char *retry, *word, *reason;
    } cases[] = {
        {LK_BUSY, 503, "Retry-After: 2", "temporarily_unavailable", "reason=busy"},
        {LK_UNAVAILABLE, 503, "Retry-After: 30", "temporarily_unavailable", "reason=unavailable"},
        {LK_LIMITED, 429, "Retry-After: 10", "temporarily_unavailable", "reason=limited"},
        {LK_STORE, 500, NULL, "server_error", "reason=store"},
        {LK_CONFIG, 500, NULL, "server_error", "reason=config"},
        {LK_NOMEM, 500, NULL, "server_error", "reason=memory"},
        {LK_CRYPTO, 500, NULL, "server_error", "reason=crypto"},
        {LK_SYNTAX, 500, NULL, "server_error", "reason=syntax"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        to_return = cases[i].error;
        ask(&api, ENV("REQUEST_METHOD=GET", "PATH_INFO=/x/fails"), "");
        ck_assert(has_status(cases[i].status));
        ck_assert(has("Content-Type: application/problem+json"));
        ck_assert(cases[i].retry ? has(cases[i].retry) : !strstr(answer, "Retry-After"));
        ck_assert_ptr_null(strstr(answer, "X-Half"));
        ck_assert_ptr_null(strstr(answer, "half-built"));
        ck_assert(cases[i].status != 500 || strstr(content(), "\"detail\":\"The server failed.\""));
        ck_assert_ptr_nonnull(strstr(logged, "event=request.failed"));
        ck_assert_ptr_nonnull(strstr(logged, cases[i].reason));
        ask(&token, ENV("REQUEST_METHOD=GET", "PATH_INFO=/x/fails"), "");
        ck_assert(has_status(cases[i].status));
        ck_assert_ptr_nonnull(strstr(content(), cases[i].word));
    }
    to_return = 0;
    ask(&api, ENV("REQUEST_METHOD=GET", "PATH_INFO=/x/fails"), "");
    ck_assert(has_status(200));
    ck_assert(has("X-Half: built"));
}
END_TEST

START_TEST(a_handler_that_answers_nothing_is_500)
{
    ask(&api, ENV("REQUEST_METHOD=GET", "PATH_INFO=/x/silent"), "");
    ck_assert(has_status(500));
    ck_assert_ptr_nonnull(strstr(logged, "reason=no_answer"));
}
END_TEST

START_TEST(an_answer_that_cannot_be_built_is_500)
{
    ask(&api, ENV("REQUEST_METHOD=GET", "PATH_INFO=/x/overflows"), "");
    ck_assert(has_status(500));
    ck_assert(has("Vary: Origin"));
    ck_assert_ptr_nonnull(strstr(logged, "reason=too_large"));
    ck_assert_ptr_nonnull(strstr(logged, "status=500"));
}
END_TEST

START_TEST(an_answer_that_does_not_fit_is_an_error)
{
    struct memory body = {"", 0, 1};
    struct buf small = BUF_INIT(50), large = BUF_INIT(SERVE_ANSWER_MAX);
    struct response res;
    char *const *env = ENV("REQUEST_METHOD=GET");
    ck_assert_int_eq(serve_one(&api, env, memory_read, &body, &small, &res, NULL, &conf), LK_TOO_LARGE);
    response_free(&res);
    ck_assert_int_eq(serve_one(&api, env, memory_read, &body, &large, &res, NULL, &conf), 0);
    response_free(&res);
    buf_free(&small);
    buf_free(&large);
}
END_TEST

START_TEST(a_program_that_did_not_open_is_500)
{
    ask_with(&api, NULL, ENV("REQUEST_METHOD=GET", "HTTP_ORIGIN=https://app.example.org"), "");
    ck_assert(has_status(500));
    ck_assert(has("Content-Type: application/problem+json"));
    ck_assert(has("Vary: Origin"));
    ask_with(&token, NULL, ENV("REQUEST_METHOD=OPTIONS"), "");
    ck_assert(has_status(500));
    ck_assert_ptr_nonnull(strstr(content(), "\"server_error\""));
}
END_TEST

START_TEST(what_was_sent_is_never_echoed)
{
    static const struct program *const programs[] = {&api, &token};
    for (size_t i = 0; i < 2; i++) {
        ask(programs[i],
            ENV("REQUEST_METHOD=<i>", "PATH_INFO=/<i>", "QUERY_STRING=<i>", "CONTENT_TYPE=<i>", "HTTP_ORIGIN=<i>",
                "HTTP_HOST=<i>", "HTTP_AUTHORIZATION=<i>", "HTTP_COOKIE=<i>=<i>"),
            "");
        ck_assert(has_status(405));
        ck_assert_ptr_null(strstr(answer, "<i>"));
        ask(programs[i], ENV("REQUEST_METHOD=GET", "PATH_INFO=/<i>/<i>"), "");
        ck_assert(has_status(404));
        ck_assert_ptr_null(strstr(answer, "<i>"));
    }
}
END_TEST

/* ---- the log line ---- */

START_TEST(one_line_is_logged_for_a_request)
{
    ask(&api,
        ENV("REQUEST_METHOD=GET", "PATH_INFO=/", "QUERY_STRING=secret=1", "REMOTE_ADDR=192.0.2.7",
            "HTTP_AUTHORIZATION=Bearer secret", "HTTP_COOKIE=c=secret"),
        "");
    const char *id = strstr(answer, "X-Request-Id: ") + 14;
    char expected[64];
    snprintf(expected, sizeof expected, " event=request request=%.22s ", id);
    ck_assert_ptr_nonnull(strstr(logged, expected));
    ck_assert_ptr_nonnull(strstr(logged, " program=test method=GET path=\"\" status=200 subject=u1 session=s1 "
                                         "address=192.0.2.7 us="));
    ck_assert_ptr_null(strstr(logged, "secret"));
    ck_assert_ptr_eq(strchr(logged, '\n'), logged + strlen(logged) - 1);
}
END_TEST

START_TEST(what_the_route_holds_reaches_the_handler_and_its_reason_the_log)
{
    ask(&api, ENV("REQUEST_METHOD=DELETE", "PATH_INFO=/7"), "");
    ck_assert(has_status(201));
    ck_assert_ptr_nonnull(strstr(logged, " reason=gone "));
    ask(&api, ENV("REQUEST_METHOD=PUT"), "");
    ck_assert_ptr_null(strstr(logged, "reason="));
}
END_TEST

START_TEST(the_log_has_the_pattern_and_not_the_path)
{
    ask(&api, ENV("REQUEST_METHOD=GET", "PATH_INFO=/seven"), "");
    ck_assert_ptr_nonnull(strstr(logged, " path=/{} status=204 "));
    ck_assert_ptr_null(strstr(logged, "seven"));
    ck_assert_ptr_null(strstr(logged, "subject="));
    ask(&api, ENV("REQUEST_METHOD=X event=forged", "PATH_INFO=/no/such event=forged"), "");
    ck_assert_ptr_nonnull(strstr(logged, " method=OTHER path=- status=404 "));
    ck_assert_ptr_null(strstr(logged, "forged"));
}
END_TEST

UNIT_MAIN("http_serve_faults", a_handlers_error_becomes_a_clean_answer, a_handler_that_answers_nothing_is_500,
          an_answer_that_cannot_be_built_is_500, an_answer_that_does_not_fit_is_an_error,
          a_program_that_did_not_open_is_500, what_was_sent_is_never_echoed, one_line_is_logged_for_a_request,
          what_the_route_holds_reaches_the_handler_and_its_reason_the_log, the_log_has_the_pattern_and_not_the_path)
