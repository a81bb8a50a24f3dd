/* A CGI environment, one variable a line, and after an empty line the body. Nothing that was refused is believed, and
 * what was read is clean. */
#include "http/request.h"
#include "auth/guard.h"
#include "base/error.h"
#include "base/parse.h"
#include "fuzz.h"
#include "http/precondition.h"

#define VARIABLES 600
#define BODY_MAX  4096

static int read_body(void *context, void *out, size_t n)
{
    struct span *rest = context;
    size_t take = rest->n < n ? rest->n : n;
    if (take)
        memcpy(out, rest->p, take);
    rest->p += take;
    rest->n -= take;
    return (int)take;
}

static void is_clean(const struct request *req)
{
    const char *const texts[] = {req->script,        req->path,    req->query,      req->content_type,
                                 req->authorization, req->cookie,  req->origin,     req->fetch_site,
                                 req->host,          req->address, req->user_agent, req->content_encoding};
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++)
        HOLDS(texts[i] && strlen(texts[i]) <= REQUEST_VALUE_MAX && !parse_has_control(span_of(texts[i])));
    HOLDS(req->body.p && req->body.n <= BODY_MAX);
    HOLDS(strlen(req->id) == 22);
}

/* One bearer token, without a character that could end it. */
static void has_one_bearer(const struct request *req)
{
    struct span token = {NULL, 0};
    if (guard_bearer(req->authorization, &token))
        return;
    HOLDS(token.n > 0 && token.p > req->authorization);
    for (size_t i = 0; i < token.n; i++)
        HOLDS(!strchr(" \t,;\"", token.p[i]));
}

/* Without conditions a request goes on; a tag that is not listed strongly may be listed weakly, not the other way. */
static void weighs_conditions(const struct request *req)
{
    char etag[ETAG_SIZE];
    etag_write(1, 7, etag);
    int status = precondition(req, etag);
    HOLDS(status == 0 || status == 304 || status == 412);
    HOLDS(status == 0 || *req->if_match || *req->if_none_match);
    HOLDS(etag_listed(req->if_match, etag, true) || !etag_listed(req->if_match, etag, false));
}

static void read_request(char *const env[], struct span body)
{
    struct request req;
    const char *detail = NULL;
    struct span sent = body;
    int status = request_read(&req, env, read_body, &body, BODY_MAX, &detail);
    HOLDS(status == 0 || status == 400 || status == 411 || status == 413);
    HOLDS(status == 0 || (detail && *detail));
    if (!status) {
        is_clean(&req);
        HOLDS(req.body.n <= sent.n && same(req.body, (struct span){sent.p, req.body.n}));
        has_one_bearer(&req);
        request_is(&req, "application/json");
        prefers(&req, "return=minimal");
        weighs_conditions(&req);
    }
    request_free(&req);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *env[VARIABLES + 1] = {NULL};
    struct span rest = input_of(data, size), line, body = {"", 0};
    size_t n = 0;
    openssl_begin();
    while (n < VARIABLES && span_next(&rest, '\n', &line) && line.n)
        env[n++] = string_of(line);
    if (rest.p)
        body = rest;
    read_request(env, body);
    while (n)
        free(env[--n]);
    openssl_end();
    return 0;
}
