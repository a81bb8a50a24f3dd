#include "web/idempotency.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <unistd.h>

#include "base/error.h"
#include "http/problem.h"

#define JSON_TYPE "application/json" /* every answer that has a body */

/* The key without the quotes that RFC 8941 puts around a string. */
static int key_of(const struct request *req, struct span *out)
{
    struct span key = span_trim(span_of(req->idempotency_key));
    if (key.n >= 2 && key.p[0] == '"' && key.p[key.n - 1] == '"')
        key = (struct span){key.p + 1, key.n - 2};
    if (key.n < 1 || key.n > IDEMPOTENCY_KEY_MAX)
        return LK_SYNTAX;
    for (size_t i = 0; i < key.n; i++)
        if (key.p[i] <= ' ' || key.p[i] > '~')
            return LK_SYNTAX;
    *out = key;
    return 0;
}

/* Of the key at its resource; `whose` says who has it. */
static int hash_key(const char *whose, const struct request *req, struct span key, uint8_t out[SHA256_SIZE])
{
    struct buf text = BUF_INIT((size_t)REQUEST_VALUE_MAX * 5);
    buf_printf(&text, "%s\n%s\n%s\n%s\n%s\n", whose, method_name(req->method), req->script, req->path, req->query);
    buf_span(&text, key);
    int error = text.error ? text.error : secret_sha256(buf_all(&text), out);
    buf_free(&text);
    return error;
}

/* ---- at work ------------------------------------------------------------------------------------------------------
 */

/* One byte of an empty file for each key: a lock may lie where nothing was ever written. */
static int take_byte(const char *path, const uint8_t hash[SHA256_SIZE], int *out)
{
    struct flock byte = {.l_type = F_WRLCK, .l_whence = SEEK_SET, .l_len = 1};
    for (int i = 0; i < 7; i++)
        byte.l_start = byte.l_start << 8 | hash[i];
    int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (fd < 0)
        return LK_SYSTEM;
    if (fcntl(fd, F_OFD_SETLK, &byte) == 0) {
        *out = fd;
        return 0;
    }
    int error = errno == EAGAIN || errno == EACCES ? LK_BUSY : LK_SYSTEM;
    close(fd);
    return error;
}

int idempotency_enter(struct site *site, const struct request *req, struct response *res, int *lock)
{
    char path[PATH_MAX];
    uint8_t hash[SHA256_SIZE];
    struct span key;
    *lock = IDEMPOTENCY_FREE;
    if (!*req->idempotency_key || key_of(req, &key))
        return 0;
    if (snprintf(path, sizeof path, "%s-inflight", site->conf->store.path) >= (int)sizeof path)
        return LK_SYSTEM;
    int error = hash_key(req->authorization, req, key, hash);
    if (!error)
        error = take_byte(path, hash, lock);
    if (error == LK_SYSTEM) {
        buf_reset(&site->fault);
        buf_printf(&site->fault, "%s: %s", path, strerror(errno));
    }
    if (error != LK_BUSY)
        return error;
    response_header(res, "Retry-After", "1");
    problem(res, 409, "A request with this Idempotency-Key is at work.");
    return WEB_ANSWERED;
}

void idempotency_leave(int lock)
{
    if (lock != IDEMPOTENCY_FREE)
        close(lock);
}

/* ---- the kept answer -----------------------------------------------------------------------------------------------
 */

static void replay(struct db_row *row, struct response *res)
{
    const char *body = db_col_text(row, 3);
    response_empty(res, (int)db_col_int(row, 1));
    buf_str(&res->head, db_col_text(row, 2));
    buf_str(&res->body, body);
    res->media_type = *body ? JSON_TYPE : NULL;
    response_header(res, "Idempotency-Replayed", "true");
}

static int look_up(struct db *db, const struct idempotency *key, struct response *res, int64_t now)
{
    struct db_row *row = NULL;
    int error = db_query(db,
                         "SELECT request_hash, status, head, body FROM idempotency"
                         " WHERE key_hash = $1 AND expires_at > $2",
                         DB_ARGS(db_blob(key->key_hash, SHA256_SIZE), db_int(now)), &row);
    if (!error)
        error = db_next(row);
    if (error) {
        db_done(row);
        return error == LK_NOT_FOUND ? 0 : error;
    }
    struct span request = db_col_blob(row, 0);
    if (request.n == SHA256_SIZE && memcmp(request.p, key->request_hash, SHA256_SIZE) == 0)
        replay(row, res);
    else
        problem(res, 422, "The Idempotency-Key was used with another body.");
    db_done(row);
    return WEB_ANSWERED;
}

int idempotency_begin(struct db *db, const struct request *req, struct response *res, const char *subject, int64_t now,
                      struct idempotency *out)
{
    struct span key;
    *out = (struct idempotency){0};
    if (!*req->idempotency_key)
        return 0;
    if (key_of(req, &key)) {
        problem(res, 400, "Idempotency-Key must have 1 to 255 visible ASCII characters.");
        return WEB_ANSWERED;
    }
    int error = hash_key(subject, req, key, out->key_hash);
    if (!error)
        error = secret_sha256(req->body, out->request_hash);
    out->used = !error;
    return error ? error : look_up(db, out, res, now);
}

int idempotency_sweep(struct db *db, int64_t now)
{
    return db_exec(db,
                   "DELETE FROM idempotency WHERE key_hash IN"
                   " (SELECT key_hash FROM idempotency WHERE expires_at <= $1 ORDER BY expires_at LIMIT 8)",
                   DB_ARGS(db_int(now)), NULL);
}

int idempotency_keep(struct db *db, const struct idempotency *key, const struct response *res, int64_t now)
{
    if (!key->used || res->status < 200 || res->status > 299)
        return 0;
    int error = res->head.error ? res->head.error : res->body.error;
    if (!error)
        error = db_exec(db,
                        "INSERT INTO idempotency (key_hash, request_hash, status, head, body, expires_at)"
                        " VALUES ($1, $2, $3, $4, $5, $6)"
                        " ON CONFLICT (key_hash) DO UPDATE SET request_hash = $2, status = $3, head = $4, body = $5,"
                        " expires_at = $6",
                        DB_ARGS(db_blob(key->key_hash, SHA256_SIZE), db_blob(key->request_hash, SHA256_SIZE),
                                db_int(res->status), db_text(buf_cstr(&res->head)), db_text(buf_cstr(&res->body)),
                                db_int(now + IDEMPOTENCY_KEEP)),
                        NULL);
    return error;
}
