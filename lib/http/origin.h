#ifndef LK_HTTP_ORIGIN_H
#define LK_HTTP_ORIGIN_H

#include "http/request.h"
#include "http/response.h"

/* Who may use a browser to call us. `allowed` is a space separated list of origins; the origin of `url`, the site's own
 * public address, is always one of it. */

/* The origin of a URL, as a browser sends it; into `url`. Empty: it is none. */
struct span origin_of(const char *url);

/* CORS fields for an answer, preflights included, and Vary: Origin always. Echoes an exact allowed origin, never "*".
 */
void cors_apply(const struct request *req, struct response *res, const char *allowed, const char *url);

/* The answer to OPTIONS (204), `methods` being what the path allows; for an allowed origin also what a preflight asks.
 * cors_apply comes on top, as for every answer. */
void cors_preflight(const struct request *req, struct response *res, const char *allowed, const char *url,
                    const char *methods);

/* May this request change something with a cookie? An Origin must be an allowed one; without Origin, Sec-Fetch-Site
 * must be absent (no browser) or same-origin. */
bool origin_may_change(const struct request *req, const char *allowed, const char *url);

#endif
