#include "auth/session.h"

#include "auth/family.h"
#include "auth/revocation.h"
#include "base/b64.h"
#include "base/error.h"
#include "provider/provider.h"

#define MICRO INT64_C(1000000)

/* One request in its transaction. */
struct attempt {
    struct db *db;
    const struct conf *conf;
    const struct origin_info *from;
    int64_t now_us, now;
    struct span presented;
    uint8_t presented_hash[SHA256_SIZE];
    uint8_t lookup_hash[SHA256_SIZE];
    struct refresh_token token; /* the one on offer */
    char text[REFRESH_TOKEN_SIZE];
    uint8_t text_hash[SHA256_SIZE];
    uint8_t sealed[FAMILY_SEALED_SIZE];
    int answer; /* what to return after the commit */
};

static struct span bytes(const void *p, size_t n)
{
    return (struct span){p, n};
}

static int record(const struct attempt *a, const char *event, const char *reason, const struct family *f)
{
    return audit_record(a->db, a->conf, a->now, event, reason, f ? f->who.subject : "", f ? f->id : "", a->from);
}

/* All cryptography is done before the lock is taken, and alike for whatever the row will say. `family` NULL: a new one.
 */
static int prepare(struct attempt *a, const struct refresh_token *family)
{
    int error = refresh_token_make(family, &a->token);
    if (error)
        return error;
    refresh_token_write(&a->token, a->text);
    error = refresh_token_lookup_hash(&a->token, a->lookup_hash);
    error = error ? error : secret_sha256(a->presented, a->presented_hash);
    error = error ? error : secret_sha256(span_of(a->text), a->text_hash);
    return error ? error
                 : seal(a->presented, bytes(a->lookup_hash, SHA256_SIZE), bytes(&a->token, sizeof a->token), a->sealed);
}

/* Commits what was decided, or leaves nothing behind. */
static int finish(struct attempt *a, int error)
{
    if (!error)
        error = db_commit(a->db);
    if (error)
        db_rollback(a->db);
    return error ? error : a->answer;
}

static void describe(const struct attempt *a, const struct family *f, struct session *out)
{
    memcpy(out->id, f->id, sizeof out->id);
    memcpy(out->refresh_token, a->text, sizeof out->refresh_token);
    out->who = f->who;
    out->auth_time = f->who.issued_at;
    out->created_at = f->created_at;
    out->cookie_max_age = family_left(a->conf, f->created_at, f->last_used_at, a->now);
    out->repeated = false;
    out->notice_at = 0;
    out->notice_device[0] = '\0';
    out->reason = NULL;
}

static int tell_notice(const struct attempt *a, const struct family *f, struct session *out)
{
    int error = family_notice(a->db, f, out->repeated, &out->notice_at, out->notice_device);
    return error == LK_NOT_FOUND ? 0 : error;
}

/* ---- verdicts --------------------------------------------------------------------------------------------------- */

static const struct {
    int error;
    const char *event;
    const char *reason; /* NULL: why the family had ended */
} refusals[] = {
    [FAMILY_UNKNOWN] = {LK_NOT_FOUND, "refuse", "unknown"},      [FAMILY_ENDED] = {LK_SESSION_DEAD, "refuse", NULL},
    [FAMILY_ABSOLUTE] = {LK_SESSION_DEAD, "refuse", "absolute"}, [FAMILY_IDLE] = {LK_SESSION_DEAD, "refuse", "idle"},
    [FAMILY_LIMITED] = {LK_LIMITED, "refuse", "limited"},        [FAMILY_REUSE] = {LK_SESSION_REUSE, "reuse", "token"},
};

/* Why a family is dead, in words of our own: what is in the database may be of another version. */
static const char *known_reason(const char *reason)
{
    static const char *const known[] = {"idle", "absolute", "logout", "revoked", "reuse", "evicted", "replaced"};
    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++)
        if (strcmp(known[i], reason) == 0)
            return known[i];
    return NULL;
}

