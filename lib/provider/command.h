#ifndef LK_PROVIDER_COMMAND_H
#define LK_PROVIDER_COMMAND_H

#include <stdbool.h>
#include <stdio.h>

#include "provider/fetch.h"

/* The command line of jwks-fetch. One table of options is what is parsed and what the usage text says. */
enum task { TASK_FETCH, TASK_SHOW, TASK_FLUSH, TASK_HELP, TASK_VERSION };

struct command {
    enum task task;
    struct fetch_order order;
    bool json;
    bool verbose;
    const char *conf;     /* NULL: the usual one */
    const char *provider; /* name of the one that is meant, "" for the plain one; NULL: every one */
};

/* LK_USAGE: an unknown option, a stray argument, or two options that exclude each other. */
int command_read(int argc, char **argv, struct command *out);
void command_usage(FILE *to);

#endif
