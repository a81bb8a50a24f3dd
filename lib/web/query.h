#ifndef LK_WEB_QUERY_H
#define LK_WEB_QUERY_H

#include "base/buf.h"

/* Appends "name=value" to a query, percent-encoded (RFC 3986 2.1), with "&" before it if it is not the first. */
int web_query_add(struct buf *out, struct span name, struct span value);

#endif
