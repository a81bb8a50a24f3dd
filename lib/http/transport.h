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

/* FastCGI, role Responder: is `fd` a listening socket, and if so, one request after the other until SIGTERM or SIGUSR1,
 * which let the request in hand finish. 0, or LK_SYSTEM when the socket fails. */
bool transport_is_fastcgi(int fd);
int transport_fastcgi(int fd, transport_handler *handle, void *context);

#endif
