#ifndef LK_AUTH_REVOCATION_H
#define LK_AUTH_REVOCATION_H

#include "base/conf.h"
#include "provider/identity.h"
#include "store/db.h"

/* The per-user "not before": when all sessions of a user end, the ones that are being made at that moment end with
 * them. Inside the caller's write transaction. LK_BUSY, LK_STORE everywhere. */

/* From now on nothing of `subject` counts that began before `now_us`. */
int revocation_set(struct db *db, const char *subject, int64_t now_us);

/* May an exchange that began at `now_us` make a session? LK_PROOF_REVOKED: the user's sessions were ended since it
 * began, or since the proof was issued. A revocation that lies further in the future than a request can last was
 * stamped by a wrong clock and does not count. */
int revocation_check(struct db *db, const struct conf *conf, const struct identity *who, int64_t now_us);

/* Pure. */
bool revocation_covers(int64_t not_before_us, const struct conf *conf, int64_t issued_at, int64_t now_us);

/* Removes a bounded number that no proof can be older than. */
int revocation_sweep(struct db *db, const struct conf *conf, int64_t now);

/* Every statement of this module, for the test that reads their query plans. */
extern const char *const revocation_sql[];
extern const size_t revocation_sql_count;

#endif
