/* The user's own sessions: list, end one, end the others, end all. Admins: any user's, with ?user=. */
#include <unistd.h>

#include "auth/sessions.h"
#include "base/clock.h"
#include "base/error.h"
#include "base/parse.h"
#include "http/problem.h"
#include "http/serve.h"
#include "web/limits.h"
#include "web/web.h"

#define PARAMETER_MAX 256

static const struct demand own = {NULL, NULL, NULL}, anybodys = {.role = "admin"};

struct call {
    struct site *site;
    struct request *req;
    struct response *res;
    struct principal who;
    struct origin_info from;
    struct buf user; /* whose sessions; empty: the principal's own */
    const char *subject;
    int64_t now_us;
};

/* What a route does inside its transaction. 0: commit, the answer stands; WEB_ANSWERED: a refusal stands, roll back. */
struct action {
    int (*run)(struct call *c);
    bool write;
};

static int refuse(struct call *c, int status, const char *detail)
{
    problem(c->res, status, detail);
    return WEB_ANSWERED;
}

static int list(struct call *c)
{
    json_t *sessions = NULL;
    int error = sessions_list(c->site->db, c->site->conf, c->subject, c->who.session, c->now_us / 1000000, &sessions);
    if (error)
        return error;
    response_json(c->res, 200, "application/json", sessions);
    json_decref(sessions);
    return 0;
}

static int end_one(struct call *c)
{
    char id[SESSION_ID_SIZE];
    if (c->req->param.n != sizeof id - 1 || !parse_is_ident(c->req->param, sizeof id - 1))
        return LK_NOT_FOUND;
    snprintf(id, sizeof id, "%.*s", (int)c->req->param.n, c->req->param.p);
    int error = sessions_end(c->site->db, c->site->conf, c->subject, id, &c->from, c->now_us);
    if (!error)
        response_empty(c->res, 204);
    return error;
}

static int end_all(struct call *c)
{
    struct buf scope = BUF_INIT(PARAMETER_MAX);
    int error = form_get(span_of(c->req->query), "scope", &scope);
    bool all = !error && span_equals(buf_all(&scope), "all");
    bool others = !error && span_equals(buf_all(&scope), "others");
    buf_free(&scope);
    if (!all && !others)
        return refuse(c, 400, "scope must be others or all, once.");
    if (others && !*c->who.session)
        return refuse(c, 400, "The token is of no session, so there are no others; scope must be all.");
    error = sessions_end_all(c->site->db, c->site->conf, c->subject, others ? c->who.session : "", &c->from, c->now_us);
    if (!error)
        response_empty(c->res, 204);
    return error;
}

static int admit(struct call *c, bool write)
{
    int error = web_admit(c->site, c->req, c->res, c->user.n ? &anybodys : &own, write, c->now_us / 1000000, &c->who);
    c->subject = c->user.n ? buf_cstr(&c->user) : c->who.subject;
    c->from = web_origin(c->req);
    if (strcmp(c->subject, c->who.subject) != 0)
        c->from.actor = c->who.subject;
    return error;
}

static int run(struct call *c, const struct action *action)
{
    int error = action->run(c);
    if (!error)
        error = db_commit(c->site->db);
    if (error)
        db_rollback(c->site->db);
    return error == LK_NOT_FOUND ? refuse(c, 404, "There is no such session.") : error;
}

static int guarded(struct request *req, struct response *res, void *state)
{
    const struct action *action = req->route->what;
    struct call c = {
        .site = state, .req = req, .res = res, .now_us = clock_now_us(), .user = BUF_INIT(PARAMETER_MAX - 1)};
    int error = web_user(req, res, &c.user);
    if (!error)
        error = admit(&c, action->write);
    if (!error)
        error = run(&c, action);
    buf_free(&c.user);
    return error == WEB_ANSWERED ? 0 : error;
}

static const struct action do_list = {list, false}, do_end_all = {end_all, true}, do_end_one = {end_one, true};

static const struct route routes[] = {
    {METHOD_GET, "", NULL, guarded, &do_list},
    {METHOD_DELETE, "", NULL, guarded, &do_end_all},
    {METHOD_DELETE, "/{}", NULL, guarded, &do_end_one},
};

static const struct program program = {.name = "sessions",
                                       .routes = routes,
                                       .route_count = sizeof routes / sizeof routes[0],
                                       .body_max = 4096,
                                       .open = web_open,
                                       .close = web_close,
                                       .leave = web_leave,
                                       .keep = web_keep,
                                       .fields = web_limit_policy_api,
                                       .fault = web_fault,
                                       .confinement = web_confine_api};

int main(void)
{
    _exit(serve(&program, environ));
}
