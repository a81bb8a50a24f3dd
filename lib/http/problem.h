#ifndef LK_HTTP_PROBLEM_H
#define LK_HTTP_PROBLEM_H

#include "http/response.h"

/* The two forms of an error answer. `detail` is a fixed sentence: input is never echoed, and a 5xx says nothing of the
 * inside. Fields that were added before stay (WWW-Authenticate, Retry-After). */

/* application/problem+json (RFC 9457): type about:blank, title, status, detail (NULL: none). */
void problem(struct response *res, int status, const char *detail);

/* The same with `errors`, an array of what is wrong in detail; takes no reference. */
void problem_errors(struct response *res, int status, const char *detail, json_t *errors);

/* OAuth error (RFC 6749 5.2): error, error_description (no quote or backslash); no-store. */
void oauth_error(struct response *res, int status, const char *error, const char *description);

const char *status_text(int status); /* "Not Found" */

#endif
