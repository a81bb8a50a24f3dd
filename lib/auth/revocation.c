#include "auth/revocation.h"

#include "base/error.h"
#include "provider/provider.h"

#define MICRO INT64_C(1000000)

/* Of two that come at once the later counts, whichever is committed last; beyond that the clock was set back. */
#define TOGETHER_US (60 * MICRO)

enum { SET, GET, SWEEP };

const char *const revocation_sql[] = {
    [SET] = "INSERT INTO revocation (subject, not_before_us) VALUES ($1, $2) ON CONFLICT (subject) DO UPDATE SET "
            "not_before_us = CASE WHEN revocation.not_before_us BETWEEN excluded.not_before_us AND "
            "excluded.not_before_us + $3 THEN revocation.not_before_us ELSE excluded.not_before_us END",
    [GET] = "SELECT not_before_us FROM revocation WHERE subject = $1",
    [SWEEP] = ("DELETE FROM revocation WHERE subject IN (SELECT subject FROM revocation WHERE not_before_us < $1 "
               "ORDER BY not_before_us LIMIT 8)"),
};
const size_t revocation_sql_count = sizeof revocation_sql / sizeof revocation_sql[0];

int revocation_set(struct db *db, const char *subject, int64_t now_us)
{
    return db_exec(db, revocation_sql[SET], DB_ARGS(db_text(subject), db_int(now_us), db_int(TOGETHER_US)), NULL);
}

bool revocation_covers(int64_t not_before_us, const struct conf *conf, int64_t issued_at, int64_t now_us)
{
    if (not_before_us - now_us > conf->process.run * MICRO)
        return false;
    return now_us <= not_before_us || issued_at + provider_leeway(conf) < not_before_us / MICRO;
}

int revocation_check(struct db *db, const struct conf *conf, const struct identity *who, int64_t now_us)
{
    struct db_row *row = NULL;
    int error = db_query(db, revocation_sql[GET], DB_ARGS(db_text(who->subject)), &row);
    error = error ? error : db_next(row);
    if (!error && revocation_covers(db_col_int(row, 0), conf, who->issued_at, now_us))
        error = LK_PROOF_REVOKED;
    db_done(row);
    return error == LK_NOT_FOUND ? 0 : error;
}

int revocation_sweep(struct db *db, const struct conf *conf, int64_t now)
{
    return db_exec(db, revocation_sql[SWEEP], DB_ARGS(db_int((now - conf->session.absolute) * MICRO)), NULL);
}
