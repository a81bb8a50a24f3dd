#ifndef LK_AUTH_LIMIT_H
#define LK_AUTH_LIMIT_H

#include "base/conf.h"
#include "store/db.h"

/* Rate limits (GCRA, the generic cell rate algorithm) and delays after failures, in a database of their own that all
 * processes share, and that has addresses and subjects in it while they count. Times are microseconds since the epoch.
 * LK_BUSY, LK_STORE: nothing can be said; the caller decides whether that refuses. */

enum limit_policy {
    LIMIT_EXCHANGE_ADDRESS,
    LIMIT_EXCHANGE_SUBJECT,
    LIMIT_REFRESH_FAMILY,
    LIMIT_TODOS_USER,
    LIMIT_AUDIT, /* of what outsiders can add to the audit table; never refuses a request */
};
const char *limit_name(enum limit_policy policy); /* "exchange-address", as the RateLimit fields have it */
struct conf_rate limit_rate(const struct conf *conf, enum limit_policy policy);

struct limit_state {
    uint64_t remaining; /* requests that would fit now */
    int64_t reset_us;   /* until the whole quota is there again */
    int64_t wait_us;    /* until one request fits; 0 when this one did */
    bool unnoted;       /* refused, and no refusal was noted in the time of the rate: see limit_note */
};

/* Counts one request of `who`, in one atomic upsert. LK_LIMITED: it does not fit and is not counted; `*out` is complete
 * then too. A policy without a rate: 0, and nothing is counted. */
int limit_take(struct db *limits, const struct conf *conf, enum limit_policy policy, struct span who, int64_t now_us,
               struct limit_state *out);

/* Notes a refusal. `*first`: of all that come at once, and until the time of the rate has gone by, one is the first. A
 * refusal costs no write but this one. */
int limit_note(struct db *limits, const struct conf *conf, enum limit_policy policy, struct span who, int64_t now_us,
               bool *first);

/* Failures are counted by address in pools, so that one kind cannot lock out another. The first conf->limits.failures
 * have no delay; then it is a second and doubles, up to conf->limits.lockout. One failure is forgiven each minute. */
enum limit_pool { LIMIT_PROOF, LIMIT_REFRESH, LIMIT_BEARER };
const char *limit_pool_name(enum limit_pool pool);

/* LK_LIMITED: the address has to wait `out->wait_us`. Counts nothing. */
int limit_check(struct db *limits, const struct conf *conf, enum limit_pool pool, const char *address, int64_t now_us,
                struct limit_state *out);

/* As limit_note; the time is conf->limits.lockout. */
int limit_note_failures(struct db *limits, const struct conf *conf, enum limit_pool pool, const char *address,
                        int64_t now_us, bool *first);

/* One failure more. */
int limit_fail(struct db *limits, const struct conf *conf, enum limit_pool pool, const char *address, int64_t now_us);

/* Pure. The delay after the `level`th failure that is not forgiven yet. */
int64_t limit_delay_us(const struct conf *conf, uint64_t level);

/* Pure. What stands for an address: IPv4 as it is, also when it comes as an IPv4-mapped IPv6 address; of IPv6 the /64,
 * which is what one customer has; anything else as it is, cut off. */
#define LIMIT_ADDRESS_SIZE 64
void limit_address(const char *address, char out[LIMIT_ADDRESS_SIZE]);

/* Every statement of this module, for the test that reads their query plans. */
extern const char *const limit_sql[];
extern const size_t limit_sql_count;

#endif
