#include "http/supervisor.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"

#define STATUS_REPLACED 3 /* of a worker that leaves because the executable was replaced */

#define LONG_LIFE_US INT64_C(10000000) /* who lived so long did not end because it began */
#define PAUSE_US     INT64_C(100000)   /* before the next start, doubled with each short life after the first */
#define PAUSE_MAX_US INT64_C(10000000)

struct member {
    pid_t pid; /* 0: none */
    int64_t began_us;
};

struct crew {
    const struct supervisor *s;
    size_t size;
    struct member member[SUPERVISOR_WORKERS];
    struct worker link; /* as each worker gets it */
    int hold;           /* the other end of the lifeline */
    int64_t start_us;   /* nobody is started earlier */
    unsigned short_lives;
    bool leaving;
};

/* ---- the executable ---- */

/* Not by inode: some file systems give the running program's another number. */
static bool is_same(const struct stat *a, const struct stat *b)
{
    return a->st_size == b->st_size && a->st_mtim.tv_sec == b->st_mtim.tv_sec &&
           a->st_mtim.tv_nsec == b->st_mtim.tv_nsec;
}

/* What it holds is never compared: a confined worker may not read it, and while it runs nobody can write it. */
static void watch_executable(struct worker *w)
{
    watch_begin(&w->executable, WATCH_FILE, w->program, NULL);
    w->executable.young = false;
}

/* By the name that it was called by, which may go through a symbolic link that a deploy turns. */
static void find_executable(struct worker *w)
{
    struct stat running;
    const char *name = program_invocation_name;
    ssize_t n = readlink("/proc/self/exe", w->program, sizeof w->program - 1);
    w->program[n > 0 ? n : 0] = '\0';
    if (name && *name == '/' && strlen(name) < sizeof w->program)
        snprintf(w->program, sizeof w->program, "%s", name);
    watch_executable(w);
    if (w->executable.there && stat("/proc/self/exe", &running) == 0)
        w->executable.there = is_same(&running, &w->executable.st); /* another one may lie there already */
}

/* A file that is still being written may not be executed yet. */
bool worker_replaced(struct worker *w)
{
    struct stat st;
    if (!w->replaced && *w->program && watch_changed(&w->executable))
        w->replaced = stat(w->program, &st) == 0 && S_ISREG(st.st_mode) && (st.st_mode & S_IXUSR);
    return w->replaced;
}

/* The lifeline ends with this program, because its other end is closed on exec. */
static void become_new(struct crew *crew)
{
    struct worker *w = &crew->link;
    char *const argv[] = {w->program, NULL};
    if (!watch_changed(&w->executable))
        return; /* tried already */
    watch_executable(w);
    log_event("fastcgi.replaced", "program", crew->s->name, "path", w->program, NULL);
    execve(w->program, argv, environ);
    log_event("fastcgi.not_replaced", "program", crew->s->name, "path", w->program, "fault", strerror(errno), "effect",
              "the old executable goes on", NULL);
}

/* ---- workers ---- */

static _Noreturn void live(struct crew *crew)
{
    close(crew->hold);
    int status = crew->s->work(crew->s->context, &crew->link);
    _exit(crew->link.replaced ? STATUS_REPLACED : status);
}

static void pause_before_next(struct crew *crew, int64_t now)
{
    unsigned doublings = crew->short_lives++;
    int64_t pause = doublings == 0 ? 0 : doublings > 7 ? PAUSE_MAX_US : PAUSE_US << (doublings - 1);
    crew->start_us = now + (pause < PAUSE_MAX_US ? pause : PAUSE_MAX_US);
}

static void start(struct crew *crew, struct member *m)
{
    int64_t now = clock_monotonic_us();
    pid_t pid = fork();
    if (pid == 0)
        live(crew);
    if (pid > 0) {
        *m = (struct member){pid, now};
        return;
    }
    log_event("fastcgi.worker_failed", "program", crew->s->name, "fault", strerror(errno), NULL);
    pause_before_next(crew, now);
}

