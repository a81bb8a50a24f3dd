#include "auth/family.h"

#include "base/error.h"

#define MICRO INT64_C(1000000)

#define NOTICE_KEEP (INT64_C(90) * 86400)

#define COLUMNS                                                                                                        \
    "f.id, f.lookup_hash, f.current_hash, f.previous_hash, f.sealed, f.repeats, f.rotated_at_us, f.created_at, "       \
    "f.last_used_at, f.end_reason, f.subject, f.email, f.email_verified, f.provider_role, f.auth_time, f.ended_at, "   \
    "f.copied "

enum {
    BY_LOOKUP,
    BY_PROOF,
    TIMES,
    INSERT,
    KEEP_PROOF,
    ADVANCE,
    COUNT_REPEAT,
    END,
    MARK_REPLACED,
    EVICT,
    SWEEP,
    SWEEP_PROOF,
    KEEP_NOTICE,
    SHOW_NOTICE,
    REPEAT_NOTICE,
    SWEEP_NOTICE
};

const char *const family_sql[] = {
    [BY_LOOKUP] = "SELECT " COLUMNS "FROM family f WHERE f.lookup_hash = $1",
    [BY_PROOF] = "SELECT " COLUMNS "FROM proof p JOIN family f ON f.id = p.family_id WHERE p.proof_hash = $1",
    [TIMES] = "SELECT created_at, last_used_at FROM family WHERE id = $1 AND subject = $2 AND ended_at IS NULL",
    [INSERT] = "INSERT INTO family (id, lookup_hash, current_hash, previous_hash, sealed, generation, repeats, "
               "rotated_at_us, subject, email, email_verified, provider_role, auth_time, created_at, last_used_at, "
               "address, user_agent, copied) "
               "VALUES ($1, $2, $3, $4, $5, 0, 0, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16)",
    [KEEP_PROOF] = "INSERT INTO proof (proof_hash, family_id, expires_at) VALUES ($1, $2, $3) "
                   "ON CONFLICT (proof_hash) DO NOTHING",
    [ADVANCE] = "UPDATE family SET current_hash = $2, previous_hash = $3, sealed = $4, rotated_at_us = $5, "
                "last_used_at = $6, generation = generation + 1, repeats = 0 WHERE id = $1 AND ended_at IS NULL",
    [COUNT_REPEAT] = "UPDATE family SET repeats = repeats + 1 WHERE id = $1 AND ended_at IS NULL",
    [END] = "UPDATE family SET ended_at = $2, end_reason = $3 WHERE id = $1 AND ended_at IS NULL",
    [MARK_REPLACED] = "UPDATE family SET end_reason = 'replaced' WHERE id = $1 AND ended_at IS NOT NULL",
    [EVICT] = "UPDATE family SET ended_at = $5, end_reason = 'evicted' WHERE id = (SELECT id FROM family "
              "WHERE subject = $1 AND ended_at IS NULL AND last_used_at > $2 AND created_at > $3 "
              "ORDER BY last_used_at DESC, rotated_at_us DESC LIMIT 1 OFFSET $4) RETURNING id",
    [SWEEP] = "DELETE FROM family WHERE id IN (SELECT id FROM family WHERE created_at < $1 ORDER BY created_at "
              "LIMIT 32)",
    [SWEEP_PROOF] = "DELETE FROM proof WHERE proof_hash IN (SELECT proof_hash FROM proof WHERE expires_at < $1 "
                    "ORDER BY expires_at LIMIT 32)",
    [KEEP_NOTICE] = "INSERT INTO notice (subject, at, user_agent, shown_to) SELECT subject, $2, user_agent, NULL "
                    "FROM family WHERE id = $1 ON CONFLICT (subject) DO UPDATE SET at = excluded.at, "
                    "user_agent = excluded.user_agent, shown_to = NULL",
    [SHOW_NOTICE] = "UPDATE notice SET shown_to = $2 WHERE subject = $1 AND shown_to IS NULL RETURNING at, user_agent",
    [REPEAT_NOTICE] = "SELECT at, user_agent FROM notice WHERE subject = $1 AND shown_to = $2",
    [SWEEP_NOTICE] = "DELETE FROM notice WHERE subject IN (SELECT subject FROM notice WHERE at < $1 ORDER BY at "
                     "LIMIT 8)",
};
const size_t family_sql_count = sizeof family_sql / sizeof family_sql[0];

/* ---- judgement -------------------------------------------------------------------------------------------------- */

/* What is left of a life that began at `since`. A clock that was set back cannot extend it: a little is forgiven
 * without being added, and a start further in the future is no start at all. */
static int64_t left(int64_t since, int64_t life, int64_t now)
{
    int64_t age = now > since ? now - since : 0;
    return since - now > FAMILY_CLOCK_STEP ? 0 : life - age;
}

