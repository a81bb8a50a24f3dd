/* spawn [NAME=FILE] COUNT PROGRAM [ARGUMENT...]: runs it COUNT times in turn, standard input and output on /dev/null,
 * and prints "MICROSECONDS KIB": the median time of one run and the largest peak of resident memory. With NAME=FILE
 * each run has the next line of FILE in the environment variable NAME. */
#include <fcntl.h>
#include <spawn.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/parse.h"

#define COUNT_MAX 100000

static int by_value(const void *a, const void *b)
{
    const int64_t *x = a, *y = b;
    return (*x > *y) - (*x < *y);
}

static int64_t run_once(char *const argv[], const posix_spawn_file_actions_t *actions, long *kib)
{
    pid_t pid;
    int status;
    struct rusage usage;
    int64_t began = clock_monotonic_us();
    if (posix_spawn(&pid, argv[0], actions, NULL, argv, environ) || wait4(pid, &status, 0, &usage) != pid)
        return -1;
    *kib = usage.ru_maxrss > *kib ? usage.ru_maxrss : *kib;
    return clock_monotonic_us() - began;
}

/* The next line of `lines` into the variable; true when there is nothing to set. */
static bool set_next(const char *name, FILE *lines)
{
    static char line[65536];
    if (!lines)
        return true;
    if (!fgets(line, sizeof line, lines))
        return false;
    line[strcspn(line, "\n")] = '\0';
    return setenv(name, line, 1) == 0;
}

int main(int argc, char **argv)
{
    char *equals = argc > 1 ? strchr(argv[1], '=') : NULL, *name = argv[1];
    static FILE *lines; /* until the end of the process */
    static int64_t took[COUNT_MAX];
    uint64_t count = 0;
    long kib = 0;
    posix_spawn_file_actions_t actions;
    if (equals) {
        *equals = '\0';
        lines = fopen(equals + 1, "re");
        argc--;
        argv++;
    }
    if ((equals && !lines) || argc < 3 || parse_u64(span_of(argv[1]), COUNT_MAX, &count) || count == 0) {
        fputs("usage: spawn [NAME=FILE] COUNT PROGRAM [ARGUMENT...]\n", stderr);
        return 64;
    }
    posix_spawn_file_actions_init(&actions);
    for (int fd = 0; fd < 3; fd++)
        posix_spawn_file_actions_addopen(&actions, fd, "/dev/null", O_RDWR, 0);
    for (uint64_t i = 0; i < count; i++)
        if (!set_next(name, lines) || (took[i] = run_once(argv + 2, &actions, &kib)) < 0)
            return 1;
    qsort(took, count, sizeof took[0], by_value);
    printf("%lld %ld\n", (long long)took[count / 2], kib);
    return 0;
}
