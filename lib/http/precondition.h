#ifndef LK_HTTP_PRECONDITION_H
#define LK_HTTP_PRECONDITION_H

#include "http/request.h"

/* Conditional requests (RFC 9110 section 13) and preferences (RFC 7240). Pure. */

/* An entity tag made of a number, with its quotes. `format` is another one whenever what is sent for the same number
 * changes from one release to the next. */
#define ETAG_SIZE 48
void etag_write(int format, int64_t number, char out[ETAG_SIZE]);

/* Does the field list `etag`? "*" lists every one. `weak`: the comparison that ignores W/. A malformed field lists
 * nothing. */
bool etag_listed(const char *field, const char *etag, bool weak);

/* Has the request conditions at all? Without any, a write need not know what it would change. */
bool has_precondition(const struct request *req);

/* What the request's conditions make of a resource that has `etag` (13.2.2): 0, go on; 304; 412. */
int precondition(const struct request *req, const char *etag);

/* Does the request prefer `preference`, such as "return=minimal"? Of two for one name the first counts. */
bool prefers(const struct request *req, const char *preference);

#endif
