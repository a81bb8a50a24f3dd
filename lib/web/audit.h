#ifndef LK_WEB_AUDIT_H
#define LK_WEB_AUDIT_H

#include "auth/limit.h"
#include "web/web.h"

/* What a request without a session can add to the audit table: up to the rate audit.outsiders of the whole site, and
 * nothing while the database of the limits cannot be used. The answer never depends on it; a failure is logged. */

/* A proof was refused. `reason`: enum lk_error. */
void web_audit_refused(struct site *site, const struct request *req, int reason, int64_t now_us);

/* The rate `policy` refused `who`, for the first time in a while (limit_state.unnoted). Rolls back what is open on
 * site->db. */
void web_audit_limit(struct site *site, const struct request *req, enum limit_policy policy, struct span who,
                     int64_t now_us);

/* The same of an address that has failed too often. */
void web_audit_failures(struct site *site, const struct request *req, enum limit_pool pool, int64_t now_us);

#endif
