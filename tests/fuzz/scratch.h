#ifndef LK_TESTS_FUZZ_SCRATCH_H
#define LK_TESTS_FUZZ_SCRATCH_H

#include <limits.h>
#include <sys/stat.h>
#include <unistd.h>

#include "fuzz.h"

/* Files for code that reads by path: a directory of this process, in memory where the system has that, gone at its end.
 */
static char scratch_dir[PATH_MAX];

static void scratch_remove(void)
{
    static const char *const names[] = {"cache", "cache.attempt", "cache.absent"};
    char path[PATH_MAX + 32];
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        snprintf(path, sizeof path, "%s/%s", scratch_dir, names[i]);
        unlink(path);
    }
    rmdir(scratch_dir);
}

static void scratch_begin(void)
{
    const char *chosen = getenv("TMPDIR");
    if (scratch_dir[0])
        return;
    const char *base = access("/dev/shm", W_OK | X_OK) == 0 ? "/dev/shm" : chosen ? chosen : "/tmp";
    snprintf(scratch_dir, sizeof scratch_dir, "%s/latchkey-fuzz-XXXXXX", base);
    HOLDS(mkdtemp(scratch_dir));
    atexit(scratch_remove);
}

static void scratch_write(const char *path, struct span text)
{
    FILE *file = fopen(path, "w");
    HOLDS(file && fwrite(text.p, 1, text.n, file) == text.n && fclose(file) == 0);
    HOLDS(chmod(path, 0644) == 0);
}

#endif
