#ifndef LK_TODO_UUID7_H
#define LK_TODO_UUID7_H

#include <stdbool.h>
#include <stdint.h>

#include "base/span.h"

/* UUID version 7 (RFC 9562 5.7) in its one spelling: lower case, with hyphens. Its order as text is the order of time.
 */

#define UUID7_SIZE 37 /* and a NUL */

/* A new one at `now_us`, microseconds since the epoch. The 12 bits after the milliseconds carry the fraction of one
 * (6.2 method 3), so ids sort by creation across processes too; inside a process each is greater than the last, even
 * when the clock is set back. The other 62 bits are random. LK_CRYPTO. */
int uuid7_make(int64_t now_us, char out[UUID7_SIZE]);

bool uuid7_valid(struct span s);

#endif
