#ifndef LK_AUTH_GUARD_H
#define LK_AUTH_GUARD_H

#include "auth/access.h"
#include "auth/site.h"

/* The bearer guard (RFC 6750): what an API calls first. One call gives a verified principal or a finished refusal.
 * Cookies and tokens in the URL do not exist for it. */

struct refusal {
    int status;          /* 400, 401, 403, 500 or 503 */
    const char *error;   /* invalid_request, invalid_token, insufficient_scope; NULL without credentials and for 5xx */
    const char *detail;  /* a sentence for people; nothing of the input */
    char challenge[256]; /* value of WWW-Authenticate; "" when there is none to send */
    int reason;          /* enum lk_error, for the log */
};

struct demand {
    const char *role;    /* must have; NULL: any */
    const char *feature; /* must have; NULL: any */
    const char *reader;  /* a role that may not write, whatever else it has; NULL: none */
};

/* Finds the one bearer token in an Authorization value (RFC 6750 2.1). LK_NOT_FOUND: absent, empty, or another scheme,
 * which is no credential for us; LK_SYNTAX: no token, more than one, or a malformed one. `*token` points into
 * `authorization`, which may be NULL. */
int guard_bearer(const char *authorization, struct span *token);

/* Takes this site's access tokens, or a provider's (KEYSET_CACHED: nothing is ever waited for), or both, as `[api]
 * accept` says. A provider's token has no session: the claims policy gives its roles, and it is good until it
 * expires, or until all sessions of its user are ended.
 * site->refresh says, whatever is returned, what is to be fetched after the answer.
 *
 * On 0 a read (or, with `write`, a write) transaction is open on site->db, in which the session (if there is one)
 * was seen alive; the caller runs its queries in it and commits or rolls back. On refusal LK_... and `refusal` is
 * complete; no transaction is open. */
int guard_admit(struct site *site, const char *authorization, const struct demand *demand, bool write, int64_t now,
                struct principal *who, struct refusal *refusal);

#endif
