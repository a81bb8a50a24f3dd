#ifndef LK_BASE_CLOCK_H
#define LK_BASE_CLOCK_H

#include <stdint.h>

#include "base/span.h"

/* Seconds and microseconds since the epoch, UTC. Only programs call these two: the rooms take `now` as an argument. */
int64_t clock_now(void);
int64_t clock_now_us(void);
/* Which boot this is, and how many seconds ago it was. Two readings with one id are that far apart whatever became of
 * the wall clock. `id` is "" when the system does not say. */
#define CLOCK_BOOT_ID_SIZE 37
struct clock_boot {
    char id[CLOCK_BOOT_ID_SIZE];
    int64_t seconds;
};
void clock_boot(struct clock_boot *out);
/* Microseconds since boot, unaffected by steps of the wall clock. */
int64_t clock_monotonic_us(void);

#define CLOCK_RFC3339_SIZE 21 /* 2026-11-21T10:00:00Z and NUL */

/* RFC 3339, UTC, whole seconds. Years 1970 to 9999; anything else is clamped. */
void clock_rfc3339(int64_t t, char out[CLOCK_RFC3339_SIZE]);

/* HTTP date (RFC 9110 5.6.7), "Sun, 06 Nov 1994 08:49:37 GMT". */
#define CLOCK_HTTP_SIZE 30
void clock_http(int64_t t, char out[CLOCK_HTTP_SIZE]);

#endif
