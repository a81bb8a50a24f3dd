#ifndef LK_TESTS_AUTH_FIXTURE_H
#define LK_TESTS_AUTH_FIXTURE_H

#include <sqlite3.h>
#include <unistd.h>

#include "auth/session.h"
#include "base/error.h"
#include "unit.h"

/* A database in a directory of its own, a configuration with the defaults of a site, and one user. Time is an argument
 * everywhere, so NOW is as good as any. */

#define NOW   INT64_C(1800000000)
#define US(s) ((int64_t)(s)*1000000)
#define HOUR  3600
#define DAY   86400

struct fixture {
    char dir[64];
    char path[96];
    struct conf conf;
    struct db *db;
    struct identity ann;
    struct origin_info from;
};

static inline struct db *fixture_open(const struct fixture *x)
{
    struct db *db = NULL;
    struct buf fault = BUF_INIT(512);
    ck_assert_msg(db_open(x->path, 20000, &db, &fault) == 0, "%s", buf_cstr(&fault));
    buf_free(&fault);
    return db;
}

static inline void fixture_start(struct fixture *x)
{
    *x = (struct fixture){.dir = "/tmp/latchkey-auth-XXXXXX"};
    ck_assert_ptr_nonnull(mkdtemp(x->dir));
    snprintf(x->path, sizeof x->path, "%s/test.db", x->dir);
    x->conf.site.issuer = "https://site.example";
    x->conf.site.audience = "https://api.site.example";
    x->conf.site.client_id = "latchkey";
    x->conf.providers[0].leeway = 60;
    x->conf.provider_count = 1;
    x->conf.keys.leeway = 60;
    x->conf.token.lifetime = 900;
    x->conf.session.grace = 10;
    x->conf.session.idle = 7 * DAY;
    x->conf.session.absolute = 30 * DAY;
    x->conf.session.per_user = 50;
    x->conf.store.path = x->path;
    x->conf.store.busy = 2;
    x->conf.process.run = 30;
    x->conf.audit.retention = 90 * DAY;
    x->conf.claims.file = "";
    x->ann = (struct identity){.subject = "ann",
                               .email = "ann@example.org",
                               .email_verified = true,
                               .role = "user",
                               .issued_at = NOW - 5,
                               .expires_at = NOW + 895};
    x->from = (struct origin_info){"192.0.2.1", "Browser/1.0", "request-1", NULL};
    x->db = fixture_open(x);
}

static inline void fixture_stop(struct fixture *x)
{
    static const char *const ends[] = {"", "-wal", "-shm"};
    db_close(x->db);
    for (size_t i = 0; i < 3; i++) {
        char path[128];
        snprintf(path, sizeof path, "%s%s", x->path, ends[i]);
        unlink(path);
    }
    ck_assert_int_eq(rmdir(x->dir), 0);
}

/* One number from a second, foreign connection: sees only what is committed. */
static inline int64_t committed(const struct fixture *x, const char *sql)
{
    sqlite3 *other = NULL;
    sqlite3_stmt *stmt = NULL;
    ck_assert_int_eq(sqlite3_open(x->path, &other), SQLITE_OK);
    sqlite3_busy_timeout(other, 20000);
    ck_assert_int_eq(sqlite3_prepare_v2(other, sql, -1, &stmt, NULL), SQLITE_OK);
    ck_assert_int_eq(sqlite3_step(stmt), SQLITE_ROW);
    int64_t n = sqlite3_column_int64(stmt, 0);
    sqlite3_finalize(stmt);
    sqlite3_close(other);
    return n;
}

static inline int exchange_with(struct fixture *x, const char *proof, const char *cookie, int64_t now_us,
                                struct session *out)
{
    return session_create(x->db, &x->conf, &x->ann, span_of(proof), span_of(cookie), &x->from, now_us, "", out);
}

static inline int rotate(struct fixture *x, const char *token, int64_t now_us, struct session *out)
{
    return session_rotate(x->db, &x->conf, span_of(token), &x->from, now_us, out);
}

static inline int check(struct fixture *x, const char *id, const char *subject, int64_t now)
{
    ck_assert_int_eq(db_begin_read(x->db), 0);
    int error = session_check(x->db, &x->conf, id, subject, now);
    db_rollback(x->db);
    return error;
}

#endif
