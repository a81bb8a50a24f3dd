#ifndef LK_HTTP_COOKIE_H
#define LK_HTTP_COOKIE_H

#include <stdint.h>

#include "base/span.h"
#include "http/response.h"

/* The session cookie: __Host-NAME; Secure; HttpOnly; SameSite=Strict; Path=/ (RFC 6265bis). `name` is given without the
 * prefix. */

/* The one cookie __Host-NAME, as sent: quotes stay. LK_NOT_FOUND; LK_SYNTAX: two of that name, whatever their values.
 * `*value` points into `header`. */
int cookie_get(const char *header, const char *name, struct span *value);

/* `max_age` seconds; 0 clears. A value that is no cookie-octets (RFC 6265 4.1.1) is dropped and logged. */
void cookie_set(struct response *res, const char *name, const char *value, int64_t max_age);

#endif