static bool is_holder(const struct attempt *a, const struct family *f)
{
    return secret_equal(a->presented_hash, f->current_hash, SHA256_SIZE) ||
           secret_equal(a->presented_hash, f->previous_hash, SHA256_SIZE);
}

static int refuse(struct attempt *a, enum family_verdict verdict, const struct family *f, struct session *out)
{
    int error = verdict == FAMILY_LIMITED ? 0 : family_end_reused(a->db, verdict == FAMILY_REUSE ? f->id : "", a->now);
    const char *reason = refusals[verdict].reason ? refusals[verdict].reason : f->end_reason;
    bool replaced = f && verdict == FAMILY_ENDED && strcmp(f->end_reason, "replaced") == 0;
    a->answer = replaced ? LK_SESSION_REPLACED : refusals[verdict].error;
    out->reason = refusals[verdict].error == LK_SESSION_DEAD && is_holder(a, f) ? known_reason(reason) : NULL;
    if (!error && verdict == FAMILY_UNKNOWN)
        return audit_unknown_token(a->db, a->now, a->from);
    return error ? error : record(a, refusals[verdict].event, reason, f);
}

/* The same answer again: what was presented opens the successor that it got the first time. */
static int repeat(struct attempt *a, const char *reason, const struct family *f, struct session *out)
{
    int error = unseal(a->presented, bytes(f->lookup_hash, SHA256_SIZE), bytes(f->sealed, sizeof f->sealed),
                       (uint8_t *)&a->token);
    if (error)
        return error == LK_SYNTAX ? LK_STORE : error;
    refresh_token_write(&a->token, a->text);
    describe(a, f, out);
    out->repeated = true;
    error = family_count_repeat(a->db, f->id);
    return error ? error : record(a, "repeat", reason, f);
}

int session_note_limit(struct db *db, const struct conf *conf, const char *policy,
                       const uint8_t lookup_hash[SHA256_SIZE], const struct origin_info *from, int64_t now_us)
{
    struct attempt a = {.db = db, .conf = conf, .from = from, .now = now_us / MICRO};
    struct family f;
    int error = db_begin_write(db);
    if (error)
        return error;
    error = family_by_lookup(db, lookup_hash, &f);
    if (!error || error == LK_NOT_FOUND)
        error = record(&a, "limit", policy, error ? NULL : &f);
    return finish(&a, error);
}

/* ---- rotation --------------------------------------------------------------------------------------------------- */

static int advance(struct attempt *a, struct family *f, struct session *out)
{
    memcpy(f->previous_hash, a->presented_hash, sizeof f->previous_hash);
    memcpy(f->current_hash, a->text_hash, sizeof f->current_hash);
    memcpy(f->sealed, a->sealed, sizeof f->sealed);
    f->rotated_at_us = a->now_us;
    f->last_used_at = a->now;
    describe(a, f, out);
    int error = family_advance(a->db, f);
    return error ? error : record(a, "refresh", "token", f);
}

static int rotate(struct attempt *a, struct session *out)
{
    struct family f;
    int error = family_by_lookup(a->db, a->lookup_hash, &f);
    if (error && error != LK_NOT_FOUND)
        return error;
    enum family_verdict verdict = family_judge(error ? NULL : &f, a->presented_hash, a->conf, a->now_us);
    if (verdict == FAMILY_CURRENT)
        return advance(a, &f, out);
    if (verdict == FAMILY_REPEAT)
        return repeat(a, "token", &f, out);
    return refuse(a, verdict, error ? NULL : &f, out);
}

