#ifndef LK_WEB_IDEMPOTENCY_H
#define LK_WEB_IDEMPOTENCY_H

#include "base/secret.h"
#include "store/db.h"
#include "web/web.h"

/* Idempotency-Key on a request that creates (draft-ietf-httpapi-idempotency-key-header): the same key of the same user
 * at the same resource gets the answer that the first one got, for a day. Answers that did nothing are not kept.
 *
 * An answer is kept in the write transaction of what it tells of, so exactly if that was done. That a request is at
 * work is a lock of the kernel beside the database, which ends with its process: nobody has to clear it up. It goes by
 * the credential and not by the user, who is not known before the lock is needed; with another token of the same user a
 * repetition waits for the transaction, and then gets its answer. */

#define IDEMPOTENCY_KEEP    86400 /* seconds */
#define IDEMPOTENCY_KEY_MAX 255

struct idempotency {
    bool used; /* the request has a key */
    uint8_t key_hash[SHA256_SIZE];
    uint8_t request_hash[SHA256_SIZE];
};

#define IDEMPOTENCY_FREE (-1)

/* Before the request waits for anything. 0, and `*lock` is to be given to idempotency_leave when all is committed
 * (IDEMPOTENCY_FREE without a key, or with none that can be used). WEB_ANSWERED: 409, a request with this credential
 * and this key is at work. LK_SYSTEM: the lock file beside the database cannot be had; site->fault says why. */
int idempotency_enter(struct site *site, const struct request *req, struct response *res, int *lock);
void idempotency_leave(int lock);

/* In the request's own write transaction, and so is idempotency_keep.
 * 0: go on. WEB_ANSWERED: the earlier answer stands in `res` (with Idempotency-Replayed: true), or 422 (the key was
 * used with another body), or 400 (no key: 1 to 255 visible ASCII characters, in quotes or not). LK_BUSY, LK_STORE. */
int idempotency_begin(struct db *db, const struct request *req, struct response *res, const char *subject, int64_t now,
                      struct idempotency *out);

/* Keeps the answer, if it is one of success; `res` has only fields of the answer itself. */
int idempotency_keep(struct db *db, const struct idempotency *key, const struct response *res, int64_t now);

/* Takes a few of the expired answers away, more than one request adds; for every write, with a key or without: an
 * answer tells of what was created, which may be deleted since. */
int idempotency_sweep(struct db *db, int64_t now);

#endif
