#ifndef LK_PROVIDER_SHOW_H
#define LK_PROVIDER_SHOW_H

#include <jansson.h>

#include "base/buf.h"
#include "provider/provider.h"

/* What jwks-fetch --show says of the cache at `now` (seconds since the epoch). */

/* Members: provider (the name of its section, absent without one), cache, url, state (fresh, stale, dead or none),
 * fault (why it is none), fetched, fresh_until, usable_until, generation, etag, keys ({kid, kty, crv, alg}),
 * last_attempt, outcome, next_attempt; times in RFC 3339, absent when there is none. `*usable`: a set is fresh or
 * stale. New reference. */
int show_cache(const struct provider *p, int64_t now, json_t **out, bool *usable);

/* The same as lines "name: value" for people. */
int show_text(json_t *shown, struct buf *out);

#endif