int64_t family_left(const struct conf *conf, int64_t created_at, int64_t last_used_at, int64_t now)
{
    int64_t absolute = left(created_at, conf->session.absolute, now);
    int64_t idle = left(last_used_at, conf->session.idle, now);
    return absolute < idle ? absolute : idle;
}

static enum family_verdict judge_repeat(const struct family *f, const struct conf *conf, int64_t now_us)
{
    int64_t since = now_us > f->rotated_at_us ? now_us - f->rotated_at_us : f->rotated_at_us - now_us;
    if (since >= conf->session.grace * MICRO)
        return FAMILY_REUSE;
    if (since >= SESSION_BURST_US && f->repeats >= SESSION_REPEATS)
        return FAMILY_LIMITED;
    return FAMILY_REPEAT;
}

enum family_verdict family_judge(const struct family *f, const uint8_t presented_hash[SHA256_SIZE],
                                 const struct conf *conf, int64_t now_us)
{
    int64_t now = now_us / MICRO;
    if (!f)
        return FAMILY_UNKNOWN;
    if (f->ended)
        return FAMILY_ENDED;
    if (left(f->created_at, conf->session.absolute, now) <= 0)
        return FAMILY_ABSOLUTE;
    if (left(f->last_used_at, conf->session.idle, now) <= 0)
        return FAMILY_IDLE;
    if (secret_equal(presented_hash, f->current_hash, SHA256_SIZE))
        return FAMILY_CURRENT;
    if (secret_equal(presented_hash, f->previous_hash, SHA256_SIZE))
        return judge_repeat(f, conf, now_us);
    return FAMILY_REUSE;
}

/* ---- rows ------------------------------------------------------------------------------------------------------- */

static int copy_blob(struct db_row *row, int column, void *out, size_t n)
{
    struct span s = db_col_blob(row, column);
    if (s.n != n)
        return LK_STORE;
    memcpy(out, s.p, n);
    return 0;
}

static int copy_text(struct db_row *row, int column, char *out, size_t cap)
{
    const char *s = db_col_text(row, column);
    size_t n = strlen(s);
    if (n >= cap)
        return LK_STORE;
    memcpy(out, s, n + 1);
    return 0;
}

/* Columns as COLUMNS names them. */
static int read_family(struct db_row *row, struct family *f)
{
    f->repeats = db_col_int(row, 5);
    f->rotated_at_us = db_col_int(row, 6);
    f->created_at = db_col_int(row, 7);
    f->last_used_at = db_col_int(row, 8);
    f->who.email_verified = db_col_int(row, 12) != 0;
    f->who.issued_at = db_col_int(row, 14);
    f->ended = !db_is_null(row, 15);
    if (copy_text(row, 0, f->id, sizeof f->id) || copy_blob(row, 1, f->lookup_hash, SHA256_SIZE) ||
        copy_blob(row, 2, f->current_hash, SHA256_SIZE) || copy_blob(row, 3, f->previous_hash, SHA256_SIZE) ||
        copy_blob(row, 4, f->sealed, sizeof f->sealed) || copy_text(row, 9, f->end_reason, sizeof f->end_reason) ||
        copy_text(row, 10, f->who.subject, sizeof f->who.subject) ||
        copy_text(row, 11, f->who.email, sizeof f->who.email) || copy_text(row, 13, f->who.role, sizeof f->who.role) ||
        copy_text(row, 16, f->who.copied, sizeof f->who.copied))
        return LK_STORE;
    return 0;
}

static int find(struct db *db, const char *sql, const uint8_t hash[SHA256_SIZE], struct family *out)
{
    struct db_row *row = NULL;
    struct family f = {.id = ""};
    int error = db_query(db, sql, DB_ARGS(db_blob(hash, SHA256_SIZE)), &row);
    error = error ? error : db_next(row);
    error = error ? error : read_family(row, &f);
    db_done(row);
    if (!error)
        *out = f;
    return error;
}

int family_by_lookup(struct db *db, const uint8_t lookup_hash[SHA256_SIZE], struct family *out)
{
    return find(db, family_sql[BY_LOOKUP], lookup_hash, out);
}

int family_by_proof(struct db *db, const uint8_t proof_hash[SHA256_SIZE], struct family *out)
{
    return find(db, family_sql[BY_PROOF], proof_hash, out);
}

int family_times(struct db *db, const char *id, const char *subject, int64_t *created_at, int64_t *last_used_at)
{
    struct db_row *row = NULL;
    int error = db_query(db, family_sql[TIMES], DB_ARGS(db_text(id), db_text(subject)), &row);
    error = error ? error : db_next(row);
    if (!error) {
        *created_at = db_col_int(row, 0);
        *last_used_at = db_col_int(row, 1);
    }
    db_done(row);
    return error;
}

/* ---- changes ---------------------------------------------------------------------------------------------------- */

