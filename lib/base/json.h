#ifndef LK_BASE_JSON_H
#define LK_BASE_JSON_H

#include <jansson.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/span.h"

/* Reading JSON that nobody vouches for: UTF-8, no duplicate names, no NUL (raw or escaped), bounded size and depth,
 * nothing after the value (RFC 8259, RFC 8725 3.6). The caller owns `*out`.
 * LK_TOO_LARGE: over `max` bytes. LK_SYNTAX: anything else. */
int json_read(struct span s, size_t max, unsigned depth, json_t **out);
int json_read_object(struct span s, size_t max, unsigned depth, json_t **out); /* and it must be an object */

/* A member's string, or NULL when it is absent or of another type. Owned by `object`. */
const char *json_text(const json_t *object, const char *name);

/* A NumericDate (RFC 7519 section 2) as seconds: an integer, or a real that is exactly one, from 0 to 2^53.
 * LK_NOT_FOUND: absent. LK_SYNTAX: another type or out of range. */
int json_seconds(const json_t *object, const char *name, int64_t *out);

/* Compact, members in the order of insertion. */
int json_write(const json_t *value, struct buf *out);

/* One string, for what is written too often to make a value of it first. LK_SYNTAX: it is no UTF-8. */
int json_write_text(struct span s, struct buf *out);

#endif