int session_rotate(struct db *db, const struct conf *conf, struct span token, const struct origin_info *from,
                   int64_t now_us, struct session *out)
{
    struct attempt a = {
        .db = db, .conf = conf, .from = from, .now_us = now_us, .now = now_us / MICRO, .presented = token};
    struct refresh_token presented = {{0}, {0}};
    struct session session = {.reason = NULL};
    int error = refresh_token_parse(token, &presented);
    error = error ? error : prepare(&a, &presented);
    error = error ? error : db_begin_write(db);
    if (error)
        goto out;
    error = finish(&a, rotate(&a, &session));
    if (!error)
        *out = session;
    else if (error == LK_SESSION_DEAD || error == LK_SESSION_REPLACED)
        out->reason = session.reason;
out:
    secret_wipe(&a, sizeof a);
    secret_wipe(&presented, sizeof presented);
    secret_wipe(&session, sizeof session);
    return error;
}

/* ---- exchange --------------------------------------------------------------------------------------------------- */

/* The browser gets another cookie, so nobody would ever use or end the family of the one it had. One that had ended
 * before is marked too: what another tab still asks with the old cookie must not clear the new one. */
static int replace(const struct attempt *a, struct span old_token, const char *keep_id)
{
    struct refresh_token old;
    struct family f;
    uint8_t lookup_hash[SHA256_SIZE];
    if (refresh_token_parse(old_token, &old))
        return 0;
    int error = refresh_token_lookup_hash(&old, lookup_hash);
    secret_wipe(&old, sizeof old);
    error = error ? error : family_by_lookup(a->db, lookup_hash, &f);
    if (error)
        return error == LK_NOT_FOUND ? 0 : error;
    if (strcmp(f.id, keep_id) == 0)
        return 0;
    if (f.ended)
        return family_mark_replaced(a->db, f.id);
    error = family_end(a->db, f.id, "replaced", a->now);
    return error ? error : record(a, "replace", "exchange", &f);
}

static int evict(const struct attempt *a, const char *subject)
{
    uint64_t keep = a->conf->session.per_user ? a->conf->session.per_user - 1 : 0;
    char id[SESSION_ID_SIZE];
    int error = 0;
    while (!error && !(error = family_evict(a->db, a->conf, subject, keep, a->now, id)))
        error = audit_record(a->db, a->conf, a->now, "evict", "per_user", subject, id, a->from);
    return error == LK_NOT_FOUND ? 0 : error;
}

static int create(struct attempt *a, const struct family *f, struct span old_token, struct session *out)
{
    int error = revocation_check(a->db, a->conf, &f->who, a->now_us);
    if (error == LK_PROOF_REVOKED) {
        a->answer = error;
        return record(a, "refuse", lk_error_code(error), &(struct family){.who = f->who});
    }
    error = error ? error : replace(a, old_token, f->id);
    error = error ? error : evict(a, f->who.subject);
    error = error ? error : family_insert(a->db, f, a->from);
    error = error ? error : family_sweep(a->db, a->conf, a->now);
    error = error ? error : revocation_sweep(a->db, a->conf, a->now);
    describe(a, f, out);
    error = error ? error : tell_notice(a, f, out);
    return error ? error : record(a, "exchange", "proof", f);
}

/* A proof that was used before: a lost answer, or a thief. Neither ends a session that somebody is using. */
static int exchange_again(struct attempt *a, const char *subject, struct span old_token, struct session *out)
{
    struct family f;
    int error = family_by_proof(a->db, a->presented_hash, &f);
    if (error && error != LK_NOT_FOUND)
        return error;
    enum family_verdict verdict = family_judge(error ? NULL : &f, a->presented_hash, a->conf, a->now_us);
    const char *id = error ? "" : f.id;
    if (verdict == FAMILY_REPEAT) {
        error = replace(a, old_token, f.id);
        error = error ? error : repeat(a, "proof", &f, out);
        return error ? error : tell_notice(a, &f, out);
    }
    a->answer = verdict == FAMILY_LIMITED ? LK_LIMITED : LK_PROOF_USED;
    return audit_record(a->db, a->conf, a->now, "refuse", lk_error_code(a->answer), subject, id, a->from);
}

