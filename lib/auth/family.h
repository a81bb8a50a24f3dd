#ifndef LK_AUTH_FAMILY_H
#define LK_AUTH_FAMILY_H

#include "auth/refresh_token.h"
#include "auth/seal.h"
#include "auth/session.h"

/* The rows behind session.h, and the judgement over one of them. Only session.c calls this; the caller holds a write
 * transaction. LK_BUSY, LK_STORE everywhere. */

#define FAMILY_SEALED_SIZE (sizeof(struct refresh_token) + SEAL_OVERHEAD)
#define FAMILY_REASON_SIZE 16

/* How far the clock may be set back before what it stamped counts as dead, and by how much a set-back clock can
 * lengthen a life at most. */
#define FAMILY_CLOCK_STEP 3600

struct family {
    char id[SESSION_ID_SIZE];
    uint8_t lookup_hash[SHA256_SIZE];
    uint8_t current_hash[SHA256_SIZE];
    uint8_t previous_hash[SHA256_SIZE];
    uint8_t sealed[FAMILY_SEALED_SIZE];
    int64_t repeats;
    int64_t rotated_at_us;
    int64_t created_at, last_used_at; /* seconds */
    bool ended;
    char end_reason[FAMILY_REASON_SIZE];
    struct identity who;
};

/* What a presented secret means for the family that its lookup names. */
enum family_verdict {
    FAMILY_UNKNOWN, /* there is no such family */
    FAMILY_ENDED,
    FAMILY_ABSOLUTE, /* past the absolute limit */
    FAMILY_IDLE,     /* past the idle limit */
    FAMILY_CURRENT,  /* the secret that is good now */
    FAMILY_REPEAT,   /* the one before, in the grace time: the same answer again */
    FAMILY_LIMITED,  /* the same, too often */
    FAMILY_REUSE     /* an old or a forged secret */
};

/* Pure. `f` NULL: no family was found. */
enum family_verdict family_judge(const struct family *f, const uint8_t presented_hash[SHA256_SIZE],
                                 const struct conf *conf, int64_t now_us);

/* Seconds that are left to a family, the smaller of both limits; 0 or less: it is over. */
int64_t family_left(const struct conf *conf, int64_t created_at, int64_t last_used_at, int64_t now);

int family_by_lookup(struct db *db, const uint8_t lookup_hash[SHA256_SIZE], struct family *out); /* LK_NOT_FOUND */
int family_by_proof(struct db *db, const uint8_t proof_hash[SHA256_SIZE], struct family *out);   /* LK_NOT_FOUND */

/* When the live family of `id` and `subject` began and was last used; LK_NOT_FOUND. */
int family_times(struct db *db, const char *id, const char *subject, int64_t *created_at, int64_t *last_used_at);

int family_insert(struct db *db, const struct family *f, const struct origin_info *from);
int family_keep_proof(struct db *db, const uint8_t proof_hash[SHA256_SIZE], const char *id,
                      int64_t expires_at);                 /* LK_EXISTS: it was used before */
int family_advance(struct db *db, const struct family *f); /* hashes, sealed, times; a generation more */
int family_count_repeat(struct db *db, const char *id);
int family_end(struct db *db, const char *id, const char *reason, int64_t now);

/* The browser that held this ended family has a new one: no answer may clear its cookie any more. */
int family_mark_replaced(struct db *db, const char *id);

/* Ends one live family of `subject` beyond the `keep` used last; LK_NOT_FOUND when there is none beyond. */
int family_evict(struct db *db, const struct conf *conf, const char *subject, uint64_t keep, int64_t now,
                 char id[SESSION_ID_SIZE]);

/* Ends a family for reuse. Its user is to be told at the next exchange, which is what family_notice does, in a
 * session's fields. It goes on telling the same exchange when that is repeated. LK_NOT_FOUND: nothing to tell.
 * `id` "": the same statements, and nothing is changed, so that every refusal takes as long. */
int family_end_reused(struct db *db, const char *id, int64_t now);
int family_notice(struct db *db, const struct family *f, bool repeated, int64_t *at, char device[AGENT_SIZE]);

/* Removes a bounded number of families past the absolute limit and of expired proofs. */
int family_sweep(struct db *db, const struct conf *conf, int64_t now);

/* Every statement of this module, for the test that reads their query plans. */
extern const char *const family_sql[];
extern const size_t family_sql_count;

#endif
