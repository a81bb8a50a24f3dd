#ifndef LK_HTTP_REQUEST_H
#define LK_HTTP_REQUEST_H

#include <stdbool.h>

#include "base/buf.h"
#include "base/span.h"

struct route;

/* A request as CGI gives it (RFC 3875), typed and checked. Strings are never NULL, have no control characters and
 * belong to the environment; a method is what REQUEST_METHOD says, headers that would override it do not exist. */
enum method {
    METHOD_GET,
    METHOD_HEAD,
    METHOD_POST,
    METHOD_PUT,
    METHOD_PATCH,
    METHOD_DELETE,
    METHOD_OPTIONS,
    METHOD_OTHER
};
const char *method_name(enum method m);

struct request {
    enum method method;
    const char *script;       /* SCRIPT_NAME */
    const char *path;         /* PATH_INFO, "" when absent */
    const char *query;        /* QUERY_STRING */
    const char *content_type; /* as sent */
    const char *content_encoding;
    const char *authorization; /* HTTP_AUTHORIZATION, or what Apache's RewriteRule made of it */
    const char *cookie;
    const char *origin;
    const char *fetch_site; /* Sec-Fetch-Site */
    const char *host;
    const char *if_match;
    const char *if_none_match;
    const char *prefer;
    const char *idempotency_key;
    const char *address; /* REMOTE_ADDR */
    const char *user_agent;
    bool https;
    struct span body;
    char id[27];       /* of the request, ours: 16 random bytes in base64url */
    struct span param; /* what {} in the route matched */
    struct buf body_buf;
    const struct route *route; /* the one that was found */
    char log_subject[256];     /* for the request's log line, once the handler knows them */
    char log_session[32];
    const char *log_reason; /* why it was refused, a constant */
};

/* Where a body comes from; returns bytes read (at most n), 0 at the end, negative on failure. */
typedef int request_reader(void *context, void *out, size_t n);

#define REQUEST_ENV_MAX     512        /* variables */
#define REQUEST_VALUE_MAX   16384      /* bytes of one value that is used */
#define REQUEST_DISCARD_MAX (1U << 20) /* bytes that are read of the body of a request that is refused */

/* Reads environment and body. Returns 0, or the HTTP status that refuses it with `*detail` set (a fixed sentence):
 * 400 (a name twice, CONTENT_LENGTH malformed, body shorter than declared, control characters in a value, too many or
 * too long values), 411 (Transfer-Encoding without a length), 413 (before anything is allocated), 500.
 * What follows the declared length is not part of the request and never read (RFC 3875 4.2). The body of a request that
 * is refused is read and dropped, REQUEST_DISCARD_MAX bytes of it at the most.
 * After a refusal strings may be "" that were sent; `id` is set unless randomness failed. request_free in any case. */
int request_read(struct request *req, char *const env[], request_reader *read, void *context, size_t body_max,
                 const char **detail);
void request_free(struct request *req);

/* The one value of `name` in application/x-www-form-urlencoded text (a query or a form), decoded, NUL refused.
 * LK_NOT_FOUND; LK_SYNTAX: malformed anywhere, or the name is there twice (RFC 6749 3.2); LK_TOO_LARGE, LK_NOMEM. */
int form_get(struct span form, const char *name, struct buf *out);

/* Calls `each` with every pair of a form, decoded as above, in order. Ends at the first that gives other than 0, and
 * gives that; LK_SYNTAX: malformed; LK_NOMEM. */
typedef int form_pair(void *context, struct span name, struct span value);
int form_each(struct span form, form_pair *each, void *context);

/* Media type of the body without parameters is `media_type`, compared without case: request_is(req,
 * "application/json"). */
bool request_is(const struct request *req, const char *media_type);

#endif
