#ifndef LK_BASE_PARSE_H
#define LK_BASE_PARSE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/span.h"

/* Strict parsers: the whole span or nothing. All return 0 or LK_SYNTAX (LK_TOO_LARGE for a number over `max`). */

int parse_u64(struct span s, uint64_t max, uint64_t *out); /* decimal digits only, no sign, no leading zero */
int parse_duration(struct span s, int64_t *seconds);       /* "0" or NUMBER with s, m, h or d; at most ten years */
int parse_bool(struct span s, bool *out);                  /* yes or no */
int parse_hex(struct span s, uint8_t *out, size_t cap, size_t *n);

/* An identifier: 1 to `max` of A-Z a-z 0-9 - _ */
bool parse_is_ident(struct span s, size_t max);

/* True when the span has a control character (0 to 31, 127). */
bool parse_has_control(struct span s);

/* An origin as a browser sends it (RFC 6454 6.2): http(s)://host[:port], lower case, no path. */
bool parse_is_origin(struct span s);

#endif
