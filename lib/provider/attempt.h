#ifndef LK_PROVIDER_ATTEMPT_H
#define LK_PROVIDER_ATTEMPT_H

#include "provider/cache.h"

/* What is known of the last attempts to fetch: PATH.attempt, stamped before the network is used and kept when it fails,
 * so that an outage costs one process per cooldown. Times are seconds since the epoch, 0: never. */

#define ATTEMPT_OUTCOME_MAX 128
#define ATTEMPT_RETRY_MAX   3600 /* the longest wait that a provider can ask for */

struct attempt {
    int64_t at;                        /* the last one, whatever its reason */
    int64_t retry_at;                  /* the provider asked not to be asked before (RFC 9110 10.2.3) */
    int64_t miss_at;                   /* the last one made because of an unknown kid */
    uint64_t generation;               /* of the set that lacked that kid */
    char outcome[ATTEMPT_OUTCOME_MAX]; /* "pending", "ok", or one line saying why it failed */
};

/* An absent, damaged or unsafe file is no attempt; a time in the future, or a retry too far off, is none either. */
void attempt_read(const char *path, int64_t now, struct attempt *out);
int attempt_write(const char *path, const struct attempt *attempt);

/* Copies `text` as an outcome, control characters replaced. */
void attempt_outcome(struct attempt *attempt, const char *text);

/* May the provider be asked now? */
enum gate {
    GATE_OPEN,
    GATE_CLOSED, /* the last attempt failed or is under way, or the provider asked to wait */
    GATE_LOOKED, /* the set was asked for because of an unknown kid just now, and has not changed since */
};

/* `meta` has serial 0 when nothing is cached. */
enum gate attempt_gate(const struct attempt *attempt, const struct cache_meta *meta, int64_t now, int64_t cooldown);

/* The same because of a kid that the set lacks; the first such miss after a change of the set is always let through. */
enum gate attempt_miss_gate(const struct attempt *attempt, const struct cache_meta *meta, int64_t now,
                            int64_t cooldown);

/* When attempt_gate opens; `now` when it is open. */
int64_t attempt_opens(const struct attempt *attempt, const struct cache_meta *meta, int64_t now, int64_t cooldown);

#endif
