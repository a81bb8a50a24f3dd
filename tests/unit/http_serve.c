#include "http/serve.h"

#include <sys/mman.h>
#include <unistd.h>

#include "base/error.h"
#include "base/log.h"
#include "http/problem.h"
#include "http_env.h"
#include "unit.h"

/* ---- a program ---- */

static int to_return; /* by fails() */

static int lists(struct request *req, struct response *res, void *state)
{
    (void)state;
    json_t *value = json_pack("[i,i,i]", 1, 2, 3);
    snprintf(req->log_subject, sizeof req->log_subject, "u1");
    snprintf(req->log_session, sizeof req->log_session, "s1");
    response_json(res, 200, "application/json", value);
    json_decref(value);
    return 0;
}

static int takes(struct request *req, struct response *res, void *state)
{
    (void)state;
    response_headerf(res, "X-Taken", "%zu", req->body.n);
    req->log_reason = req->route->what;
    response_empty(res, 201);
    return 0;
}

static int shows(struct request *req, struct response *res, void *state)
{
    (void)state;
    response_headerf(res, "X-Param", "%.*s", (int)req->param.n, req->param.p);
    response_header(res, "Cache-Control", "max-age=60");
    response_empty(res, 204);
    return 0;
}

static int fails(struct request *req, struct response *res, void *state)
{
    (void)req, (void)state;
    response_header(res, "X-Half", "built");
    problem(res, 200, "half-built");
    return to_return;
}

static int silent(struct request *req, struct response *res, void *state)
{
    (void)req, (void)res, (void)state;
    return 0;
}

static int overflows(struct request *req, struct response *res, void *state)
{
    static char value[100000];
    (void)req, (void)state;
    memset(value, 'x', sizeof value - 1);
    response_header(res, "X-Long", value);
    response_empty(res, 200);
    return 0;
}

static const struct route routes[] = {
    {METHOD_GET, "", NULL, lists, NULL},
    {METHOD_POST, "", "application/json application/merge-patch+json", takes, NULL},
    {METHOD_PUT, "", "*", takes, NULL},
    {METHOD_GET, "/{}", NULL, shows, NULL},
    {METHOD_DELETE, "/{}", NULL, takes, "gone"},
    {METHOD_GET, "/x/fails", NULL, fails, NULL},
    {METHOD_GET, "/x/silent", NULL, silent, NULL},
    {METHOD_GET, "/x/overflows", NULL, overflows, NULL},
};
static const struct program api = {.name = "test", .routes = routes, .route_count = 8, .body_max = 100};
static const struct program token = {
    .name = "token", .routes = routes, .route_count = 8, .body_max = 100, .oauth = true};
static const struct conf conf = {
    .site = {.origins = "https://app.example.org", .url = "https://api.example.org/cgi-bin"},
};

/* ---- asking it ---- */

static char answer[16384], logged[16384];

static const char *ask_with(const struct program *program, const struct conf *with, char *const env[], const char *text)
{
    struct memory body = {text, strlen(text), 7};
    struct buf out = BUF_INIT(SERVE_ANSWER_MAX);
    struct response res;
    int keep = dup(STDERR_FILENO), log = memfd_create("log", 0);
    dup2(log, STDERR_FILENO);
    ck_assert_int_eq(serve_one(program, env, memory_read, &body, &out, &res, NULL, with), 0);
    dup2(keep, STDERR_FILENO);
    ssize_t n = pread(log, logged, sizeof logged - 1, 0);
    logged[n > 0 ? n : 0] = '\0';
    close(log);
    close(keep);
    snprintf(answer, sizeof answer, "%s", buf_cstr(&out));
    response_free(&res);
    buf_free(&out);
    return answer;
}

static const char *ask(const struct program *program, char *const env[], const char *text)
{
    return ask_with(program, &conf, env, text);
}

static bool has_status(int status)
{
    char line[40];
    snprintf(line, sizeof line, "Status: %d ", status);
    return strncmp(answer, line, strlen(line)) == 0;
}

/* The answer has this field line, whole. */
static bool has(const char *field)
{
    char line[512];
    snprintf(line, sizeof line, "\r\n%s\r\n", field);
    const char *at = strstr(answer, line), *end = strstr(answer, "\r\n\r\n");
    return at && at <= end;
}

static const char *content(void)
{
    return strstr(answer, "\r\n\r\n") + 4;
}

/* ---- what every answer has ---- */

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

UNIT_MAIN("http_serve", an_answer_has_the_common_fields, token_answers_are_never_stored,
          a_handlers_cache_control_stands_alone, cors_fields_come_with_answers_and_with_refusals,
          head_is_get_without_a_body, the_parameter_reaches_the_handler, an_unknown_path_is_404_whatever_the_method,
          a_wrong_method_is_405_with_the_methods_that_are_right, options_answers_before_anything_else,
          a_body_must_be_of_a_media_type_of_the_route, a_coded_body_is_refused,
          a_bad_request_is_refused_before_the_handler, token_endpoints_refuse_in_oauth_form,
          a_handlers_error_becomes_a_clean_answer, a_handler_that_answers_nothing_is_500,
          an_answer_that_cannot_be_built_is_500, an_answer_that_does_not_fit_is_an_error,
          a_program_that_did_not_open_is_500, what_was_sent_is_never_echoed, one_line_is_logged_for_a_request,
          what_the_route_holds_reaches_the_handler_and_its_reason_the_log, the_log_has_the_pattern_and_not_the_path)
