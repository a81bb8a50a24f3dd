#ifndef LK_CHECK_REPLY_H
#define LK_CHECK_REPLY_H

#include <stdint.h>

#include "check/check.h"

/* What a web server answered, and what that says of how it runs the CGIs. Pure. */

#define REPLY_BODY_MAX 262144

struct reply {
    long status;         /* 0: there is no answer */
    char fault[160];     /* why there is none */
    int64_t date;        /* of Date, seconds since the epoch; 0 when absent */
    char type[96];       /* media type, lower case, without parameters; each "" when absent */
    char challenge[512]; /* WWW-Authenticate */
    char location[512];
    struct buf cookies; /* each Set-Cookie's value and a line feed */
    struct buf body;
};

void reply_init(struct reply *r);
void reply_free(struct reply *r);

/* Takes one header line, as it came; one that is not known here is ignored. Date is the caller's to read. */
void reply_field(struct reply *r, struct span line);

/* The answer to a GET of todos without credentials: does the program run at all? */
enum verdict reply_bare(const struct reply *r, struct finding *f);

/* The same with a bearer token that is none: does Authorization arrive? */
enum verdict reply_bearer(const struct reply *r, struct finding *f);

/* To a POST of refresh without a cookie. */
enum verdict reply_no_cookie(const struct reply *r, struct finding *f);

/* The same with a well-formed cookie that nobody has: does Cookie arrive; does the answer's Set-Cookie come back with
 * everything that the cookie `name` (without its prefix __Host-) must have? */
enum verdict reply_cookie(const struct reply *r, struct finding *f);
enum verdict reply_set_cookie(const struct reply *r, const char *name, struct finding *f);

/* To a POST of exchange with a form whose grant type does not exist: does a body arrive? */
enum verdict reply_body(const struct reply *r, struct finding *f);

/* To a GET of a path below todos that is none: does PATH_INFO arrive? */
enum verdict reply_path(const struct reply *r, struct finding *f);

/* To a GET of the key set, whose file has `jwks`. */
enum verdict reply_jwks(const struct reply *r, struct span jwks, struct finding *f);

#endif
