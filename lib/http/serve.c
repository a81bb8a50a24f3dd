#include "http/serve.h"

#include "base/clock.h"
#include "base/error.h"
#include "base/log.h"
#include "http/origin.h"
#include "http/problem.h"
#include "http/route.h"

/* ---- errors ---- */

/* OAuth's word for a status, RFC 6749 5.2 and 4.1.2.1; anything else of ours is the request's fault. */
static const struct {
    int status;
    const char *error;
} oauth_words[] = {{429, "temporarily_unavailable"}, {500, "server_error"}, {503, "temporarily_unavailable"}};

static const char *oauth_word(int status)
{
    for (size_t i = 0; i < sizeof oauth_words / sizeof oauth_words[0]; i++)
        if (oauth_words[i].status == status)
            return oauth_words[i].error;
    return "invalid_request";
}

static void refuse(const struct program *program, struct response *res, int status, const char *detail)
{
    if (program->oauth)
        oauth_error(res, status, oauth_word(status), detail);
    else
        problem(res, status, detail);
}

/* What a handler's error becomes. */
struct failure {
    int error, status;
    const char *retry_after; /* seconds; NULL: trying again would not help */
    const char *detail;
};
static const struct failure failures[] = {
    {LK_BUSY, 503, "2", "The service is busy just now; try again."},
    {LK_UNAVAILABLE, 503, "30", "The service is not available just now; try again."},
    {LK_LIMITED, 429, "10", "Too many requests; try again later."},
    {0, 500, NULL, "The server failed."},
};

static void fail(const struct program *program, struct response *res, int error)
{
    const struct failure *f = failures;
    while (f->error && f->error != error)
        f++;
    response_reset(res);
    if (f->retry_after && !response_has(res, "Retry-After"))
        response_header(res, "Retry-After", f->retry_after);
    refuse(program, res, f->status, f->detail);
}

/* ---- the way through the route table ---- */

/* A coding that nobody decodes here would reach the handler as garbage (RFC 9110 15.5.16). */
static bool is_plain(const struct request *req)
{
    return !*req->content_encoding || strcmp(req->content_encoding, "identity") == 0;
}

static bool takes_body(const struct route *route, const struct request *req)
{
    char type[128];
    struct span rest = span_of(route->media), part;
    if (req->body.n == 0 || !rest.p)
        return req->body.n == 0;
    if (strcmp(route->media, "*") == 0)
        return true;
    while (is_plain(req) && span_next(&rest, ' ', &part)) {
        snprintf(type, sizeof type, "%.*s", (int)part.n, part.p);
        if (part.n && request_is(req, type))
            return true;
    }
    return false;
}

static void handle(const struct program *program, const struct route *route, struct request *req, struct response *res,
                   void *state)
{
    int error = route->handle(req, res, state);
    if (!error && res->status)
        return;
    log_event("request.failed", "program", program->name, "path", route->pattern, "reason",
              error ? lk_error_code(error) : "no_answer", "fault", program->fault ? program->fault(state) : NULL, NULL);
    fail(program, res, error);
}

/* RFC 5789 2.2 and 3.1: which patches the path takes, said to who asks and to who sent another. */
static void say_accept_patch(const struct program *program, const struct request *req, struct response *res)
{
    struct span param, rest, type;
    struct buf list = BUF_INIT(256);
    const struct route *route = route_find(program, METHOD_PATCH, req->path, &param);
    rest = span_of(route ? route->media : NULL);
    while (rest.p && span_next(&rest, ' ', &type)) {
        buf_str(&list, list.n ? ", " : "");
        buf_span(&list, type);
    }
    if (list.n)
        response_header(res, "Accept-Patch", buf_cstr(&list));
    buf_free(&list);
}

static void answer(const struct program *program, struct request *req, struct response *res, void *state,
                   const struct conf *conf, const char **pattern)
{
    char allow[ROUTE_ALLOW_SIZE];
    if (!route_allow(program, req->path, allow)) {
        refuse(program, res, 404, "There is nothing under this path.");
        return;
    }
    if (req->method == METHOD_OPTIONS) {
        cors_preflight(req, res, conf->site.origins, conf->site.url, allow);
        say_accept_patch(program, req, res);
        return;
    }
    const struct route *route = route_find(program, req->method, req->path, &req->param);
    if (!route) {
        response_header(res, "Allow", allow);
        refuse(program, res, 405, "The path does not take this method.");
        return;
    }
    *pattern = route->pattern;
    req->route = route;
    if (takes_body(route, req)) {
        handle(program, route, req, res, state);
        return;
    }
    if (req->method == METHOD_PATCH)
        say_accept_patch(program, req, res);
    refuse(program, res, 415, "The body is of a media type that is not taken here.");
}

/* ---- one request ---- */

static void finish(const struct program *program, const struct request *req, struct response *res,
                   const struct conf *conf)
{
    if (!response_has(res, "Cache-Control"))
        response_header(res, "Cache-Control", program->oauth ? "no-store" : "private, no-cache");
    response_header(res, "X-Content-Type-Options", "nosniff");
    response_header(res, "X-Request-Id", req->id);
    cors_apply(req, res, conf ? conf->site.origins : "", conf ? conf->site.url : "");
}

static int render(const struct program *program, const struct request *req, struct response *res,
                  const struct conf *conf, struct buf *out)
{
    bool head_only = req->method == METHOD_HEAD;
    finish(program, req, res, conf);
    int error = response_render(res, head_only, out);
    if (!error)
        return 0;
    log_event("request.failed", "program", program->name, "reason", lk_error_code(error), NULL);
    buf_reset(out);
    fail(program, res, error);
    finish(program, req, res, conf);
    return response_render(res, head_only, out);
}

static void log_request(const struct program *program, const struct request *req, const char *pattern, int status,
                        int64_t took)
{
    char code[12], us[24];
    snprintf(code, sizeof code, "%d", status);
    snprintf(us, sizeof us, "%lld", (long long)took);
    log_event("request", "program", program->name, "method", method_name(req->method), "path", pattern, "status", code,
              "subject", *req->log_subject ? req->log_subject : NULL, "session",
              *req->log_session ? req->log_session : NULL, "reason", req->log_reason, "address", req->address, "us", us,
              NULL);
}

int serve_one(const struct program *program, char *const env[], request_reader *read, void *context, struct buf *out,
              struct response *res, void *state, const struct conf *conf)
{
    struct request req;
    const char *detail = NULL, *pattern = "-";
    int64_t began = clock_monotonic_us();
    response_init(res);
    int refused = request_read(&req, env, read, context, program->body_max, &detail);
    log_context(req.id);
    if (conf && program->fields)
        program->fields(state, res);
    if (!conf)
        fail(program, res, LK_CONFIG);
    else if (refused)
        refuse(program, res, refused, detail);
    else
        answer(program, &req, res, state, conf, &pattern);
    int error = render(program, &req, res, conf, out);
    log_request(program, &req, pattern, res->status, clock_monotonic_us() - began);
    request_free(&req);
    return error;
}
