#ifndef LK_AUTH_SESSIONS_H
#define LK_AUTH_SESSIONS_H

#include <jansson.h>

#include "auth/audit.h"
#include "base/conf.h"

/* A user's live sessions as the user sees them: listed, and ended, by their public ids. Everything runs in the caller's
 * transaction. LK_BUSY, LK_STORE everywhere. */

#define SESSIONS_LIST_MAX 500

/* The sessions of `subject` (at most SESSIONS_LIST_MAX, used last first) as a JSON array of objects with the members
 * id, created_at, last_used_at (RFC 3339), address, user_agent (coarse: agent.h) and current, which is true for the id
 * `current`. The caller owns `*out`. LK_NOMEM. */
int sessions_list(struct db *db, const struct conf *conf, const char *subject, const char *current, int64_t now,
                  json_t **out);

/* Ends one. LK_NOT_FOUND: `subject` has no live session of that id. `from->actor` is who asked, if it was not
 * `subject`; it is audited. */
int sessions_end(struct db *db, const struct conf *conf, const char *subject, const char *id,
                 const struct origin_info *from, int64_t now_us);

/* Ends all but `keep` ("" keeps none), those included that are being made at this moment (revocation.h). */
int sessions_end_all(struct db *db, const struct conf *conf, const char *subject, const char *keep,
                     const struct origin_info *from, int64_t now_us);

/* Every statement of this module, for the test that reads their query plans. */
extern const char *const sessions_sql[];
extern const size_t sessions_sql_count;

#endif
