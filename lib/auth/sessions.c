#include "auth/sessions.h"

#include "auth/agent.h"
#include "auth/revocation.h"
#include "base/clock.h"
#include "base/error.h"

#define MICRO INT64_C(1000000)

/* Those past a limit are dead, ended or not. The index on subject and last use passes over what went idle. */
#define LIVE "subject = $1 AND ended_at IS NULL AND last_used_at > $2 AND created_at > $3 "

enum { LIST, END_ONE, END_ALL };

const char *const sessions_sql[] = {
    [LIST] = "SELECT id, created_at, last_used_at, address, user_agent FROM family WHERE " LIVE
             "ORDER BY last_used_at DESC LIMIT $4",
    [END_ONE] = "UPDATE family SET ended_at = $4, end_reason = 'revoked' WHERE " LIVE "AND id = $5",
    [END_ALL] = "UPDATE family SET ended_at = $4, end_reason = 'revoked' WHERE " LIVE "AND id <> $5 RETURNING id",
};
const size_t sessions_sql_count = sizeof sessions_sql / sizeof sessions_sql[0];

static json_t *describe(struct db_row *row, const char *current)
{
    char created[CLOCK_RFC3339_SIZE], used[CLOCK_RFC3339_SIZE], agent[AGENT_SIZE];
    const char *id = db_col_text(row, 0);
    clock_rfc3339(db_col_int(row, 1), created);
    clock_rfc3339(db_col_int(row, 2), used);
    agent_coarse(db_col_text(row, 4), agent);
    return json_pack("{s:s,s:s,s:s,s:s,s:s,s:b}", "id", id, "created_at", created, "last_used_at", used, "address",
                     db_col_text(row, 3), "user_agent", agent, "current", strcmp(id, current) == 0);
}

int sessions_list(struct db *db, const struct conf *conf, const char *subject, const char *current, int64_t now,
                  json_t **out)
{
    struct db_row *row = NULL;
    json_t *list = json_array();
    int error = list ? db_query(db, sessions_sql[LIST],
                                DB_ARGS(db_text(subject), db_int(now - conf->session.idle),
                                        db_int(now - conf->session.absolute), db_int(SESSIONS_LIST_MAX)),
                                &row)
                     : LK_NOMEM;
    while (!error && !(error = db_next(row)))
        if (json_array_append_new(list, describe(row, current)))
            error = LK_NOMEM;
    db_done(row);
    if (error != LK_NOT_FOUND) {
        json_decref(list);
        return error;
    }
    *out = list;
    return 0;
}

static int record(struct db *db, const struct conf *conf, const char *subject, const char *id,
                  const struct origin_info *from, int64_t now)
{
    const char *by = from->actor && strcmp(from->actor, subject) != 0 ? "admin" : "user";
    return audit_record(db, conf, now, "revoke", by, subject, id, from);
}

int sessions_end(struct db *db, const struct conf *conf, const char *subject, const char *id,
                 const struct origin_info *from, int64_t now_us)
{
    int64_t changed = 0, now = now_us / MICRO;
    int error = db_exec(db, sessions_sql[END_ONE],
                        DB_ARGS(db_text(subject), db_int(now - conf->session.idle),
                                db_int(now - conf->session.absolute), db_int(now), db_text(id)),
                        &changed);
    if (!error && changed == 0)
        error = LK_NOT_FOUND;
    return error ? error : record(db, conf, subject, id, from, now);
}

int sessions_end_all(struct db *db, const struct conf *conf, const char *subject, const char *keep,
                     const struct origin_info *from, int64_t now_us)
{
    struct db_row *row = NULL;
    int64_t now = now_us / MICRO;
    int error = revocation_set(db, subject, now_us);
    error = error ? error
                  : db_query(db, sessions_sql[END_ALL],
                             DB_ARGS(db_text(subject), db_int(now - conf->session.idle),
                                     db_int(now - conf->session.absolute), db_int(now), db_text(keep)),
                             &row);
    while (!error && !(error = db_next(row)))
        error = record(db, conf, subject, db_col_text(row, 0), from, now);
    db_done(row);
    return error == LK_NOT_FOUND ? 0 : error;
}
