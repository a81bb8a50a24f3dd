#include "http/transport.h"

#include <errno.h>
#include <limits.h>
#include <signal.h>
#include <unistd.h>

#include "base/error.h"

/* What asks a process to leave. */
static void hold_signals(sigset_t *before)
{
    sigset_t held;
    sigemptyset(&held);
    sigaddset(&held, SIGTERM);
    sigaddset(&held, SIGUSR1);
    sigprocmask(SIG_BLOCK, &held, before);
}

/* ---- CGI ---- */

static int stdin_read(void *context, void *out, size_t n)
{
    (void)context;
    ssize_t got;
    do
        got = read(STDIN_FILENO, out, n < INT_MAX ? n : INT_MAX);
    while (got < 0 && errno == EINTR);
    return (int)got;
}

/* A server that has the whole answer may end us at once, as lighttpd does by SIGTERM. What follows the answer is short
 * and has the alarm over it. */
static int stdout_write(void *context, struct span answer)
{
    sigset_t before;
    (void)context;
    hold_signals(&before);
    while (answer.n) {
        ssize_t n = write(STDOUT_FILENO, answer.p, answer.n);
        if (n < 0 && errno != EINTR)
            return LK_SYSTEM;
        if (n > 0)
            answer = (struct span){answer.p + n, answer.n - (size_t)n};
    }
    return 0;
}

void transport_cgi(char *const env[], transport_handler *handle, void *context)
{
    handle(context, &(struct transport){env, stdin_read, NULL, stdout_write});
}
