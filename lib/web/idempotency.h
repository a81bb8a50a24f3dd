#ifndef LK_WEB_IDEMPOTENCY_H
#define LK_WEB_IDEMPOTENCY_H

#include "base/secret.h"
#include "store/db.h"
#include "web/web.h"

/* Idempotency-Key on a request that creates: the same key of the same user at the same resource gets the answer that
 * the first one got, for a day. Both calls belong into the request's own write transaction. So an answer is kept
 * exactly if what it tells of was done, and a repetition that comes while the first is at work waits for it and then
 * gets its answer: there is no time at which 409 would have to be said. Answers that did nothing are not kept. */

#define IDEMPOTENCY_KEEP    86400 /* seconds */
#define IDEMPOTENCY_KEY_MAX 255

struct idempotency {
    bool used; /* the request has a key */
    uint8_t key_hash[SHA256_SIZE];
    uint8_t request_hash[SHA256_SIZE];
};

/* 0: go on. WEB_ANSWERED: the earlier answer stands in `res` (with Idempotency-Replayed: true), or 422 (the key was
 * used with another body), or 400 (no key: 1 to 255 visible ASCII characters, in quotes or not). LK_BUSY, LK_STORE. */
int idempotency_begin(struct db *db, const struct request *req, struct response *res, const char *subject, int64_t now,
                      struct idempotency *out);

/* Keeps the answer, if it is one of success; `res` has only fields of the answer itself. */
int idempotency_keep(struct db *db, const struct idempotency *key, const struct response *res, int64_t now);

#endif
