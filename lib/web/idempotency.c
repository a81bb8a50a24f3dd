#include "web/idempotency.h"

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

static int hash(const char *subject, const struct request *req, struct span key, struct idempotency *out)
{
    struct buf text = BUF_INIT((size_t)REQUEST_VALUE_MAX * 3);
    buf_printf(&text, "%s\n%s\n%s\n%s\n", subject, method_name(req->method), req->script, req->path);
    buf_span(&text, key);
    int error = text.error ? text.error : secret_sha256(buf_all(&text), out->key_hash);
    buf_free(&text);
    return error ? error : secret_sha256(req->body, out->request_hash);
}

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
    int error = hash(subject, req, key, out);
    out->used = !error;
    return error ? error : look_up(db, out, res, now);
}

/* A few of the expired go with each that comes. */
static int sweep(struct db *db, int64_t now)
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
        error = sweep(db, now);
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
