#ifndef LK_PROVIDER_FETCH_H
#define LK_PROVIDER_FETCH_H

#include "provider/answer.h"
#include "provider/provider.h"

/* One run of jwks-fetch without the network: lock, decide, stamp the attempt, ask, judge, write. */
enum fetch_mode {
    FETCH_DUE,   /* when the set is not fresh */
    FETCH_PRIME, /* when nothing usable is cached */
    FETCH_MISS,  /* when the set is still that of `generation`, which lacks a kid */
    FETCH_FORCE, /* always, whatever cooldown and provider say; only the lock counts */
};

struct fetch_order {
    enum fetch_mode mode;
    uint64_t generation;
};

/* What the program brings: the network, a listener for each fact (may be NULL), the clock in seconds since the epoch.
 */
struct fetch_io {
    /* Asks p->jwks_url, with If-None-Match when `etag` is not "". LK_UNAVAILABLE with answer->fault set. */
    int (*get)(void *context, const struct provider *p, const char *etag, struct answer *answer);
    void (*say)(void *context, const char *fact);
    int64_t (*now)(void);
    void *context;
};

/* 0: the cache holds what was ordered. LK_BUSY: another process is fetching, or it is too early to try again.
 * LK_UNAVAILABLE: asked, and no usable answer; what was cached stays. LK_SYSTEM: the cache's directory cannot be used.
 * Why is logged. */
int fetch_run(const struct provider *p, const struct fetch_order *order, const struct fetch_io *io);

/* Forgets the cached set, the attempts and the absent kids. LK_BUSY, LK_SYSTEM. */
int fetch_flush(const struct provider *p);

#endif