int session_new_id(char id[SESSION_ID_SIZE])
{
    uint8_t bits[16];
    int error = secret_random(bits, sizeof bits);
    if (!error)
        b64_encode(bits, sizeof bits, id);
    return error;
}

static int new_family(const struct attempt *a, const struct identity *who, const char *id, struct family *f)
{
    *f = (struct family){.rotated_at_us = a->now_us, .created_at = a->now, .last_used_at = a->now, .who = *who};
    int error = *id ? 0 : session_new_id(f->id);
    if (error)
        return error;
    if (*id)
        memcpy(f->id, id, sizeof f->id);
    memcpy(f->lookup_hash, a->lookup_hash, sizeof f->lookup_hash);
    memcpy(f->current_hash, a->text_hash, sizeof f->current_hash);
    memcpy(f->previous_hash, a->presented_hash, sizeof f->previous_hash);
    memcpy(f->sealed, a->sealed, sizeof f->sealed);
    return 0;
}

static int exchange(struct attempt *a, const struct family *f, struct span old_token, struct session *out)
{
    int64_t until = f->who.expires_at + provider_leeway(a->conf); /* as long as proof_verify would take it */
    int error = family_keep_proof(a->db, a->presented_hash, f->id, until);
    if (error == LK_EXISTS)
        return exchange_again(a, f->who.subject, old_token, out);
    return error ? error : create(a, f, old_token, out);
}

int session_create(struct db *db, const struct conf *conf, const struct identity *who, struct span proof,
                   struct span old_token, const struct origin_info *from, int64_t now_us, const char *id,
                   struct session *out)
{
    struct attempt a = {
        .db = db, .conf = conf, .from = from, .now_us = now_us, .now = now_us / MICRO, .presented = proof};
    struct family f;
    struct session session;
    int error = prepare(&a, NULL);
    error = error ? error : new_family(&a, who, id, &f);
    error = error ? error : db_begin_write(db);
    if (error)
        goto out;
    error = finish(&a, exchange(&a, &f, old_token, &session));
    if (!error)
        *out = session;
out:
    secret_wipe(&a, sizeof a);
    secret_wipe(&session, sizeof session);
    return error;
}

/* ---- the end, and the check ------------------------------------------------------------------------------------- */

static int logout(const struct attempt *a, char id[SESSION_ID_SIZE])
{
    struct family f;
    int error = family_by_lookup(a->db, a->lookup_hash, &f);
    if (error || f.ended)
        return error == LK_NOT_FOUND ? 0 : error;
    memcpy(id, f.id, sizeof f.id);
    error = family_end(a->db, f.id, "logout", a->now);
    return error ? error : record(a, "logout", "logout", &f);
}

int session_end(struct db *db, const struct conf *conf, struct span token, const struct origin_info *from,
                int64_t now_us, char id[SESSION_ID_SIZE])
{
    struct attempt a = {
        .db = db, .conf = conf, .from = from, .now_us = now_us, .now = now_us / MICRO, .presented = token};
    struct refresh_token presented;
    char ended[SESSION_ID_SIZE] = "";
    int error = 0;
    if (refresh_token_parse(token, &presented) == 0) {
        error = refresh_token_lookup_hash(&presented, a.lookup_hash);
        secret_wipe(&presented, sizeof presented);
        error = error ? error : db_begin_write(db);
        error = error ? error : finish(&a, logout(&a, ended));
    }
    if (!error && id)
        memcpy(id, ended, sizeof ended);
    return error;
}

int session_check(struct db *db, const struct conf *conf, const char *id, const char *subject, int64_t now)
{
    int64_t created_at = 0, last_used_at = 0;
    int error = family_times(db, id, subject, &created_at, &last_used_at);
    if (error)
        return error == LK_NOT_FOUND ? LK_SESSION_DEAD : error;
    return family_left(conf, created_at, last_used_at, now) > 0 ? 0 : LK_SESSION_DEAD;
}
