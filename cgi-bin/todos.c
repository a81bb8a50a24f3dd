/* The todo API: what the access tokens protect. */
#include <unistd.h>

#include "base/clock.h"
#include "base/error.h"
#include "base/json.h"
#include "http/precondition.h"
#include "http/problem.h"
#include "http/serve.h"
#include "web/idempotency.h"
#include "web/limits.h"
#include "web/listing.h"
#include "web/web.h"

#define BODY_MAX    (256U << 10) /* notes of 20000 characters, each written as two \u escapes */
#define JSON_DEPTH  8
#define ETAG_FORMAT 1 /* of what is sent for a todo */

static const struct demand own = {.feature = "todos", .reader = "readonly"},
                           anybodys = {.role = "admin", .feature = "todos", .reader = "readonly"};

struct call {
    struct site *site;
    struct request *req;
    struct response *res;
    struct principal who;
    int64_t now_us;
    struct buf user; /* ?user=; empty: the principal's own */
    const char *subject;
    char url[1024];
    char id[TODO_ID_SIZE]; /* of the path, if it has one */
};

/* What a route does inside its transaction. 0: commit, the answer stands; WEB_ANSWERED: a refusal stands, roll back. */
struct action {
    int (*run)(struct call *c);
    bool write;
    bool one;    /* the path names a todo */
    bool repeat; /* takes an Idempotency-Key */
};

static int refuse(struct call *c, int status, const char *detail)
{
    problem(c->res, status, detail);
    return WEB_ANSWERED;
}

/* ---- conditions and preferences ---- */

/* The answer's ETag, and what the request's conditions say of it. */
static int conditions(struct call *c, int64_t number)
{
    char etag[ETAG_SIZE];
    etag_write(ETAG_FORMAT, number, etag);
    int status = precondition(c->req, etag);
    if (status == 412)
        return refuse(c, 412, "It has changed, or is not what If-Match or If-None-Match says.");
    if (c->req->method == METHOD_GET || c->req->method == METHOD_HEAD)
        response_header(c->res, "ETag", etag);
    if (status == 304)
        response_empty(c->res, 304);
    return status == 304 ? WEB_ANSWERED : 0;
}

static int send_todo(struct call *c, int status, const struct todo *t)
{
    struct buf json = BUF_INIT(RESPONSE_BODY_MAX);
    int error = todo_write(t, c->url, &json);
    if (!error)
        response_text(c->res, status, "application/json", buf_all(&json));
    buf_free(&json);
    return error;
}

/* A todo that was written: with its ETag, and in full unless the client prefers not. */
static int send_written(struct call *c, int status, const struct todo *t)
{
    char etag[ETAG_SIZE];
    bool minimal = prefers(c->req, "return=minimal");
    etag_write(ETAG_FORMAT, t->version, etag);
    response_header(c->res, "ETag", etag);
    if (status == 201)
        response_headerf(c->res, "Location", "%s/%s", c->url, t->id);
    if (minimal) {
        response_header(c->res, "Preference-Applied", "return=minimal");
        response_empty(c->res, status == 200 ? 204 : status);
        return 0;
    }
    return send_todo(c, status, t);
}

/* The body's members onto `t`. */
static int merge_body(struct call *c, struct todo *t, bool create)
{
    json_t *members = NULL, *faults = json_array();
    int error = json_read_object(c->req->body, BODY_MAX, JSON_DEPTH, &members);
    if (error)
        error = refuse(c, 400, "The body must be one JSON object: UTF-8, no duplicate names, at most 8 levels deep.");
    else if ((error = todo_merge(t, members, create, faults)) == LK_SYNTAX) {
        problem_errors(c->res, 422, "Some members are wrong.", faults);
        error = WEB_ANSWERED;
    }
    json_decref(members);
    json_decref(faults);
    return error;
}

/* ---- the collection ---- */

static bool unconditional(const struct call *c)
{
    return !has_precondition(c->req) && c->req->method != METHOD_GET && c->req->method != METHOD_HEAD;
}

static int collection_conditions(struct call *c)
{
    int64_t generation = 0;
    if (unconditional(c))
        return 0;
    int error = todo_generation(c->site->db, c->subject, &generation);
    return error ? error : conditions(c, generation);
}

static int list(struct call *c)
{
    struct listing l;
    int error = listing_read(c->req, c->res, &l);
    if (!error)
        error = listing_open(c->site->db, c->subject, c->res, &l);
    if (!error)
        error = collection_conditions(c);
    if (!error)
        error = listing_send(c->site->db, c->subject, c->req, c->res, c->url, &l);
    listing_free(&l);
    return error;
}

static int create(struct call *c)
{
    struct todo t = {0};
    int error = collection_conditions(c);
    if (!error)
        error = merge_body(c, &t, true);
    if (!error)
        error = todo_create(c->site->db, c->subject, &t, c->now_us);
    if (!error)
        error = send_written(c, 201, &t);
    todo_free(&t);
    return error;
}

