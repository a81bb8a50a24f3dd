#ifndef LK_HTTP_TRANSPORT_H
#define LK_HTTP_TRANSPORT_H

#include "http/request.h"

/* How requests arrive and answers leave. It knows nothing of HTTP. */

struct transport {
    char *const *env;     /* of the request; gone after `write` */
    request_reader *read; /* the body */
    void *context;
    int (*write)(void *context, struct span answer); /* the whole answer, once; 0 or LK_SYSTEM */
};

/* Serves one request. */
typedef void transport_handler(void *context, const struct transport *t);

/* CGI (RFC 3875): standard input and output. */
void transport_cgi(char *const env[], transport_handler *handle, void *context);

/* FastCGI, role Responder, one request at a time. Connections that the server keeps are waited for together with new
 * ones. SIGTERM, SIGUSR1 and the end of `lifeline` ask to leave, which happens between two requests: one that has come
 * over a kept connection is served before. */
struct fastcgi {
    int fd;       /* the listening socket */
    int lifeline; /* -1: none */
    transport_handler *handle;
    bool (*stay)(
        void *context); /* asked when a request waits, before it is taken; false: leave it to another process */
    void *context;
};

bool transport_is_fastcgi(int fd);              /* a listening socket */
int transport_fastcgi(const struct fastcgi *f); /* 0: left; LK_SYSTEM: the socket failed */

#endif
