#ifndef LK_BASE_CONFINE_H
#define LK_BASE_CONFINE_H

#include <stdbool.h>

#include "base/span.h"

/* What a process gives up, for the rest of its life and for every process that it starts: new privileges and being
 * traced by its own user, always; and then as the kernel can, by Landlock (from ABI 1) and seccomp (x86_64, aarch64),
 * or by unveil and pledge. */
enum confine_kind {
    CONFINE_NOT,   /* nothing, not even the two */
    CONFINE_ALONE, /* it has its paths and what is open: no other program, no process, no socket, no code at run time */
    CONFINE_FETCH, /* it starts jwks-fetch: it may connect and read what its user may, and write to its paths */
    CONFINE_COMMAND, /* it starts a program that is not ours: only what nobody but an administrator does */
};

enum confine_access { CONFINE_READ, CONFINE_WRITE };
#define CONFINE_PATHS_MAX 32

struct confine {
    enum confine_kind kind;
    bool calls; /* by seccomp or pledge too */
    size_t count;
    struct confine_path {
        struct span directory; /* with all below it */
        enum confine_access access;
    } paths[CONFINE_PATHS_MAX];
};

/* Adds the directory `path`, or the directory of the file `path`, whose strings are not copied; "" adds nothing, nor
 * does one more than CONFINE_PATHS_MAX: it will not be accessible. */
void confine_directory(struct confine *c, enum confine_access access, const char *path);
void confine_file(struct confine *c, enum confine_access access, const char *path);

/* There is no way back. A path that is not there stays inaccessible. 0, also when the kernel has nothing of it;
 * LK_SYSTEM (errno says): the kernel could and did not, and the process should not go on. */
int confine(const struct confine *c);

/* True in a program that was built with AddressSanitizer, which needs all of it: confine does nothing there. */
bool confine_is_left_out(void);

#endif
