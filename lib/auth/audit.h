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
 * refuse   proof_used, proof_revoked, limited, unknown, idle, absolute, or the end_reason of a family that had ended
 * Rows older than conf->audit.retention go, the first ones first and a few with each row that comes.
 * Each row has the hash of the one before it and its own, h = SHA-256(previous || the row's columns, each followed by a
 * NUL), so that a row that is changed, taken out or put in later shows (audit_verify). */
int audit_record(struct db *db, const struct conf *conf, int64_t now, const char *event, const char *reason,
                 const char *subject, const char *family_id, const struct origin_info *from);

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
