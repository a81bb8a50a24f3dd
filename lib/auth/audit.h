#ifndef LK_AUTH_AUDIT_H
#define LK_AUTH_AUDIT_H

#include "base/conf.h"
#include "base/secret.h"
#include "store/db.h"

/* Where a request came from, for the audit table and the list of sessions. Strings are never NULL and never a token. */
struct origin_info {
    const char *address;
    const char *user_agent;
    const char *request_id;
    const char *actor; /* the subject who asked, if it was not the session's own user; NULL otherwise */
};

#define ORIGIN_ADDRESS_SIZE    65
#define ORIGIN_USER_AGENT_SIZE 201

/* Copies what a client says of itself, fit to be kept: valid UTF-8 only, no control characters, cut at a character. */
void origin_keep(const char *text, char *out, size_t cap);

/* One row, in the transaction that is open; `now` seconds.
 * event    reason
 * exchange proof
 * repeat   proof, token: what was presented again inside the grace time
 * refresh  token
 * reuse    token: the family was ended for it
 * logout   logout
 * evict    per_user
 * replace  exchange: the browser that held it signed in again
 * revoke   user, admin: who ended it from the list of sessions
 * refuse   of a refresh: limited, idle, absolute, or the end_reason of a family that had ended; of an exchange: the
 *          lk_error_code of what was wrong with the proof (these up to conf->audit.outsiders, see web/limits.h)
 * limit    name of the policy that was reached, failures-proof, failures-refresh, failures-bearer: the first refusal
 *          of a key in the time of its rate, or of the lockout (up to conf->audit.outsiders too)
 * Rows older than conf->audit.retention go, the first ones first and a few with each row that comes.
 * Each row has the hash of the one before it and its own, h = SHA-256(previous || the row's columns, each followed by a
 * NUL), so that a row that is changed, taken out or put in later shows (audit_verify). */
int audit_record(struct db *db, const struct conf *conf, int64_t now, const char *event, const char *reason,
                 const char *subject, const char *family_id, const struct origin_info *from);

/* The same in a transaction of its own. */
int audit_alone(struct db *db, const struct conf *conf, int64_t now, const char *event, const char *reason,
                const char *subject, const char *family_id, const struct origin_info *from);

/* A refresh with a token that nobody knows. Anybody can send any number of these, so the last AUDIT_UNKNOWN_KEPT are
 * kept, in the table unknown_token. The work is that of audit_record. */
#define AUDIT_UNKNOWN_KEPT 256
int audit_unknown_token(struct db *db, int64_t now, const struct origin_info *from);

/* What audit_verify saw. */
struct audit_state {
    int64_t rows;      /* that are there */
    int64_t unchained; /* of these, rows of before the chain began */
    int64_t last;      /* id of the last good row; 0: none. Note it with its hash, elsewhere, to see a cut-off end. */
    uint8_t hash[SHA256_SIZE];
    int64_t broken; /* id of the first row that is not as it was written, or that does not follow; 0: none */
};

/* Reads the whole table, in a read transaction of its own. LK_BUSY, LK_STORE. */
int audit_verify(struct db *db, struct audit_state *out);

#endif
