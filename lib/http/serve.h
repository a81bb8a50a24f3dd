#ifndef LK_HTTP_SERVE_H
#define LK_HTTP_SERVE_H

#include "base/conf.h"
#include "base/confine.h"
#include "http/request.h"
#include "http/response.h"

/* The CGI and FastCGI loop. A program is a table of routes and short handlers. */

/* Builds the answer in `res`. A negative enum lk_error instead becomes 503 with Retry-After (LK_BUSY, LK_UNAVAILABLE),
 * 429 with Retry-After (LK_LIMITED; what response_keep said of it stands) or 500 (anything else), with nothing of what
 * was built, and is logged. */
typedef int handler(struct request *req, struct response *res, void *state);

struct route {
    enum method method;  /* METHOD_GET serves HEAD too */
    const char *pattern; /* of PATH_INFO: "" (which "/" is too) or "/{}"; {} is one segment */
    const char *media;   /* body's media types, space separated; NULL: a body is refused (415), "*": not checked */
    handler *handle;
    const void *what; /* the handler's own, found by it as req->route->what */
};

struct program {
    const char *name;
    const struct route *routes;
    size_t route_count;
    size_t body_max;
    bool oauth; /* errors in OAuth form, answers no-store */
    /* `env` is the process's own, which outlives every request. On failure a negative enum lk_error, and `*fault`
     * (which may stay NULL) is a line for the log; `*state` is then closed too, if it was set. */
    int (*open)(char *const env[], void **state, const struct conf **conf, const char **fault);
    void (*close)(void *state);
    void (*leave)(void *state); /* instead of close, when the process is about to end; NULL: close */
    /* In a process that serves several requests, before each, the first too: brings what is open up to date with its
     * files (latchkey.conf has not changed) and leaves nothing of the request before in it. NULL: it is closed, and
     * opened anew for each. */
    void (*keep)(void *state);
    void (*fields)(void *state, struct response *res); /* adds (response_keep) what each answer has; NULL: nothing */
    const char *(*fault)(void *state);                 /* what to log beside a handler's error; NULL: nothing */
    enum confine_kind (*confinement)(const struct conf *conf); /* what it can do without; NULL: CONFINE_NOT */
};

/* Serves one CGI request, or FastCGI until SIGTERM when standard input is a listening socket: with `[fastcgi] workers`
 * processes, see supervisor.h. Returns the exit status. */
int serve(const struct program *program, char *const env[]);

/* One request, pure but for its log line: environment and body in, complete answer out, in `out`. `conf` NULL: open
 * failed, answer 500. `res` is initialised here; the caller runs res->after when the answer has gone, then frees it.
 * LK_NOMEM, LK_TOO_LARGE: not even an error could be built. */
int serve_one(const struct program *program, char *const env[], request_reader *read, void *context, struct buf *out,
              struct response *res, void *state, const struct conf *conf);

#define SERVE_ANSWER_MAX (RESPONSE_BODY_MAX + (64U << 10)) /* bytes that `out` must be able to take */

#endif
