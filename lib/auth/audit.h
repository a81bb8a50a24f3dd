#ifndef LK_AUTH_AUDIT_H
#define LK_AUTH_AUDIT_H

#include "store/db.h"

/* Where a request came from, for the audit table and the list of sessions. Strings are never NULL and never a token. */
struct origin_info {
    const char *address;
    const char *user_agent;
    const char *request_id;
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
 * refuse   proof_used, limited, unknown, idle, absolute, or the end_reason of a family that had ended
 * Rows older than AUDIT_KEEP go, a few with each row that comes. */
#define AUDIT_KEEP (90LL * 86400)
int audit_record(struct db *db, int64_t now, const char *event, const char *reason, const char *subject,
                 const char *family_id, const struct origin_info *from);

#endif
