/* The todo API: what the access tokens protect. */
#include <unistd.h>

#include "base/clock.h"
#include "base/error.h"
#include "base/json.h"
#include "base/parse.h"
#include "http/problem.h"
#include "http/serve.h"
#include "todo/todo.h"
#include "web/web.h"

#define BODY_MAX   65536
#define JSON_DEPTH 8

static const struct demand demand = {.feature = "todos", .reader = "readonly"};

struct call {
    struct site *site;
    struct request *req;
    struct response *res;
    struct principal who;
    int64_t now_us;
    char url[1024];
    char id[TODO_ID_SIZE]; /* of the path, if it has one */
};

/* What a route does inside its transaction. 0: commit, the answer stands; WEB_ANSWERED: a refusal stands, roll back. */
struct action {
    int (*run)(struct call *c);
    bool write;
    bool one; /* the path names a todo */
};

static int refuse(struct call *c, int status, const char *detail)
{
    problem(c->res, status, detail);
    return WEB_ANSWERED;
}

static int send_todo(struct call *c, int status, const struct todo *t)
{
    json_t *body = NULL;
    int error = todo_to_json(t, c->url, &body);
    if (error)
        return error;
    response_json(c->res, status, "application/json", body);
    if (status == 201)
        response_headerf(c->res, "Location", "%s/%s", c->url, t->id);
    json_decref(body);
    return 0;
}

/* The body's members onto `t`. */
static int merge_body(struct call *c, struct todo *t, bool create)
{
    json_t *members = NULL;
    struct buf fault = BUF_INIT(512);
    int error = json_read_object(c->req->body, BODY_MAX, JSON_DEPTH, &members);
    if (error)
        error = refuse(c, 400, "The body must be one JSON object: UTF-8, no duplicate names, at most 8 levels deep.");
    else if ((error = todo_merge(t, members, create, &fault)) == LK_SYNTAX)
        error = refuse(c, 422, buf_cstr(&fault));
    json_decref(members);
    buf_free(&fault);
    return error;
}

/* ---- the collection ---- */

static int query_limit(struct call *c, uint64_t *limit)
{
    struct buf value = BUF_INIT(64);
    int error = form_get(span_of(c->req->query), "limit", &value);
    if (!error && (parse_u64(buf_all(&value), TODO_LIMIT_MAX, limit) || *limit == 0))
        error = LK_SYNTAX;
    buf_free(&value);
    return !error || error == LK_NOT_FOUND ? 0 : refuse(c, 400, "limit must be a number from 1 to 500, once.");
}

static int query_after(struct call *c, char after[TODO_ID_SIZE])
{
    struct buf value = BUF_INIT(64);
    int error = form_get(span_of(c->req->query), "after", &value);
    if (!error && !todo_id_valid(buf_all(&value)))
        error = LK_SYNTAX;
    if (!error)
        memcpy(after, buf_cstr(&value), TODO_ID_SIZE);
    buf_free(&value);
    return !error || error == LK_NOT_FOUND ? 0 : refuse(c, 400, "after must be the id of a todo, once.");
}

static int list(struct call *c)
{
    char after[TODO_ID_SIZE] = "", last[TODO_ID_SIZE] = "";
    uint64_t limit = TODO_LIMIT_DEFAULT;
    bool more = false;
    json_t *items = NULL;
    int error = query_limit(c, &limit);
    if (!error)
        error = query_after(c, after);
    if (!error)
        error = todo_list(c->site->db, c->who.subject, after, limit, c->url, &items, &more, last);
    if (error)
        return error;
    response_json(c->res, 200, "application/json", items);
    if (more)
        response_headerf(c->res, "Link", "<%s?limit=%u&after=%s>; rel=\"next\"", c->url, (unsigned)limit, last);
    json_decref(items);
    return 0;
}

