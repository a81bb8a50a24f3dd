#include "base/watch.h"

#include <fcntl.h>
#include <limits.h>

#include "base/clock.h"
#include "base/file.h"

#define CONTENT_MAX (1U << 20)

/* NULL: too long to be a file. */
static const char *path_of(const struct watch *w, char out[PATH_MAX])
{
    if (!w->name)
        return w->dir;
    return file_path(out, PATH_MAX, w->dir, w->name) ? NULL : out;
}

static bool look(const struct watch *w, const char *path, struct stat *st)
{
    return path && fstatat(AT_FDCWD, path, st, w->kind == WATCH_FILE ? 0 : AT_SYMLINK_NOFOLLOW) == 0;
}

static bool is_young(const struct watch *w)
{
    return w->kind != WATCH_IDENTITY && w->there && S_ISREG(w->st.st_mode) &&
           w->st.st_ctim.tv_sec >= clock_now() - WATCH_YOUNG;
}

/* What cannot be read is all zero. */
static void digest(const char *path, uint8_t out[SHA256_SIZE])
{
    struct buf text = BUF_INIT(CONTENT_MAX);
    memset(out, 0, SHA256_SIZE);
    if (file_read(path, FILE_ANY, &text, NULL) == 0)
        secret_sha256(buf_all(&text), out);
    buf_free(&text);
}

static bool same_time(const struct timespec *a, const struct timespec *b)
{
    return a->tv_sec == b->tv_sec && a->tv_nsec == b->tv_nsec;
}

static bool same(enum watch_kind kind, const struct stat *a, const struct stat *b)
{
    bool identical = a->st_dev == b->st_dev && a->st_ino == b->st_ino && a->st_mode == b->st_mode &&
                     a->st_uid == b->st_uid && a->st_gid == b->st_gid;
    return identical && (kind == WATCH_IDENTITY || (a->st_size == b->st_size && same_time(&a->st_mtim, &b->st_mtim) &&
                                                    same_time(&a->st_ctim, &b->st_ctim)));
}

void watch_begin(struct watch *w, enum watch_kind kind, const char *dir, const char *name)
{
    char whole[PATH_MAX];
    *w = (struct watch){.kind = kind, .dir = dir, .name = name};
    const char *path = path_of(w, whole);
    w->there = look(w, path, &w->st);
    w->young = is_young(w);
    if (w->young)
        digest(path, w->digest);
}

void watch_end(struct watch *w)
{
    w->dir = NULL;
}

bool watch_changed(struct watch *w)
{
    char whole[PATH_MAX];
    struct stat st;
    uint8_t now[SHA256_SIZE];
    if (!w->dir)
        return false;
    const char *path = path_of(w, whole);
    bool there = look(w, path, &st);
    if (there != w->there || (there && !same(w->kind, &w->st, &st)))
        return true;
    if (!w->young)
        return false;
    w->young = is_young(w); /* asked first: what changes after the digest is seen at the next question */
    digest(path, now);
    return memcmp(now, w->digest, sizeof now) != 0;
}
