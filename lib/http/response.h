#ifndef LK_HTTP_RESPONSE_H
#define LK_HTTP_RESPONSE_H

#include <jansson.h>
#include <stdbool.h>

#include "base/buf.h"

/* A response, built whole and written once. */
struct response {
    int status;             /* 0: not answered yet */
    const char *media_type; /* of the body; NULL: there is none */
    struct buf head;        /* further header fields, each with its line end */
    struct buf kept;        /* fields that response_reset leaves */
    struct buf body;
    void (*after)(void *); /* runs when the answer has gone, and the request's environment with it */
    void *after_context;
};

#define RESPONSE_BODY_MAX (8U << 20)

void response_init(struct response *res);
void response_free(struct response *res);

/* Adds a field. A value with control characters is dropped and logged: no input can split a header. */
void response_header(struct response *res, const char *name, const char *value);
void response_keep(struct response *res, const char *name, const char *value); /* the same; stays through a reset */
bool response_has(const struct response *res, const char *name);
void response_headerf(struct response *res, const char *name, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* Status and JSON body of a media type, a constant; replaces an earlier body. Takes no reference. */
void response_json(struct response *res, int status, const char *media_type, const json_t *value);
void response_text(struct response *res, int status, const char *media_type, struct span body); /* JSON already */
void response_empty(struct response *res, int status);

/* Drops what was built, for an error found late; `after` stays. Fields of CORS and Vary are added by serve afterwards.
 */
void response_reset(struct response *res);

/* The whole CGI response, head and body: Status, Content-Type, Content-Length (but for 204 and 304) ... `head_only` for
 * HEAD. LK_NOMEM, LK_TOO_LARGE, LK_SYNTAX: an earlier step failed; nothing usable is in `out`. */
int response_render(const struct response *res, bool head_only, struct buf *out);

#endif
