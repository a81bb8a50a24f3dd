#include "http/process.h"

#include <limits.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

static void timed_out(int signal)
{
    static const char line[] = "event=request.timeout\n";
    (void)signal;
    ssize_t ignored = write(STDERR_FILENO, line, sizeof line - 1);
    (void)ignored;
    _exit(1);
}

void process_begin(void)
{
    sigset_t alarm_only; /* a threaded server may start us with its signals held */
    sigemptyset(&alarm_only);
    sigaddset(&alarm_only, SIGALRM);
    umask(077);
    setrlimit(RLIMIT_CORE, &(struct rlimit){0, 0});
    sigaction(SIGPIPE, &(struct sigaction){.sa_handler = SIG_IGN}, NULL);
    sigaction(SIGXFSZ, &(struct sigaction){.sa_handler = SIG_IGN}, NULL); /* a limit on files is an error, not an end */
    sigaction(SIGALRM, &(struct sigaction){.sa_handler = timed_out}, NULL);
    sigprocmask(SIG_UNBLOCK, &alarm_only, NULL);
}

#ifdef __SANITIZE_ADDRESS__
#define LEAST_MEMORY (1ULL << 45) /* its shadow memory needs terabytes of address space */
#else
#define LEAST_MEMORY 1
#endif

/* The soft limit only, so that a FastCGI process can follow a changed configuration. */
static void limit_memory(uint64_t bytes)
{
    static uint64_t present; /* so that a process of many requests asks the system once */
    struct rlimit limit;
    if (bytes < LEAST_MEMORY || bytes == present || getrlimit(RLIMIT_AS, &limit))
        return;
    limit.rlim_cur = limit.rlim_max == RLIM_INFINITY || bytes < limit.rlim_max ? bytes : limit.rlim_max;
    if (setrlimit(RLIMIT_AS, &limit) == 0)
        present = bytes;
}

void process_limit(const struct conf *conf)
{
    limit_memory(conf->process.memory);
    alarm(conf->process.run > 0 && conf->process.run < INT_MAX ? (unsigned)conf->process.run : 0);
}

void process_unlimit(void)
{
    alarm(0);
}

/* The configuration may be a symbolic link; what is read is elsewhere then. */
static void allow_rereading(struct confine *c, const char *conf_path, char real[PATH_MAX])
{
    if (conf_path && realpath(conf_path, real))
        confine_file(c, CONFINE_READ, real);
}

int process_confine(const struct conf *conf, enum confine_kind kind, const char *conf_path)
{
    char real[PATH_MAX];
    struct confine c = {.kind = conf->process.confine ? kind : CONFINE_NOT,
                        .calls = conf->process.seccomp || conf_path};
    confine_file(&c, CONFINE_WRITE, conf->store.path);
    confine_file(&c, CONFINE_WRITE, conf->limits.path);
    confine_directory(&c, CONFINE_READ, conf->keys.directory);
    confine_file(&c, CONFINE_READ, conf->claims.file);
    allow_rereading(&c, conf_path, real);
    for (size_t i = 0; kind == CONFINE_FETCH && i < conf->provider_count; i++)
        confine_file(&c, CONFINE_WRITE, conf->providers[i].cache);
    return confine(&c);
}
