/* Runs a program with exactly this environment, a name twice included, which env(1) cannot do.
 *   with-env NAME=VALUE... -- PROGRAM */
#include <unistd.h>

int main(int argc, char **argv)
{
    int end = 1;
    while (end < argc && strcmp(argv[end], "--") != 0)
        end++;
    if (end + 2 != argc) {
        fputs("usage: with-env NAME=VALUE... -- PROGRAM\n", stderr);
        return 2;
    }
    argv[end] = NULL;
    execve(argv[end + 1], (char *[]){argv[end + 1], NULL}, argv + 1);
    perror(argv[end + 1]);
    return 127;
}
