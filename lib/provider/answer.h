#ifndef LK_PROVIDER_ANSWER_H
#define LK_PROVIDER_ANSWER_H

#include "jose/jwks.h"
#include "provider/cache.h"

/* A provider's HTTP answer, and what may be believed of it. Pure, but for answer_file. */

#define ANSWER_FRESH_MIN 60
#define ANSWER_FRESH_MAX 86400

struct answer {
    long status;
    struct buf body;           /* decoded, bounded by JWKS_MAX_BYTES */
    char etag[CACHE_ETAG_MAX]; /* "" when absent or not usable */
    char cache_control[256];   /* "" when absent */
    int64_t retry_after;       /* seconds, from Retry-After or X-Retry-After; 0 when absent */
    char fault[96];            /* why there is no answer; "" when there is one */
};

void answer_init(struct answer *answer);
void answer_free(struct answer *answer);

/* What a file: URL (conf_file_path) has to say, as if a provider had answered with it: status 200, or
 * LK_UNAVAILABLE with `fault`. The file must be one that nobody else may write (FILE_TRUSTED). */
int answer_file(const char *path, struct answer *answer);

/* Keeps an entity tag (RFC 9110 8.8.3) that is one, and forgets anything else. */
void answer_set_etag(struct answer *answer, struct span value);

/* Seconds that a set may be used: max-age of a Cache-Control value, held between ANSWER_FRESH_MIN and ANSWER_FRESH_MAX
 * (RFC 9111 5.2.2.1), else `otherwise`. */
int64_t answer_fresh(const char *cache_control, int64_t otherwise);

/* Seconds to wait: a count (RFC 9110 10.2.3) of at most ATTEMPT_RETRY_MAX, 0 when it is none. */
int64_t answer_retry(struct span value);

/* The usable keys of a body as a JWK Set of our own making: only the members that verifying needs, in one fixed order,
 * so that equal sets have equal bytes and no private part of a careless provider reaches our disk. `skip` hears of each
 * key left out. Appends to `out`. LK_SYNTAX: not a JWK Set; LK_TOO_LARGE; LK_NOT_FOUND: not one usable key. */
int answer_keys(struct span body, jwks_skip_fn *skip, void *context, struct buf *out, size_t *usable);

#endif
