/* usage FILE PROGRAM [ARGUMENT...]: runs it with standard input and output as they are, and writes "KIB FAULTS" to
 * FILE: its peak of resident memory and its page faults. */
#include <spawn.h>
#include <stdio.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

int main(int argc, char **argv)
{
    pid_t pid;
    int status = 0;
    struct rusage usage;
    FILE *out = argc > 2 ? fopen(argv[1], "we") : NULL;
    if (!out) {
        fputs("usage: usage FILE PROGRAM [ARGUMENT...]\n", stderr);
        return 64;
    }
    if (posix_spawn(&pid, argv[2], NULL, NULL, argv + 2, environ) || wait4(pid, &status, 0, &usage) != pid) {
        fclose(out);
        return 1;
    }
    fprintf(out, "%ld %ld\n", usage.ru_maxrss, usage.ru_minflt + usage.ru_majflt);
    return fclose(out) || !WIFEXITED(status) ? 1 : WEXITSTATUS(status);
}
