#include "provider/cache.h"

#include <fcntl.h>
#include <limits.h>
#include <unistd.h>

#include "base/b64.h"
#include "base/error.h"
#include "base/file.h"
#include "base/parse.h"
#include "base/secret.h"
#include "jose/jwks.h"
#include "provider/record.h"

#define HEAD_MAX   (CACHE_URL_MAX + CACHE_ETAG_MAX + 512)
#define FILE_LIMIT (HEAD_MAX + JWKS_MAX_BYTES)

/* The first line: what the file is, and the SHA-256 of everything after the line. */
static int seal_line(struct span rest, struct buf *out)
{
    uint8_t digest[SHA256_SIZE];
    int error = secret_sha256(rest, digest);
    if (error)
        return error;
    buf_str(out, "latchkey-jwks-2 ");
    b64_add(out, digest, sizeof digest);
    return buf_str(out, "\n");
}

static int check_seal(struct span *file)
{
    struct buf line = BUF_INIT(128);
    const char *end = file->n ? memchr(file->p, '\n', file->n) : NULL;
    if (!end)
        return LK_SYNTAX;
    size_t n = (size_t)(end + 1 - file->p);
    struct span rest = {file->p + n, file->n - n};
    int error = seal_line(rest, &line);
    if (!error && (line.n != n || memcmp(line.p, file->p, n) != 0))
        error = LK_SYNTAX;
    if (!error)
        *file = rest;
    buf_free(&line);
    return error;
}

static int take_head(struct span *file, const char *url, struct cache_meta *meta)
{
    struct span from, etag, boot;
    if (record_text(file, "url", &from) || record_time(file, "fetched", &meta->fetched_at) ||
        record_time(file, "fresh", &meta->fresh_for) || record_u64(file, "serial", &meta->serial) ||
        record_u64(file, "generation", &meta->generation) || record_text(file, "boot", &boot) ||
        record_time(file, "uptime", &meta->boot.seconds) || record_text(file, "etag", &etag) ||
        record_literal(file, "\n") || etag.n >= sizeof meta->etag || boot.n >= sizeof meta->boot.id ||
        meta->serial == 0)
        return LK_SYNTAX;
    memcpy(meta->boot.id, boot.p, boot.n);
    meta->boot.id[boot.n] = '\0';
    memcpy(meta->etag, etag.p, etag.n);
    meta->etag[etag.n] = '\0';
    return span_equals(from, url) ? 0 : LK_CONFIG;
}

static int64_t boot_age(const struct clock_boot *then)
{
    struct clock_boot now;
    clock_boot(&now);
    bool same = now.id[0] && strcmp(now.id, then->id) == 0;
    return same && now.seconds > then->seconds ? now.seconds - then->seconds : 0;
}

int cache_read(const char *path, const char *url, struct cache_meta *meta, struct buf *body)
{
    struct buf file = BUF_INIT(FILE_LIMIT);
    struct cache_meta found = {0};
    int error = file_read(path, FILE_TRUSTED, &file, NULL);
    struct span rest = buf_all(&file);
    if (error) {
        error = error == LK_TOO_LARGE ? LK_SYNTAX : error;
        goto out;
    }
    if ((error = check_seal(&rest)) || (error = take_head(&rest, url, &found)) || (error = buf_span(body, rest)))
        goto out;
    found.boot_age = boot_age(&found.boot);
    *meta = found;
out:
    buf_free(&file);
    return error;
}

int cache_write(const char *path, const char *url, const struct cache_meta *meta, struct span body)
{
    struct buf rest = BUF_INIT(FILE_LIMIT), file = BUF_INIT(FILE_LIMIT + 128);
    int error = 0;
    if (parse_has_control(span_of(url)) || parse_has_control(span_of(meta->etag)) ||
        parse_has_control(span_of(meta->boot.id)))
        return LK_SYNTAX;
    if (strlen(url) > CACHE_URL_MAX || body.n > JWKS_MAX_BYTES)
        return LK_TOO_LARGE;
    buf_printf(&rest, "url %s\nfetched %lld\nfresh %lld\nserial %llu\ngeneration %llu\n", url,
               (long long)meta->fetched_at, (long long)meta->fresh_for, (unsigned long long)meta->serial,
               (unsigned long long)meta->generation);
    buf_printf(&rest, "boot %s\nuptime %lld\netag %s\n\n", meta->boot.id, (long long)meta->boot.seconds, meta->etag);
    if ((error = buf_span(&rest, body)) || (error = seal_line(buf_all(&rest), &file)) ||
        (error = buf_span(&file, buf_all(&rest))))
        goto out;
    error = file_replace(path, buf_all(&file), 0644, (uid_t)-1, (gid_t)-1);
out:
    buf_free(&rest);
    buf_free(&file);
    return error;
}

enum cache_age cache_age(const struct cache_meta *meta, int64_t now, int64_t stale)
{
    bool future = meta->fetched_at > now;
    if (future && meta->fetched_at - now > stale)
        return CACHE_DEAD;
    int64_t age = now - meta->fetched_at;
    if (age < meta->boot_age)
        age = meta->boot_age;
    if (age < meta->fresh_for && !future)
        return CACHE_FRESH;
    return age < stale ? CACHE_STALE : CACHE_DEAD;
}

const char *cache_age_name(enum cache_age age)
{
    static const char *const names[] = {[CACHE_FRESH] = "fresh", [CACHE_STALE] = "stale", [CACHE_DEAD] = "dead"};
    return names[age];
}

int cache_beside(char *out, size_t cap, const char *path, const char *suffix)
{
    int n = snprintf(out, cap, "%s%s", path, suffix);
    return n >= 0 && (size_t)n < cap ? 0 : LK_TOO_LARGE;
}

int cache_directory(char *out, size_t cap, const char *path)
{
    const char *slash = strrchr(path, '/');
    if (!slash)
        return cache_beside(out, cap, ".", "");
    size_t n = slash == path ? 1 : (size_t)(slash - path);
    if (n >= cap)
        return LK_TOO_LARGE;
    memcpy(out, path, n);
    out[n] = '\0';
    return 0;
}

int cache_writable(const char *path)
{
    char directory[PATH_MAX];
    int error = cache_directory(directory, sizeof directory, path);
    if (error)
        return error;
    return faccessat(AT_FDCWD, directory, W_OK | X_OK, AT_EACCESS) ? LK_SYSTEM : 0;
}