/* Exactly one row, or something is wrong with the database. */
static int write_one(struct db *db, int statement, const struct db_value *args, size_t n)
{
    int64_t changed = 0;
    int error = db_exec(db, family_sql[statement], args, n, &changed);
    return error ? error : changed == 1 ? 0 : LK_STORE;
}

int family_insert(struct db *db, const struct family *f, const struct origin_info *from)
{
    char address[ORIGIN_ADDRESS_SIZE], user_agent[ORIGIN_USER_AGENT_SIZE];
    origin_keep(from->address, address, sizeof address);
    origin_keep(from->user_agent, user_agent, sizeof user_agent);
    return write_one(db, INSERT,
                     DB_ARGS(db_text(f->id), db_blob(f->lookup_hash, SHA256_SIZE),
                             db_blob(f->current_hash, SHA256_SIZE), db_blob(f->previous_hash, SHA256_SIZE),
                             db_blob(f->sealed, sizeof f->sealed), db_int(f->rotated_at_us), db_text(f->who.subject),
                             db_text(f->who.email), db_int(f->who.email_verified), db_text(f->who.role),
                             db_int(f->who.issued_at), db_int(f->created_at), db_int(f->last_used_at), db_text(address),
                             db_text(user_agent), db_text(f->who.copied)));
}

int family_keep_proof(struct db *db, const uint8_t proof_hash[SHA256_SIZE], const char *id, int64_t expires_at)
{
    int64_t changed = 0;
    int error = db_exec(db, family_sql[KEEP_PROOF],
                        DB_ARGS(db_blob(proof_hash, SHA256_SIZE), db_text(id), db_int(expires_at)), &changed);
    return error ? error : changed ? 0 : LK_EXISTS;
}

int family_advance(struct db *db, const struct family *f)
{
    return write_one(db, ADVANCE,
                     DB_ARGS(db_text(f->id), db_blob(f->current_hash, SHA256_SIZE),
                             db_blob(f->previous_hash, SHA256_SIZE), db_blob(f->sealed, sizeof f->sealed),
                             db_int(f->rotated_at_us), db_int(f->last_used_at)));
}

int family_count_repeat(struct db *db, const char *id)
{
    return write_one(db, COUNT_REPEAT, DB_ARGS(db_text(id)));
}

int family_end(struct db *db, const char *id, const char *reason, int64_t now)
{
    return write_one(db, END, DB_ARGS(db_text(id), db_int(now), db_text(reason)));
}

int family_evict(struct db *db, const struct conf *conf, const char *subject, uint64_t keep, int64_t now,
                 char id[SESSION_ID_SIZE])
{
    struct db_row *row = NULL;
    int error = db_query(db, family_sql[EVICT],
                         DB_ARGS(db_text(subject), db_int(now - conf->session.idle),
                                 db_int(now - conf->session.absolute), db_int((int64_t)keep), db_int(now)),
                         &row);
    error = error ? error : db_next(row);
    error = error ? error : copy_text(row, 0, id, SESSION_ID_SIZE);
    db_done(row);
    return error;
}

int family_mark_replaced(struct db *db, const char *id)
{
    return write_one(db, MARK_REPLACED, DB_ARGS(db_text(id)));
}

int family_end_reused(struct db *db, const char *id, int64_t now)
{
    int64_t changed = 0;
    int error = db_exec(db, family_sql[END], DB_ARGS(db_text(id), db_int(now), db_text("reuse")), &changed);
    if (!error && *id && changed != 1)
        error = LK_STORE;
    return error ? error : db_exec(db, family_sql[KEEP_NOTICE], DB_ARGS(db_text(id), db_int(now)), NULL);
}

int family_notice(struct db *db, const struct family *f, bool repeated, int64_t *at, char device[AGENT_SIZE])
{
    struct db_row *row = NULL;
    int error = db_query(db, family_sql[repeated ? REPEAT_NOTICE : SHOW_NOTICE],
                         DB_ARGS(db_text(f->who.subject), db_text(f->id)), &row);
    error = error ? error : db_next(row);
    if (!error) {
        *at = db_col_int(row, 0);
        agent_coarse(db_col_text(row, 1), device);
    }
    db_done(row);
    return error;
}

int family_sweep(struct db *db, const struct conf *conf, int64_t now)
{
    int64_t dead = now - conf->session.absolute - FAMILY_CLOCK_STEP;
    int error = db_exec(db, family_sql[SWEEP], DB_ARGS(db_int(dead)), NULL);
    error = error ? error : db_exec(db, family_sql[SWEEP_PROOF], DB_ARGS(db_int(now - FAMILY_CLOCK_STEP)), NULL);
    return error ? error : db_exec(db, family_sql[SWEEP_NOTICE], DB_ARGS(db_int(now - NOTICE_KEEP)), NULL);
}
