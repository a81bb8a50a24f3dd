#ifndef LK_AUTH_SITE_H
#define LK_AUTH_SITE_H

#include "auth/claims.h"
#include "auth/session.h"
#include "base/conf.h"
#include "base/watch.h"
#include "jose/jwks.h"
#include "provider/proof.h"
#include "store/db.h"

enum site_part { SITE_SIGNER, SITE_VERIFIERS, SITE_CLAIMS, SITE_DB, SITE_LIMITS, SITE_PARTS };

/* What a program has open for its site. Each part is opened when first asked for, and then kept. */
struct site {
    struct conf *conf;
    char *const *env;
    struct db *db;
    struct db *limits;
    struct jwk *signer;
    int64_t longest_token; /* seconds: what `signer` may sign at most */
    struct jwks *verifiers;
    struct claims_policy *claims;
    struct memo *memo;            /* of what the verifiers have verified; NULL in a process of one request */
    struct proof_refresh refresh; /* to be given to provider_refresh after the answer */
    struct {
        char id[SESSION_ID_SIZE]; /* "": none was */
        struct grants grants;
        struct buf token;
    } ahead;          /* an access token that was made before its session (web/ahead.h) */
    int limits_error; /* of this request: the limits' database cannot be used, and is not waited for again */
    struct buf limits_fault;
    struct buf fault;               /* the last failure, one line for the log */
    struct watch watch[SITE_PARTS]; /* of what is open */
    bool kept;                      /* from request to request */
};

/* Reads the configuration. LK_CONFIG with site->fault set; site_close is due in either case. */
int site_open(char *const env[], struct site *out);
void site_close(struct site *site);
void site_leave(struct site *site); /* instead, when the process is about to end: memory is left to its end */

/* Before each request of a process that serves several (FastCGI): each part whose file has changed is forgotten, so
 * that it is opened anew when it is asked for, and nothing is left of the request before. (When latchkey.conf has
 * changed, site_close and site_open are due instead.) */
void site_keep(struct site *site);

/* LK_STORE, LK_BUSY, LK_CONFIG ...; site->fault says more. */
int site_db(struct site *site);
int site_limits(struct site *site); /* leaves site->fault alone: limits_fault says why; or limits_error */
int site_signer(struct site *site);

/* Seconds that an access token lives, once site_signer has succeeded: as configured, but never longer than the gates of
 * the key directory count with. */
int64_t site_token_lifetime(const struct site *site);
int site_verifiers(struct site *site);
int site_claims(struct site *site);

#endif
