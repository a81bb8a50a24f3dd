#ifndef LK_TESTS_HTTP_SERVE_H
#define LK_TESTS_HTTP_SERVE_H

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

static inline int lists(struct request *req, struct response *res, void *state)
{
    (void)state;
    json_t *value = json_pack("[i,i,i]", 1, 2, 3);
    snprintf(req->log_subject, sizeof req->log_subject, "u1");
    snprintf(req->log_session, sizeof req->log_session, "s1");
    response_json(res, 200, "application/json", value);
    json_decref(value);
    return 0;
}

static inline int takes(struct request *req, struct response *res, void *state)
{
    (void)state;
    response_headerf(res, "X-Taken", "%zu", req->body.n);
    req->log_reason = req->route->what;
    response_empty(res, 201);
    return 0;
}

static inline int shows(struct request *req, struct response *res, void *state)
{
    (void)state;
    response_headerf(res, "X-Param", "%.*s", (int)req->param.n, req->param.p);
    response_header(res, "Cache-Control", "max-age=60");
    response_empty(res, 204);
    return 0;
}

static inline int fails(struct request *req, struct response *res, void *state)
{
    (void)req, (void)state;
    response_header(res, "X-Half", "built");
    problem(res, 200, "half-built");
    return to_return;
}

static inline int silent(struct request *req, struct response *res, void *state)
{
    (void)req, (void)res, (void)state;
    return 0;
}

static inline int overflows(struct request *req, struct response *res, void *state)
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

static inline const char *ask_with(const struct program *program, const struct conf *with, char *const env[],
                                   const char *text)
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

static inline const char *ask(const struct program *program, char *const env[], const char *text)
{
    return ask_with(program, &conf, env, text);
}

static inline bool has_status(int status)
{
    char line[40];
    snprintf(line, sizeof line, "Status: %d ", status);
    return strncmp(answer, line, strlen(line)) == 0;
}

/* The answer has this field line, whole. */
static inline bool has(const char *field)
{
    char line[512];
    snprintf(line, sizeof line, "\r\n%s\r\n", field);
    const char *at = strstr(answer, line), *end = strstr(answer, "\r\n\r\n");
    return at && at <= end;
}

static inline const char *content(void)
{
    return strstr(answer, "\r\n\r\n") + 4;
}

/* ---- what every answer has ---- */

#endif
