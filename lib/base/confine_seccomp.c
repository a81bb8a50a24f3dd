#ifdef __linux__
#include <errno.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stdint.h>
#include <sys/prctl.h>

#include "base/confine_impl.h"
#include "base/error.h"
#include "filter.h" /* written by tools/filter.c */

/* Not dumpable: no process of the same user can trace it or read its memory. */
int confine_privileges(void)
{
    return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) || prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) ? LK_SYSTEM : 0;
}

#ifdef CONFINE_FILTERS
int confine_calls(enum confine_kind kind)
{
    static const struct {
        const struct sock_filter *steps;
        unsigned short count;
    } filters[] = {
        [CONFINE_ALONE] = {alone, sizeof alone / sizeof *alone},
        [CONFINE_FETCH] = {starter, sizeof starter / sizeof *starter},
        [CONFINE_COMMAND] = {starter, sizeof starter / sizeof *starter},
    };
    struct sock_fprog filter = {filters[kind].count, (struct sock_filter *)(uintptr_t)filters[kind].steps};
    if (prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &filter, 0, 0) == 0)
        return 0;
    return errno == EINVAL ? 0 : LK_SYSTEM; /* a kernel without seccomp */
}
#else
int confine_calls(enum confine_kind kind)
{
    (void)kind;
    return 0;
}
#endif
#endif
