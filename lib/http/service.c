#include <errno.h>
#include <sys/resource.h>
#include <unistd.h>

#include "base/error.h"
#include "base/log.h"
#include "base/watch.h"
#include "http/process.h"
#include "http/serve.h"
#include "http/supervisor.h"
#include "http/transport.h"

/* A program as a process. */

#define WORKERS        2  /* without a configuration that says */
#define LOOK_AT_MEMORY 64 /* each so many requests */

struct service {
    const struct program *program;
    char *const *env;
    void *state;
    const struct conf *conf; /* NULL: not open */
    bool failed;             /* an answer was not sent */
    bool confined;           /* to what the configuration named then */
    /* FastCGI: */
    struct watch watch; /* of latchkey.conf */
    bool outdated;      /* confined, and the configuration is another one now */
    struct worker *worker;
    uint64_t served;
};

static void service_open(struct service *s)
{
    const char *fault = NULL;
    const struct conf *conf = NULL;
    int error = s->program->open(s->env, &s->state, &conf, &fault);
    if (error)
        log_event("open.failed", "program", s->program->name, "reason", lk_error_code(error), "fault", fault, NULL);
    else
        s->conf = conf;
}

static void service_close(struct service *s)
{
    if (s->state)
        s->program->close(s->state);
    s->state = NULL;
    s->conf = NULL;
}

/* Without what was configured it does not go on. */
static void service_confine(struct service *s, const char *conf_path)
{
    const struct program *p = s->program;
    if (s->confined || !s->conf || !p->confinement)
        return;
    s->confined = process_confine(s->conf, p->confinement(s->conf), conf_path) == 0;
    if (s->confined)
        return;
    log_event("confine.failed", "program", p->name, "fault", strerror(errno), NULL);
    s->conf = NULL;
}

static void service_answer(struct service *s, const struct transport *t)
{
    static const char last_resort[] = "Status: 500 Internal Server Error\r\nContent-Length: 0\r\n\r\n";
    struct response res;
    struct buf out = BUF_INIT(SERVE_ANSWER_MAX);
    if (s->conf)
        process_limit(s->conf);
    bool whole = serve_one(s->program, t->env, t->read, t->context, &out, &res, s->state, s->conf) == 0;
    int error = t->write(t->context, whole ? buf_all(&out) : span_of(last_resort));
    if (error)
        log_event("response.lost", "program", s->program->name, "reason", lk_error_code(error), NULL);
    s->failed = error != 0;
    if (res.after)
        res.after(res.after_context);
    process_unlimit();
    log_context(NULL);
    response_free(&res);
    buf_free(&out);
}

/* ---- CGI ---- */

/* The process ends after it. */
static void service_leave(struct service *s)
{
    if (s->state && s->program->leave)
        s->program->leave(s->state);
    else
        service_close(s);
}

static void serve_cgi(void *context, const struct transport *t)
{
    service_open(context);
    service_confine(context, NULL);
    service_answer(context, t);
    service_leave(context);
}

/* ---- FastCGI ---- */

/* Brings what is open up to date, or opens it. */
static void service_renew(struct service *s)
{
    void (*keep)(void *) = s->program->keep;
    if (!s->conf || !keep || watch_changed(&s->watch)) {
        s->outdated = s->outdated || (s->confined && watch_changed(&s->watch));
        service_close(s);
        watch_begin(&s->watch, WATCH_FILE, conf_path(s->env), NULL);
        service_open(s);
        service_confine(s, conf_path(s->env));
    }
    if (s->conf && keep)
        keep(s->state);
}

static void serve_fastcgi(void *context, const struct transport *t)
{
    struct service *s = context;
    service_renew(s);
    service_answer(s, t);
    s->served++;
}

/* The most that it ever was: memory that was used once is seldom given back. */
static bool has_grown(const struct service *s)
{
    struct rusage usage;
    uint64_t most = s->conf->fastcgi.memory;
    return most && s->served && s->served % LOOK_AT_MEMORY == 0 && getrusage(RUSAGE_SELF, &usage) == 0 &&
           (uint64_t)usage.ru_maxrss * 1024 > most;
}

/* Another process begins anew with what has changed; what has worn out goes. */
static bool stays(void *context)
{
    struct service *s = context;
    if (s->outdated || (s->worker && worker_replaced(s->worker)))
        return false;
    if (!s->conf)
        return true;
    return !watch_changed(&s->watch) && !(s->conf->fastcgi.requests && s->served >= s->conf->fastcgi.requests) &&
           !has_grown(s);
}

/* A worker's life, or that of a process without a supervisor. */
static int work(void *context, struct worker *worker)
{
    struct service *s = context;
    s->worker = worker;
    service_renew(s);
    int lifeline = worker ? worker->lifeline : -1;
    int error = transport_fastcgi(&(struct fastcgi){STDIN_FILENO, lifeline, serve_fastcgi, stays, s});
    if (error)
        log_event("fastcgi.failed", "program", s->program->name, "reason", lk_error_code(error), "fault",
                  strerror(errno), NULL);
    service_close(s);
    return error ? 1 : 0;
}

static size_t worker_count(struct service *s)
{
    service_open(s);
    size_t workers = s->conf ? s->conf->fastcgi.workers : WORKERS;
    service_close(s);
    return workers;
}

int serve(const struct program *program, char *const env[])
{
    struct service s = {.program = program, .env = env};
    process_begin();
    if (!transport_is_fastcgi(STDIN_FILENO)) {
        transport_cgi(env, serve_cgi, &s);
        return s.failed ? 1 : 0;
    }
    size_t workers = worker_count(&s);
    return workers ? supervise(&(struct supervisor){program->name, workers, work, &s}) : work(&s, NULL);
}