static void start_missing(struct crew *crew)
{
    for (size_t i = 0; i < crew->size; i++)
        if (!crew->member[i].pid && clock_monotonic_us() >= crew->start_us)
            start(crew, &crew->member[i]);
}

static void mourn(struct crew *crew, const struct member *m, int status)
{
    char pid[24], how[24];
    int64_t now = clock_monotonic_us();
    bool long_life = now - m->began_us >= LONG_LIFE_US, good = WIFEXITED(status) && WEXITSTATUS(status) == 0;
    if (good || long_life)
        crew->short_lives = 0;
    if (good || crew->leaving)
        return;
    snprintf(pid, sizeof pid, "%ld", (long)m->pid);
    snprintf(how, sizeof how, "%d", WIFSIGNALED(status) ? WTERMSIG(status) : WEXITSTATUS(status));
    log_event("fastcgi.worker_lost", "program", crew->s->name, "pid", pid, WIFSIGNALED(status) ? "signal" : "exit", how,
              NULL);
    pause_before_next(crew, now);
}

static void reap(struct crew *crew)
{
    bool replaced = false;
    int status = 0;
    for (pid_t pid; (pid = waitpid(-1, &status, WNOHANG)) > 0;)
        for (size_t i = 0; i < crew->size; i++) {
            struct member *m = &crew->member[i];
            if (m->pid != pid)
                continue; /* or it is of the program before this one */
            if (WIFEXITED(status) && WEXITSTATUS(status) == STATUS_REPLACED)
                replaced = true;
            else
                mourn(crew, m, status);
            m->pid = 0;
        }
    if (replaced && !crew->leaving)
        become_new(crew);
}

static size_t count(const struct crew *crew)
{
    size_t n = 0;
    for (size_t i = 0; i < crew->size; i++)
        n += crew->member[i].pid != 0;
    return n;
}

/* ---- the supervisor ---- */

static void begin_leaving(struct crew *crew)
{
    crew->leaving = true;
    for (size_t i = 0; i < crew->size; i++)
        if (crew->member[i].pid)
            kill(crew->member[i].pid, SIGTERM);
}

/* Until a signal comes, or the next start is due. */
static void wait_for_news(struct crew *crew, const sigset_t *signals)
{
    int64_t left = crew->start_us - clock_monotonic_us();
    struct timespec until = {left / 1000000, left % 1000000 * 1000};
    bool is_due = !crew->leaving && count(crew) < crew->size;
    int got = is_due ? left > 0 ? sigtimedwait(signals, NULL, &until) : 0 : sigwaitinfo(signals, NULL);
    if (got == SIGTERM || got == SIGUSR1)
        begin_leaving(crew);
}

/* The signals are held for good and waited for, so that there is no moment in which one is missed; also not while the
 * new program of a deploy begins. */
static void hold_signals(sigset_t *held)
{
    sigemptyset(held);
    sigaddset(held, SIGTERM);
    sigaddset(held, SIGUSR1);
    sigaddset(held, SIGCHLD);
    sigprocmask(SIG_BLOCK, held, NULL);
    sigaction(SIGCHLD, &(struct sigaction){.sa_handler = SIG_DFL}, NULL); /* ignored, it would not come */
}

int supervise(const struct supervisor *s)
{
    struct crew crew = {.s = s, .size = s->workers < SUPERVISOR_WORKERS ? s->workers : SUPERVISOR_WORKERS};
    sigset_t signals;
    int ends[2];
    hold_signals(&signals);
    if (pipe2(ends, O_CLOEXEC)) {
        log_event("fastcgi.failed", "program", s->name, "fault", strerror(errno), NULL);
        return 1;
    }
    crew.link.lifeline = ends[0];
    crew.hold = ends[1];
    find_executable(&crew.link);
    reap(&crew); /* workers of the program before, whose end is told to nobody any more */
    while (!crew.leaving || count(&crew)) {
        if (!crew.leaving)
            start_missing(&crew);
        wait_for_news(&crew, &signals);
        reap(&crew);
    }
    return 0;
}
