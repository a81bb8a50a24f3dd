#ifndef LK_BASE_FILE_H
#define LK_BASE_FILE_H

#include <sys/stat.h>
#include <sys/types.h>

#include "base/buf.h"

/* How private a file has to be before it is read. Its owner may be us, root, or the owner of its directory, who could
 * replace it anyway. */
enum file_trust {
    FILE_ANY,     /* a regular file, symbolic links followed */
    FILE_TRUSTED, /* regular, no symbolic link at its end, such an owner, not writable by group or others */
    FILE_PRIVATE, /* FILE_TRUSTED, and no rights at all for others: 0400, 0440, 0600, 0640 */
};

/* Appends the whole file to `out` (bounded by out->max). `st` may be NULL.
 * LK_NOT_FOUND; LK_UNSAFE_FILE; LK_TOO_LARGE; LK_SYSTEM (errno says). */
int file_read(const char *path, enum file_trust trust, struct buf *out, struct stat *st);

/* Replaces `path` as a whole, crash-safe: temporary file in the same directory, owner and mode, fsync, rename, fsync of
 * the directory. `uid` and `gid` of -1 leave what the process gives. On failure the old file is untouched and no
 * temporary file is left. LK_SYSTEM (errno says). */
int file_replace(const char *path, struct span content, mode_t mode, uid_t uid, gid_t gid);

/* Removes the temporary files of file_replace for `path` that a killed process has left: those last written before
 * `before` (seconds since the epoch). Failures are left for the next time. */
void file_sweep(const char *path, int64_t before);

int file_remove(const char *path);   /* unlink, then fsync of the directory; absent is LK_NOT_FOUND */
int file_sync_dir(const char *path); /* fsync of the directory that holds `path` */

/* Opens (creates, `mode`) a lock file and takes an exclusive flock, waiting at most `wait_ms`.
 * LK_BUSY when it was not free. file_unlock closes; the file stays. */
int file_lock(const char *path, mode_t mode, int wait_ms, int *fd);
void file_unlock(int fd);

/* "dir/name" in `out`; LK_TOO_LARGE when it does not fit. */
int file_path(char *out, size_t cap, const char *dir, const char *name);

#endif
