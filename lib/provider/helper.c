#include "provider/helper.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <sysexits.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/error.h"
#include "base/log.h"
#include "provider/cache.h"

#define ENV_MAX 128
#define STEP_MS 2

/* What the helper may see of our environment. Nothing that a server makes of a request's headers begins so. */
static void choose_environment(char *out[ENV_MAX])
{
    static char path[] = "PATH=/usr/bin:/bin";
    size_t n = 0;
    out[n++] = path;
    for (char **e = environ; e && *e && n < ENV_MAX - 1; e++)
        if (strncmp(*e, "LATCHKEY_", strlen("LATCHKEY_")) == 0)
            out[n++] = *e;
    out[n] = NULL;
}

static int set_attributes(posix_spawnattr_t *attributes)
{
    sigset_t all, none;
    sigfillset(&all);
    sigemptyset(&none);
    int error = posix_spawnattr_setsigdefault(attributes, &all);
    if (!error)
        error = posix_spawnattr_setsigmask(attributes, &none);
    if (!error)
        error =
            posix_spawnattr_setflags(attributes, POSIX_SPAWN_SETSID | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK);
    return error;
}

/* Standard descriptors are /dev/null, except that `listen` leaves standard error; everything above is closed. */
static int set_descriptors(posix_spawn_file_actions_t *actions, bool listen)
{
    int last = listen ? STDOUT_FILENO : STDERR_FILENO;
    int error = 0;
    for (int fd = 0; !error && fd <= last; fd++)
        error = posix_spawn_file_actions_addopen(actions, fd, "/dev/null", O_RDWR, 0);
    return error ? error : posix_spawn_file_actions_addclosefrom_np(actions, STDERR_FILENO + 1);
}

static int spawn(const char *path, char *const argv[], bool listen, pid_t *pid)
{
    char *env[ENV_MAX];
    posix_spawnattr_t attributes;
    posix_spawn_file_actions_t actions;
    choose_environment(env);
    int error = posix_spawnattr_init(&attributes);
    if (error)
        return error;
    error = posix_spawn_file_actions_init(&actions);
    if (!error) {
        error = set_attributes(&attributes);
        if (!error)
            error = set_descriptors(&actions, listen);
        if (!error)
            error = posix_spawn(pid, path, &actions, &attributes, argv, env);
        posix_spawn_file_actions_destroy(&actions);
    }
    posix_spawnattr_destroy(&attributes);
    return error;
}

static int start(const struct provider *p, uint64_t missing, bool listen, pid_t *pid)
{
    char path[PATH_MAX], which[64], miss[32];
    char *argv[] = {path, which, missing ? miss : NULL, NULL};
    snprintf(which, sizeof which, "--provider=%s", p->name);
    snprintf(miss, sizeof miss, "--miss=%llu", (unsigned long long)missing);
    if (cache_beside(path, sizeof path, p->helper, ""))
        return LK_UNAVAILABLE;
    int error = spawn(path, argv, listen, pid);
    if (!error)
        return 0;
    log_event("provider.helper", "path", path, "reason", strerror(error), "effect",
              "keys are not fetched; what is cached still serves", NULL);
    return LK_UNAVAILABLE;
}

static int judge_exit(const struct provider *p, int status)
{
    char code[16];
    if (WIFEXITED(status) && WEXITSTATUS(status) == EX_OK)
        return 0;
    if (WIFEXITED(status) && WEXITSTATUS(status) == EX_TEMPFAIL)
        return LK_BUSY;
    snprintf(code, sizeof code, "%d", WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status));
    log_event("provider.helper", "path", p->helper, "exit", code, NULL);
    return LK_UNAVAILABLE;
}

/* The helper leads a session, so that whatever it started goes with it. */
static int give_up(const struct provider *p, pid_t pid)
{
    kill(-pid, SIGKILL);
    while (waitpid(pid, NULL, 0) < 0 && errno == EINTR)
        ;
    log_event("provider.helper", "path", p->helper, "reason", "killed after its deadline", NULL);
    return LK_UNAVAILABLE;
}

int helper_run(const struct provider *p, uint64_t missing, int64_t deadline_ms)
{
    pid_t pid = 0;
    int status = 0;
    int64_t deadline = clock_monotonic_us() + deadline_ms * 1000;
    int error = start(p, missing, true, &pid);
    if (error)
        return error;
    for (;;) {
        pid_t done = waitpid(pid, &status, WNOHANG);
        if (done == pid)
            return judge_exit(p, status);
        if (done < 0 && errno != EINTR)
            return LK_UNAVAILABLE; /* reaped elsewhere; the cache says how it went */
        if (clock_monotonic_us() >= deadline)
            return give_up(p, pid);
        poll(NULL, 0, STEP_MS);
    }
}

/* By way of a child that ends at once: init reaps the helper, so that a FastCGI process collects no zombies. */
int helper_detach(const struct provider *p, uint64_t missing)
{
    int status = 0;
    pid_t helper = 0, pid = fork();
    if (pid < 0) {
        log_event("provider.helper", "path", p->helper, "reason", strerror(errno), NULL);
        return LK_UNAVAILABLE;
    }
    if (pid == 0)
        _exit(start(p, missing, false, &helper) ? EX_UNAVAILABLE : EX_OK);
    while (waitpid(pid, &status, 0) < 0)
        if (errno != EINTR)
            return 0;
    return WIFEXITED(status) && WEXITSTATUS(status) == EX_OK ? 0 : LK_UNAVAILABLE;
}
