#ifndef __linux__
#include <errno.h>
#include <limits.h>
#include <unistd.h>

#include "base/confine_impl.h"
#include "base/error.h"

int confine_privileges(void)
{
    return 0;
}

#ifdef __OpenBSD__
int confine_paths(const struct confine *c)
{
    char path[PATH_MAX];
    for (size_t i = 0; c->kind == CONFINE_ALONE && i < c->count; i++) {
        struct span d = c->paths[i].directory;
        int n = snprintf(path, sizeof path, "%.*s", (int)d.n, d.p);
        if (n < 0 || (size_t)n >= sizeof path)
            continue;
        if (unveil(path, c->paths[i].access == CONFINE_WRITE ? "rwc" : "r") && errno != ENOENT)
            return LK_SYSTEM;
    }
    return 0;
}

/* "unix" and "inet" are what accept needs. What is started is not pledged: it is another program. */
int confine_calls(enum confine_kind kind)
{
    static const char *const promises[] = {
        [CONFINE_ALONE] = "stdio rpath wpath cpath flock fattr unix inet",
        [CONFINE_FETCH] = "stdio rpath wpath cpath flock fattr unix inet proc exec",
        [CONFINE_COMMAND] = "stdio rpath wpath cpath flock fattr unix inet proc exec",
    };
    return pledge(promises[kind], NULL) ? LK_SYSTEM : 0;
}
#else
int confine_paths(const struct confine *c)
{
    (void)c;
    return 0;
}

int confine_calls(enum confine_kind kind)
{
    (void)kind;
    return 0;
}
#endif
#endif
