#include "http/transport.h"

#include <errno.h>
#include <fcgiapp.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <sys/socket.h>
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

/* ---- FastCGI ---- */

static volatile sig_atomic_t leaving;

static void leave(int signal)
{
    (void)signal;
    leaving = 1;
}

static int stream_read(void *context, void *out, size_t n)
{
    FCGX_Request *request = context;
    return FCGX_GetStr(out, (int)(n < INT_MAX ? n : INT_MAX), request->in);
}

static int stream_write(void *context, struct span answer)
{
    FCGX_Request *request = context;
    bool sent = answer.n <= INT_MAX && FCGX_PutStr(answer.p, (int)answer.n, request->out) == (int)answer.n;
    FCGX_FClose(request->err); /* first, or the end of the answer costs a packet of its own */
    sent = FCGX_FClose(request->out) == 0 && sent;
    FCGX_Finish_r(request);
    return sent ? 0 : LK_SYSTEM;
}

bool transport_is_fastcgi(int fd)
{
    int listening = 0;
    socklen_t n = sizeof listening;
    return getsockopt(fd, SOL_SOCKET, SO_ACCEPTCONN, &listening, &n) == 0 && listening;
}

/* The signals are held back but for the wait between two requests: none can fall into the gap between looking at
 * `leaving` and blocking. */
static void wait_with_signals(sigset_t *waiting)
{
    hold_signals(waiting);
    sigdelset(waiting, SIGTERM);
    sigdelset(waiting, SIGUSR1);
}

/* libfcgi installs handlers of its own, so these come after it. */
static void catch_signals(void)
{
    leaving = 0;
    sigaction(SIGTERM, &(struct sigaction){.sa_handler = leave}, NULL);
    sigaction(SIGUSR1, &(struct sigaction){.sa_handler = leave}, NULL);
    sigaction(SIGPIPE, &(struct sigaction){.sa_handler = SIG_IGN}, NULL);
}

/* Several processes share the socket, so another may take what woke this one: accepting must not block then. */
static int accept_next(FCGX_Request *request, int fd, const sigset_t *waiting)
{
    for (;;) {
        struct pollfd ready = {.fd = request->ipcFd >= 0 ? request->ipcFd : fd, .events = POLLIN};
        int n = ppoll(&ready, 1, NULL, waiting);
        if (n < 0 && errno != EINTR)
            return LK_SYSTEM;
        if (leaving)
            return LK_NOT_FOUND;
        if (n <= 0)
            continue;
        errno = 0;
        int error = FCGX_Accept_r(request);
        if (error == 0)
            return 0;
        if (error != -EAGAIN && error != -EINTR && error != -ECONNABORTED)
            return LK_SYSTEM;
    }
}

int transport_fastcgi(int fd, transport_handler *handle, void *context)
{
    FCGX_Request request;
    sigset_t waiting;
    int flags = fcntl(fd, F_GETFL), error = 0;
    wait_with_signals(&waiting);
    if (flags < 0 || fcntl(fd, F_SETFL, flags | O_NONBLOCK) || FCGX_Init() ||
        FCGX_InitRequest(&request, fd, FCGI_FAIL_ACCEPT_ON_INTR))
        return LK_SYSTEM;
    catch_signals();
    while ((error = accept_next(&request, fd, &waiting)) == 0)
        handle(context, &(struct transport){request.envp, stream_read, &request, stream_write});
    FCGX_Free(&request, 1);
    return error == LK_NOT_FOUND ? 0 : error;
}
