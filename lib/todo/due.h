#ifndef LK_TODO_DUE_H
#define LK_TODO_DUE_H

#include <stdint.h>

#include "base/span.h"

/* When a todo is due: a date or a date-time of RFC 3339 5.6 ("2026-11-21", "2026-11-21T18:30:00+01:00"), in the years
 * 1 to 9999, up to 9 digits of a second's fraction, upper case T and Z, no leap second. */
#define DUE_SIZE 36 /* the longest, and a NUL */

/* Microseconds since the epoch; a date is its first instant in UTC. LK_SYNTAX. */
int due_parse(struct span s, int64_t *us);

#endif
