#ifndef LK_HTTP_SUPERVISOR_H
#define LK_HTTP_SUPERVISOR_H

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>

#include "base/watch.h"

/* A process that keeps worker processes, which all serve the same listening socket. It opens nothing, serves nothing
 * and keeps all its rights. A worker that ends is replaced, after a pause when workers end badly one after the other.
 * SIGTERM and SIGUSR1 let every worker finish the request it has in hand. Should the supervisor die, they leave so too.
 *
 * When the executable was replaced (a deploy), the worker that notices leaves, and the supervisor becomes the new
 * program in the same process, with the same socket: the old workers leave between two requests, new ones come. If
 * the new executable cannot be started, the old one goes on until that file changes again. */

/* What a worker knows of its supervisor. */
struct worker {
    int lifeline;           /* ends when this generation of workers shall leave */
    char program[PATH_MAX]; /* the executable; "" when it is not known */
    struct watch executable;
    bool replaced;
};

struct supervisor {
    const char *name;                                  /* of the program, for the log */
    size_t workers;                                    /* 1 to SUPERVISOR_WORKERS; more is that many */
    int (*work)(void *context, struct worker *worker); /* a worker's life, in a process of its own; its exit status */
    void *context;
};
#define SUPERVISOR_WORKERS 64

/* Returns the exit status. */
int supervise(const struct supervisor *s);

/* Between two requests: is there another executable by now? Then the worker has to leave. */
bool worker_replaced(struct worker *worker);

#endif
