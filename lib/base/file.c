#include "base/file.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <stdint.h>
#include <sys/file.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/error.h"
#include "base/secret.h"

int file_path(char *out, size_t cap, const char *dir, const char *name)
{
    int n = snprintf(out, cap, "%s/%s", dir, name);
    return n >= 0 && (size_t)n < cap ? 0 : LK_TOO_LARGE;
}

static int dir_of(const char *path, char *out, size_t cap)
{
    const char *slash = strrchr(path, '/');
    int n = !slash          ? snprintf(out, cap, ".")
            : slash == path ? snprintf(out, cap, "/")
                            : snprintf(out, cap, "%.*s", (int)(slash - path), path);
    return n >= 0 && (size_t)n < cap ? 0 : LK_TOO_LARGE;
}

static bool owner_is_safe(const char *path, const struct stat *st)
{
    char dir[PATH_MAX];
    struct stat above;
    if (st->st_uid == 0 || st->st_uid == geteuid())
        return true;
    return dir_of(path, dir, sizeof dir) == 0 && stat(dir, &above) == 0 && above.st_uid == st->st_uid;
}

static int judge(const char *path, enum file_trust trust, const struct stat *st)
{
    if (!S_ISREG(st->st_mode))
        return LK_UNSAFE_FILE;
    if (trust == FILE_ANY)
        return 0;
    mode_t forbidden = trust == FILE_PRIVATE ? 027 : 022;
    return (st->st_mode & forbidden) || !owner_is_safe(path, st) ? LK_UNSAFE_FILE : 0;
}

static int read_all(int fd, size_t expected, struct buf *out)
{
    for (size_t want = expected + 1;;) {
        char *to = buf_reserve(out, want > out->max - out->n ? out->max - out->n : want);
        if (!to)
            return out->error;
        size_t room = out->max - out->n < want ? out->max - out->n : want;
        char extra;
        ssize_t got = room ? read(fd, to, room) : read(fd, &extra, 1);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return LK_SYSTEM;
        if (got == 0)
            return 0;
        if (!room)
            return LK_TOO_LARGE;
        buf_grew(out, (size_t)got);
        want = 4096;
    }
}

int file_read(const char *path, enum file_trust trust, struct buf *out, struct stat *st)
{
    struct stat own;
    int error = 0;
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY | (trust == FILE_ANY ? 0 : O_NOFOLLOW));
    if (fd < 0)
        return errno == ENOENT || errno == ENOTDIR ? LK_NOT_FOUND : errno == ELOOP ? LK_UNSAFE_FILE : LK_SYSTEM;
    if (fstat(fd, &own))
        error = LK_SYSTEM;
    else if (!(error = judge(path, trust, &own)))
        error = (uintmax_t)own.st_size > out->max - out->n ? LK_TOO_LARGE : read_all(fd, (size_t)own.st_size, out);
    if (!error && st)
        *st = own;
    int saved = errno;
    close(fd);
    errno = saved;
    return error;
}

int file_sync_dir(const char *path)
{
    char dir[PATH_MAX];
    int error = dir_of(path, dir, sizeof dir);
    if (error)
        return error;
    int fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0)
        return LK_SYSTEM;
    error = fsync(fd) ? LK_SYSTEM : 0;
    close(fd);
    return error;
}

static int write_all(int fd, struct span s)
{
    while (s.n) {
        ssize_t done = write(fd, s.p, s.n);
        if (done < 0 && errno == EINTR)
            continue;
        if (done < 0)
            return LK_SYSTEM;
        s.p += done;
        s.n -= (size_t)done;
    }
    return 0;
}

/* Mode 0600 until the content is there, then owner before mode: never wider than asked for at any moment. */
static int fill(int fd, struct span content, mode_t mode, uid_t uid, gid_t gid)
{
    int error = write_all(fd, content);
    if (!error && (uid != (uid_t)-1 || gid != (gid_t)-1) && fchown(fd, uid, gid))
        error = LK_SYSTEM;
    if (!error && (fchmod(fd, mode) || fsync(fd)))
        error = LK_SYSTEM;
    return error;
}

int file_replace(const char *path, struct span content, mode_t mode, uid_t uid, gid_t gid)
{
    char temporary[PATH_MAX];
    uint64_t number = 0;
    int error = secret_random(&number, sizeof number);
    if (error)
        return error;
    int n = snprintf(temporary, sizeof temporary, "%s.%016llx.tmp", path, (unsigned long long)number);
    if (n < 0 || (size_t)n >= sizeof temporary)
        return LK_TOO_LARGE;
    int fd = open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (fd < 0)
        return LK_SYSTEM;
    error = fill(fd, content, mode, uid, gid);
    if (close(fd) && !error)
        error = LK_SYSTEM;
    if (!error && rename(temporary, path))
        error = LK_SYSTEM;
    if (error) {
        int saved = errno;
        unlink(temporary);
        errno = saved;
        return error;
    }
    return file_sync_dir(path);
}

/* BASE.<16 hexadecimal digits>.tmp, as file_replace names them. */
static bool is_temporary(const char *name, const char *base)
{
    size_t n = strlen(base);
    return strncmp(name, base, n) == 0 && name[n] == '.' && strspn(name + n + 1, "0123456789abcdef") == 16 &&
           strcmp(name + n + 17, ".tmp") == 0;
}

void file_sweep(const char *path, int64_t before)
{
    char dir[PATH_MAX];
    struct stat st;
    const char *slash = strrchr(path, '/');
    DIR *d = dir_of(path, dir, sizeof dir) ? NULL : opendir(dir);
    if (!d)
        return;
    for (const struct dirent *e; (e = readdir(d));)
        if (is_temporary(e->d_name, slash ? slash + 1 : path) &&
            fstatat(dirfd(d), e->d_name, &st, AT_SYMLINK_NOFOLLOW) == 0 && S_ISREG(st.st_mode) && st.st_mtime < before)
            unlinkat(dirfd(d), e->d_name, 0);
    closedir(d);
}

int file_remove(const char *path)
{
    if (unlink(path))
        return errno == ENOENT ? LK_NOT_FOUND : LK_SYSTEM;
    return file_sync_dir(path);
}

#define LOCK_STEP_MS 10

int file_lock(const char *path, mode_t mode, int wait_ms, int *fd)
{
    int got = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, mode);
    if (got < 0)
        return errno == ELOOP ? LK_UNSAFE_FILE : LK_SYSTEM;
    int64_t deadline = clock_monotonic_us() + (int64_t)wait_ms * 1000;
    while (flock(got, LOCK_EX | LOCK_NB)) {
        bool busy = errno == EWOULDBLOCK || errno == EINTR;
        if (!busy || clock_monotonic_us() >= deadline) {
            close(got);
            return busy ? LK_BUSY : LK_SYSTEM;
        }
        poll(NULL, 0, LOCK_STEP_MS);
    }
    *fd = got;
    return 0;
}

void file_unlock(int fd)
{
    close(fd);
}
