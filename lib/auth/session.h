#ifndef LK_AUTH_SESSION_H
#define LK_AUTH_SESSION_H

#include "auth/agent.h"
#include "auth/audit.h"
#include "auth/refresh_token.h"
#include "base/conf.h"
#include "provider/identity.h"
#include "store/db.h"

/* Refresh-token families (design section 5). One exchange is one family is one row. Each function is one transaction of
 * its own unless it says otherwise; what it decides is committed before it returns, refusals included.
 *
 * The grace time counts from the last rotation (or the exchange), in both directions: of two processes the one that
 * read the clock first may get the lock last. A clock set back by more than the grace time is outside. */

#define SESSION_ID_SIZE 23 /* 16 random bytes, base64url, and a NUL: the `sid` claim */

/* Repeats in the first moments after a rotation are tabs and parallel requests that all held the same cookie: any
 * number is answered. Of those that come later in the grace time, after so many the rest are refused with LK_LIMITED;
 * the family lives on, because by then the holder's cookie jar has the successor. All repeats are counted. */
#define SESSION_BURST_US INT64_C(2000000)
#define SESSION_REPEATS  5

struct session {
    char id[SESSION_ID_SIZE];
    char refresh_token[REFRESH_TOKEN_SIZE]; /* the one to send; wipe after use */
    struct identity who;                    /* as last proved; its expires_at is 0 after a rotation */
    int64_t auth_time;
    int64_t created_at;
    int64_t cookie_max_age; /* seconds: the smaller of the idle and what is left of the absolute limit */
    bool repeated;          /* an answer sent again */
    int64_t notice_at; /* exchange: when a session of the user was ended for reuse, told once; 0: nothing to tell */
    char notice_device[AGENT_SIZE];
    const char *reason; /* of LK_SESSION_DEAD and LK_SESSION_REPLACED, and only then: see session_rotate */
};

/* A verified proof makes a family; the same proof again within the grace time, its refresh token not used yet, gets the
 * same one back. `old_token`: what the request's cookie held, anything or nothing (an empty span); a family that it
 * belongs to is ended as replaced, or called so if it had ended before. Beyond conf->session.per_user (0 counts as 1)
 * the user's family that was idle longest ends. `now_us`: microseconds since the epoch. `id`: the new family's, from
 * session_new_id; "": any. LK_PROOF_REVOKED: all sessions of the user were ended since the proof was issued (audited).
 * LK_PROOF_USED (audited; its family is not ended); LK_LIMITED: repeated too often; LK_BUSY; LK_STORE. */
int session_create(struct db *db, const struct conf *conf, const struct identity *who, struct span proof,
                   struct span old_token, const struct origin_info *from, int64_t now_us, const char *id,
                   struct session *out);
int session_new_id(char id[SESSION_ID_SIZE]);

/* Rotates. LK_SYNTAX: not the form of a token, the database was not asked. LK_NOT_FOUND: unknown. LK_SESSION_DEAD:
 * ended or past a limit. LK_SESSION_REUSE: an old token; the family is ended, committed and audited. These three do the
 * same work, down to a committed row, and the client must not see which it was. But whoever presents the last
 * token of a dead family, or the one before it, is its rightful holder: then `out->reason` is idle, absolute, or why it
 * was ended (logout, revoked, reuse, evicted, replaced), otherwise NULL; nothing else of `*out` is set. LK_LIMITED:
 * repeated too often, the session lives: do not clear the cookie. LK_BUSY, LK_STORE: nothing happened. */
int session_rotate(struct db *db, const struct conf *conf, struct span token, const struct origin_info *from,
                   int64_t now_us, struct session *out);

/* Audits that the rate `policy` refused the family of this lookup, which may be none. LK_BUSY, LK_STORE. */
int session_note_limit(struct db *db, const struct conf *conf, const char *policy,
                       const uint8_t lookup_hash[SHA256_SIZE], const struct origin_info *from, int64_t now_us);

/* Logout: ends the family that the token belongs to, whether it is the current or an older one. 0 also when there is
 * nothing to end. `id` (may be NULL) gets the ended family's id or "". LK_BUSY, LK_STORE. */
int session_end(struct db *db, const struct conf *conf, struct span token, const struct origin_info *from,
                int64_t now_us, char id[SESSION_ID_SIZE]);

/* Is the family of `id` alive? Inside the caller's transaction. LK_SESSION_DEAD when not, or when it is not
 * `subject`'s; LK_BUSY; LK_STORE. */
int session_check(struct db *db, const struct conf *conf, const char *id, const char *subject, int64_t now);

#endif
