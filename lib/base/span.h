#ifndef LK_BASE_SPAN_H
#define LK_BASE_SPAN_H

#include <stdbool.h>
#include <stddef.h>

/* Bytes that somebody else owns. Not terminated. */
struct span {
    const char *p;
    size_t n;
};

struct span span_of(const char *cstring); /* NULL gives an empty span */
bool span_equals(struct span s, const char *cstring);

/* Takes the next part of `*rest` up to `separator`; false when nothing is left. "a,,b" gives three parts. */
bool span_next(struct span *rest, char separator, struct span *part);

/* Without leading and trailing spaces and tabs (RFC 9110 OWS). */
struct span span_trim(struct span s);

#endif