static int delete_all(struct call *c)
{
    struct listing l;
    int error = listing_read(c->req, c->res, &l);
    if (!error && todo_query_has_other(&l.query, "completed"))
        error = refuse(c, 400, "Only completed chooses what is deleted.");
    if (!error)
        error = collection_conditions(c);
    if (!error)
        error = todo_delete_all(c->site->db, c->subject, l.query.which, c->now_us);
    if (!error)
        response_empty(c->res, 204);
    listing_free(&l);
    return error;
}

/* ---- one todo ---- */

/* The todo of the path, if the request's conditions let it be had. */
static int find(struct call *c, struct todo *t)
{
    int error = todo_read(c->site->db, c->subject, c->id, t);
    return error ? error : conditions(c, t->version);
}

static int show(struct call *c)
{
    struct todo t = {0};
    int error = find(c, &t);
    if (!error)
        error = send_todo(c, 200, &t);
    todo_free(&t);
    return error;
}

static int save(struct call *c, struct todo *t, bool replace)
{
    int error = merge_body(c, t, replace);
    if (!error)
        error = todo_update(c->site->db, c->subject, t, c->now_us);
    return error ? error : send_written(c, 200, t);
}

static int patch(struct call *c)
{
    struct todo t = {0};
    int error = find(c, &t);
    if (!error)
        error = save(c, &t, false);
    todo_free(&t);
    return error;
}

/* Replaces a todo that is there; members that are not sent are reset. */
static int put(struct call *c)
{
    struct todo old = {0}, t = {0};
    int error = find(c, &old);
    memcpy(t.id, c->id, sizeof t.id);
    if (!error)
        error = save(c, &t, true);
    todo_free(&old);
    todo_free(&t);
    return error;
}

static int delete_one(struct call *c)
{
    struct todo t = {0};
    int error = unconditional(c) ? 0 : find(c, &t);
    if (!error)
        error = todo_delete(c->site->db, c->subject, c->id, c->now_us);
    if (!error)
        response_empty(c->res, 204);
    todo_free(&t);
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

static int run(struct call *c, const struct action *action)
{
    struct idempotency key = {0};
    int64_t now = c->now_us / 1000000;
    int error = action->one ? take_id(c) : 0;
    if (!error && action->repeat)
        error = idempotency_begin(c->site->db, c->req, c->res, c->who.subject, now, &key);
    if (!error)
        error = action->run(c);
    if (!error && action->write)
        error = idempotency_sweep(c->site->db, now);
    return error ? error : idempotency_keep(c->site->db, &key, c->res, now);
}

static int admit(struct call *c, const struct action *action)
{
    int error =
        web_admit(c->site, c->req, c->res, c->user.n ? &anybodys : &own, action->write, c->now_us / 1000000, &c->who);
    c->subject = c->user.n ? buf_cstr(&c->user) : c->who.subject;
    return error;
}

static int transact(struct call *c, const struct action *action)
{
    int error = run(c, action);
    error = error ? error : db_commit(c->site->db);
    if (error)
        db_rollback(c->site->db);
    return error == LK_NOT_FOUND ? refuse(c, 404, "There is no such todo.") : error;
}

/* Admission waits for the database's lock, so what must not wait for it comes first. */
static int enter(struct call *c, const struct action *action, int *lock)
{
    *lock = IDEMPOTENCY_FREE;
    return action->repeat ? idempotency_enter(c->site, c->req, c->res, lock) : 0;
}

static int guarded(struct request *req, struct response *res, void *state)
{
    const struct action *action = req->route->what;
    int lock = IDEMPOTENCY_FREE;
    struct call c = {.site = state, .req = req, .res = res, .now_us = clock_now_us(), .user = BUF_INIT(255)};
    snprintf(c.url, sizeof c.url, "%s/todos", c.site->conf->site.url);
    int error = web_user(req, res, &c.user);
    if (!error)
        error = enter(&c, action, &lock);
    if (!error)
        error = admit(&c, action);
    if (!error)
        error = transact(&c, action);
    idempotency_leave(lock);
    buf_free(&c.user);
    return error == WEB_ANSWERED ? 0 : error;
}

static const struct action do_list = {.run = list}, do_create = {.run = create, .write = true, .repeat = true},
                           do_delete_all = {.run = delete_all, .write = true}, do_show = {.run = show, .one = true},
                           do_patch = {.run = patch, .write = true, .one = true},
                           do_put = {.run = put, .write = true, .one = true},
                           do_delete = {.run = delete_one, .write = true, .one = true};

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
                                       .leave = web_leave,
                                       .keep = web_keep,
                                       .fields = web_limit_policy_api,
                                       .fault = web_fault,
                                       .confinement = web_confine_api};

int main(void)
{
    _exit(serve(&program, environ));
}
