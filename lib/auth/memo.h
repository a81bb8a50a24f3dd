#ifndef LK_AUTH_MEMO_H
#define LK_AUTH_MEMO_H

#include "auth/access.h"
#include "base/secret.h"

/* The access tokens that a process has verified, by their SHA-256: what was signed well once is not verified again
 * while it is good and the keys are the same. It spares work and decides nothing: what it does not know is verified.
 * The session is no part of it. Bounded; the owner drops the whole when what verification rests on has changed. */
struct memo;

#define MEMO_ENTRIES 1024

/* LK_NOMEM. The memory is touched only as it fills. */
int memo_new(struct memo **out);
void memo_free(struct memo *memo); /* NULL is fine */

/* Is it known, and may that be relied on at `now` (seconds)? Only from when it was verified, so that a clock that is
 * set back changes nothing, and before `exp`: in the leeway after it, it is verified again. */
bool memo_find(struct memo *memo, const uint8_t digest[SHA256_SIZE], int64_t now, struct principal *out);

/* Keeps one that was verified at `now`, over the one of its neighbours that was not used for longest. */
void memo_keep(struct memo *memo, const uint8_t digest[SHA256_SIZE], int64_t now, const struct principal *who);

#endif
