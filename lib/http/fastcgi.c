#include <errno.h>
#include <fcgiapp.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdint.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/error.h"
#include "http/transport.h"

#define CONNECTIONS 32 /* that a server may keep with one process */
#define ARRIVAL_S   30 /* for a request's parameters to arrive once it has begun */

/* Of the descriptors that are waited for: */
enum { LIFELINE, LISTENING, KEPT };

struct pool {
    const struct fastcgi *f;
    sigset_t waiting; /* the signals held while waiting for a request */
    FCGX_Request request[CONNECTIONS];
    uint64_t used[CONNECTIONS]; /* when, counted in requests */
    uint64_t requests;
    size_t turn; /* of the descriptors, so that none waits for ever */
};

static volatile sig_atomic_t leaving;

static void leave(int signal)
{
    (void)signal;
    leaving = 1;
}

/* The signals are held back but for the wait between two requests: none can fall into the gap between looking at
 * `leaving` and blocking. libfcgi installs handlers of its own, so these come after it. */
static void catch_signals(sigset_t *waiting)
{
    sigset_t held;
    sigemptyset(&held);
    sigaddset(&held, SIGTERM);
    sigaddset(&held, SIGUSR1);
    leaving = 0;
    sigprocmask(SIG_BLOCK, &held, waiting);
    sigdelset(waiting, SIGTERM);
    sigdelset(waiting, SIGUSR1);
    sigaction(SIGTERM, &(struct sigaction){.sa_handler = leave}, NULL);
    sigaction(SIGUSR1, &(struct sigaction){.sa_handler = leave}, NULL);
    sigaction(SIGPIPE, &(struct sigaction){.sa_handler = SIG_IGN}, NULL);
}

/* ---- one request ---- */

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

static void serve(struct pool *pool, size_t i)
{
    FCGX_Request *request = &pool->request[i];
    pool->used[i] = ++pool->requests;
    pool->f->handle(pool->f->context, &(struct transport){request->envp, stream_read, request, stream_write});
}

/* Several processes share the socket, so another may take what woke this one: then there is nothing to accept. A
 * connection that was kept and has ended goes, and a new one takes its place. */
static int take(struct pool *pool, size_t i)
{
    errno = 0;
    alarm(ARRIVAL_S);
    int error = FCGX_Accept_r(&pool->request[i]);
    alarm(0);
    if (error == 0)
        serve(pool, i);
    return error == 0 || error == -EAGAIN || error == -EINTR || error == -ECONNABORTED ? 0 : LK_SYSTEM;
}

/* ---- all connections ---- */

/* At once: libfcgi would wait up to two seconds for the other side to close too. */
static void drop(FCGX_Request *request)
{
    FCGX_Detach(request);
    FCGX_Free(request, 1);
}

/* What has come over a kept connection cannot be left to another process. */
static bool has_request(const FCGX_Request *request)
{
    char byte;
    return request->ipcFd >= 0 && recv(request->ipcFd, &byte, 1, MSG_PEEK | MSG_DONTWAIT) > 0;
}

/* Of the connections over which nothing has come; CONNECTIONS: there is none. */
static size_t idle_longest(const struct pool *pool)
{
    size_t oldest = CONNECTIONS;
    for (size_t i = 0; i < CONNECTIONS; i++)
        if ((oldest == CONNECTIONS || pool->used[i] < pool->used[oldest]) && !has_request(&pool->request[i]))
            oldest = i;
    return oldest;
}

/* A place for a new connection: a free one, or that of the connection that was idle longest; CONNECTIONS: none. */
static size_t place(struct pool *pool)
{
    for (size_t i = 0; i < CONNECTIONS; i++)
        if (pool->request[i].ipcFd < 0)
            return i;
    size_t oldest = idle_longest(pool);
    if (oldest < CONNECTIONS)
        drop(&pool->request[oldest]);
    return oldest;
}

/* A new connection is left to whoever takes this process's place. Without a place it waits: the turn is that of the
 * kept ones then. */
static int accept_new(struct pool *pool)
{
    if (!pool->f->stay(pool->f->context))
        return LK_NOT_FOUND;
    size_t i = place(pool);
    return i < CONNECTIONS ? take(pool, i) : 0;
}

static int continue_kept(struct pool *pool, size_t i)
{
    bool stays = pool->f->stay(pool->f->context);
    int error = take(pool, i);
    return error || stays ? error : LK_NOT_FOUND;
}

static int take_next(struct pool *pool)
{
    struct pollfd ready[KEPT + CONNECTIONS];
    size_t n = sizeof ready / sizeof ready[0], i = 0;
    ready[LIFELINE] = (struct pollfd){.fd = pool->f->lifeline};
    ready[LISTENING] = (struct pollfd){.fd = pool->f->fd, .events = POLLIN};
    for (i = 0; i < CONNECTIONS; i++)
        ready[KEPT + i] = (struct pollfd){.fd = pool->request[i].ipcFd, .events = POLLIN};
    int found = ppoll(ready, n, NULL, &pool->waiting);
    if (found < 0 && errno != EINTR)
        return LK_SYSTEM;
    if (leaving || (found > 0 && ready[LIFELINE].revents))
        return LK_NOT_FOUND;
    for (i = 0; found > 0 && i < n; i++) {
        pool->turn = (pool->turn + 1) % n;
        if (pool->turn >= LISTENING && ready[pool->turn].revents)
            return pool->turn == LISTENING ? accept_new(pool) : continue_kept(pool, pool->turn - KEPT);
    }
    return 0;
}

static void finish(struct pool *pool)
{
    for (size_t i = 0; i < CONNECTIONS; i++) {
        if (has_request(&pool->request[i]))
            take(pool, i);
        drop(&pool->request[i]);
    }
}

bool transport_is_fastcgi(int fd)
{
    int listening = 0;
    socklen_t n = sizeof listening;
    return getsockopt(fd, SOL_SOCKET, SO_ACCEPTCONN, &listening, &n) == 0 && listening;
}

int transport_fastcgi(const struct fastcgi *f)
{
    struct pool pool = {.f = f};
    int flags = fcntl(f->fd, F_GETFL), error = 0;
    if (flags < 0 || fcntl(f->fd, F_SETFL, flags | O_NONBLOCK) || FCGX_Init())
        return LK_SYSTEM;
    for (size_t i = 0; i < CONNECTIONS; i++)
        if (FCGX_InitRequest(&pool.request[i], f->fd, FCGI_FAIL_ACCEPT_ON_INTR))
            return LK_SYSTEM;
    catch_signals(&pool.waiting);
    while (!error)
        error = take_next(&pool);
    finish(&pool);
    return error == LK_NOT_FOUND ? 0 : error;
}
