#include "keys/keylog.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <unistd.h>

#include "base/b64.h"
#include "base/error.h"
#include "base/json.h"
#include "base/secret.h"
#include "keys/keyfile.h"
#include "keys/keyring.h"

#define LOG_MODE  0600
#define LOG_DEPTH 6

static int hash_of(struct span line, char out[KEYLOG_HASH])
{
    uint8_t digest[SHA256_SIZE];
    int error = secret_sha256(line, digest);
    if (!error)
        b64_encode(digest, sizeof digest, out);
    return error;
}

/* ---- appending --------------------------------------------------------------------------------------------------- */

/* A log that root makes in somebody's directory is that owner's. */
static int give_away(int fd, const char *dir)
{
    struct stat above, own;
    if (fstat(fd, &own) || stat(dir, &above))
        return LK_SYSTEM;
    if (!S_ISREG(own.st_mode) || (own.st_mode & 077))
        return LK_UNSAFE_FILE;
    if (geteuid() == 0 && own.st_uid == 0 && above.st_uid != 0 && fchown(fd, above.st_uid, above.st_gid))
        return LK_SYSTEM;
    return 0;
}

/* The last line, whole or torn, and whether it ends as a line does. */
static int read_last(int fd, struct buf *out, bool *ended)
{
    off_t size = lseek(fd, 0, SEEK_END);
    size_t want = size > KEYLOG_LINE_MAX ? KEYLOG_LINE_MAX : (size_t)size;
    char *to = size < 0 ? NULL : buf_reserve(out, want);
    ssize_t got = to ? pread(fd, to, want, size - (off_t)want) : -1;
    if (got < 0 || (size_t)got != want)
        return LK_SYSTEM;
    buf_grew(out, want);
    *ended = want == 0 || out->p[want - 1] == '\n';
    return 0;
}

static struct span last_line(const struct buf *tail, bool ended)
{
    size_t end = tail->n - (ended && tail->n), begin = end;
    while (begin > 0 && tail->p[begin - 1] != '\n')
        begin--;
    return (struct span){buf_cstr(tail) + begin, end - begin};
}

static int chain(int fd, json_t *entry, bool *ended)
{
    struct buf tail = BUF_INIT(KEYLOG_LINE_MAX);
    char prev[KEYLOG_HASH] = "";
    int error = read_last(fd, &tail, ended);
    if (!error && tail.n)
        error = hash_of(last_line(&tail, *ended), prev);
    if (!error && json_object_set_new(entry, "prev", json_string(prev)))
        error = LK_NOMEM;
    buf_free(&tail);
    return error;
}

static int append(int fd, json_t *entry, char hash[KEYLOG_HASH])
{
    struct buf line = BUF_INIT(KEYLOG_LINE_MAX - 2);
    bool ended = true;
    int error = chain(fd, entry, &ended);
    if (!error && !ended)
        error = buf_str(&line, "\n");
    size_t begin = line.n;
    if (!error)
        error = json_write(entry, &line);
    if (!error)
        error = hash_of((struct span){line.p + begin, line.n - begin}, hash);
    if (!error)
        error = buf_str(&line, "\n");
    if (!error && (write(fd, line.p, line.n) != (ssize_t)line.n || fsync(fd)))
        error = LK_SYSTEM;
    buf_free(&line);
    return error;
}

int keylog_append(const char *dir, json_t *entry, char hash[KEYLOG_HASH], struct buf *fault)
{
    char path[PATH_MAX] = "";
    int fd = -1, error = entry ? file_path(path, sizeof path, dir, KEYRING_AUDIT) : LK_NOMEM;
    if (!error && (fd = open(path, O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC | O_NOFOLLOW, LOG_MODE)) < 0)
        error = errno == ELOOP ? LK_UNSAFE_FILE : LK_SYSTEM;
    if (!error)
        error = give_away(fd, dir);
    if (!error)
        error = append(fd, entry, hash);
    if (error)
        error = keyfile_fault(path, error, LOG_MODE, fault);
    if (fd >= 0)
        close(fd);
    json_decref(entry);
    return error;
}

/* ---- reading ----------------------------------------------------------------------------------------------------- */

static int read_lines(struct span rest, keylog_fn *each, void *context)
{
    char prev[KEYLOG_HASH] = "";
    struct span line;
    int error = 0;
    for (size_t number = 1; rest.n && span_next(&rest, '\n', &line); number++) {
        json_t *entry = NULL;
        bool read = json_read_object(line, KEYLOG_LINE_MAX, LOG_DEPTH, &entry) == 0;
        const char *claimed = read ? json_text(entry, "prev") : NULL;
        bool chained = !read || (claimed && strcmp(claimed, prev) == 0);
        each(context, number, line, entry, chained);
        json_decref(entry);
        if (!chained)
            error = LK_SYNTAX;
        if (hash_of(line, prev))
            return LK_CRYPTO;
    }
    return error;
}

int keylog_read(const char *dir, keylog_fn *each, void *context, struct buf *fault)
{
    struct keyfile f = {0};
    int error = keyfile_read(&f, dir, KEYRING_AUDIT, FILE_PRIVATE, LOG_MODE, KEYLOG_MAX, fault);
    if (!error && !f.there) {
        buf_printf(fault, "%s: there is no audit log yet", f.path);
        error = LK_NOT_FOUND;
    }
    if (!error) {
        error = read_lines(buf_all(&f.text), each, context);
        if (error)
            buf_printf(fault, "%s: the chain is broken: a line was changed or taken out", f.path);
    }
    keyfile_free(&f);
    return error;
}
