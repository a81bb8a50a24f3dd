#ifndef LK_BASE_WATCH_H
#define LK_BASE_WATCH_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/stat.h>

#include "base/secret.h"

/* Has a file changed since it was read? One fstatat(2) a question. A file system's times are coarse, so as long as the
 * last change is younger than WATCH_YOUNG seconds the content is compared too. */
#define WATCH_YOUNG 2

enum watch_kind {
    WATCH_FILE,     /* what it holds, where it lies, its owner and mode */
    WATCH_LINK,     /* the same; a symbolic link at its end is not followed */
    WATCH_IDENTITY, /* that it is the same file, no symbolic link, of the same owner and mode; what it holds may change
                     */
};

struct watch {
    enum watch_kind kind;
    const char *dir, *name; /* the caller's, not copied; dir NULL: nothing is watched */
    bool there, young;
    struct stat st;
    uint8_t digest[SHA256_SIZE];
};

/* Before the file is read, so that a change while it is read is one. `name` NULL: `dir` is the whole path. */
void watch_begin(struct watch *w, enum watch_kind kind, const char *dir, const char *name);
void watch_end(struct watch *w);

/* True also when it has appeared or gone. False when nothing is watched. */
bool watch_changed(struct watch *w);

#endif