static int create(struct call *c)
{
    struct todo t = {0};
    int error = merge_body(c, &t, true);
    if (!error)
        error = todo_create(c->site->db, c->who.subject, &t, c->now_us);
    return error ? error : send_todo(c, 201, &t);
}

static int delete_all(struct call *c)
{
    int error = todo_delete_all(c->site->db, c->who.subject);
    if (!error)
        response_empty(c->res, 204);
    return error;
}

/* ---- one todo ---- */

static int show(struct call *c)
{
    struct todo t;
    int error = todo_read(c->site->db, c->who.subject, c->id, &t);
    return error ? error : send_todo(c, 200, &t);
}

static int save(struct call *c, struct todo *t, bool replace)
{
    int error = merge_body(c, t, replace);
    if (!error)
        error = todo_update(c->site->db, c->who.subject, t, c->now_us);
    return error ? error : send_todo(c, 200, t);
}

static int patch(struct call *c)
{
    struct todo t;
    int error = todo_read(c->site->db, c->who.subject, c->id, &t);
    return error ? error : save(c, &t, false);
}

/* Replaces a todo that is there; members that are not sent are reset. */
static int put(struct call *c)
{
    struct todo old, t = {0};
    int error = todo_read(c->site->db, c->who.subject, c->id, &old);
    memcpy(t.id, c->id, sizeof t.id);
    return error ? error : save(c, &t, true);
}

static int delete_one(struct call *c)
{
    int error = todo_delete(c->site->db, c->who.subject, c->id);
    if (!error)
        response_empty(c->res, 204);
    return error;
}

/* ---- every route ---- */

static int take_id(struct call *c)
{
    if (!todo_id_valid(c->req->param))
        return LK_NOT_FOUND;
    memcpy(c->id, c->req->param.p, TODO_ID_SIZE - 1);
    return 0;
}

/* Admits, runs the action in the guard's transaction, and keeps what it did only if it succeeded. */
static int guarded(struct request *req, struct response *res, void *state)
{
    const struct action *action = req->route->what;
    struct call c = {.site = state, .req = req, .res = res, .now_us = clock_now_us()};
    snprintf(c.url, sizeof c.url, "%s/todos", c.site->conf->site.url);
    int error = web_admit(c.site, req, res, &demand, action->write, c.now_us / 1000000, &c.who);
    if (error)
        return error == WEB_ANSWERED ? 0 : error;
    if (action->one)
        error = take_id(&c);
    if (!error)
        error = action->run(&c);
    if (!error)
        error = db_commit(c.site->db);
    if (error)
        db_rollback(c.site->db);
    if (error == LK_NOT_FOUND)
        problem(res, 404, "There is no such todo.");
    return error == LK_NOT_FOUND || error == WEB_ANSWERED ? 0 : error;
}

static const struct action do_list = {list, false, false}, do_create = {create, true, false},
                           do_delete_all = {delete_all, true, false}, do_show = {show, false, true},
                           do_patch = {patch, true, true}, do_put = {put, true, true},
                           do_delete = {delete_one, true, true};

static const struct route routes[] = {
    {METHOD_GET, "", NULL, guarded, &do_list},
    {METHOD_POST, "", "application/json", guarded, &do_create},
    {METHOD_DELETE, "", NULL, guarded, &do_delete_all},
    {METHOD_GET, "/{}", NULL, guarded, &do_show},
    {METHOD_PATCH, "/{}", "application/merge-patch+json application/json", guarded, &do_patch},
    {METHOD_PUT, "/{}", "application/json", guarded, &do_put},
    {METHOD_DELETE, "/{}", NULL, guarded, &do_delete},
};

static const struct program program = {.name = "todos",
                                       .routes = routes,
                                       .route_count = sizeof routes / sizeof routes[0],
                                       .body_max = BODY_MAX,
                                       .open = web_open,
                                       .close = web_close,
                                       .fault = web_fault};

int main(void)
{
    _exit(serve(&program, environ));
}
