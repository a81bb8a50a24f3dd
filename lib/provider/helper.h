#ifndef LK_PROVIDER_HELPER_H
#define LK_PROVIDER_HELPER_H

#include <stdint.h>

#include "provider/provider.h"

/* Starting jwks-fetch for one provider: fixed arguments, a session of its own, default signals, no descriptor of ours
 * above standard error, and of our environment only LATCHKEY_*: a CGI's HTTP_PROXY is what a client sent. Failures are
 * logged. */

/* `missing`: the generation of a set that lacks a kid, 0: none. */

/* Runs it and waits; it is killed after `deadline_ms`.
 * Its log lines go to our standard error.
 * 0; LK_BUSY: another process is fetching, or it is too early; LK_UNAVAILABLE: anything else. What counts is the cache.
 */
int helper_run(const struct provider *p, uint64_t missing, int64_t deadline_ms);

/* Starts it and forgets it; it has nothing of ours that a server could wait for. LK_UNAVAILABLE: not started. */
int helper_detach(const struct provider *p, uint64_t missing);

#endif
