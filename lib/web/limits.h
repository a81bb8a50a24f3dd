#ifndef LK_WEB_LIMITS_H
#define LK_WEB_LIMITS_H

#include "auth/limit.h"
#include "web/web.h"

/* Rate limits and failures of a request: auth/limit.h, with the header fields and the log.
 * When the database of the limits cannot be used, a log line says so once a minute, and everything is allowed, or with
 * limits.required LK_UNAVAILABLE. */

/* RateLimit-Policy of `policy` (draft-ietf-httpapi-ratelimit-headers), for every answer; nothing without a rate. */
void web_limit_policy(const struct site *site, struct response *res, enum limit_policy policy);

/* `fields` of the API's programs. `state`: a struct site. */
void web_limit_policy_api(void *state, struct response *res);

/* Counts the request of `who`, and adds RateLimit. LK_LIMITED, with Retry-After: to be returned by the handler; what
 * was open on site->db may be rolled back then (web/audit.h). */
int web_limit(struct site *site, const struct request *req, struct response *res, enum limit_policy policy,
              struct span who, int64_t now_us);

/* LK_LIMITED, with Retry-After: the address has failed too often, and must wait. */
int web_limit_failures(struct site *site, const struct request *req, struct response *res, enum limit_pool pool,
                       int64_t now_us);

/* Counts a failed attempt, and logs it in the one form that fail2ban watches (docs/fail2ban). */
void web_failed(struct site *site, const struct request *req, enum limit_pool pool, int64_t now_us);

#endif
