#include "auth/guard.h"

#include <strings.h>

#include "auth/memo.h"
#include "auth/revocation.h"
#include "base/error.h"
#include "base/parse.h"

#define SCHEME "Bearer"
#define REALM  "Bearer realm=\"latchkey\""

/* ---- the header ------------------------------------------------------------------------------------------------- */

static bool is_scheme(struct span s)
{
    size_t n = sizeof SCHEME - 1;
    return s.n >= n && strncasecmp(s.p, SCHEME, n) == 0 && (s.n == n || s.p[n] == ' ' || s.p[n] == '\t');
}

/* b64token of RFC 6750 section 2.1. */
static bool is_b64token(struct span s)
{
    static const char others[] = ".~+/";
    while (s.n && s.p[s.n - 1] == '=')
        s.n--;
    for (size_t i = 0; i < s.n; i++)
        if (!parse_is_ident((struct span){s.p + i, 1}, 1) && !memchr(others, s.p[i], sizeof others - 1))
            return false;
    return s.n > 0;
}

int guard_bearer(const char *authorization, struct span *token)
{
    struct span value = span_trim(span_of(authorization)), rest = value, part;
    size_t bearers = 0;
    while (span_next(&rest, ',', &part)) /* servers join two fields of one name with a comma */
        bearers += is_scheme(span_trim(part));
    if (!bearers)
        return LK_NOT_FOUND;
    if (!is_scheme(value))
        return LK_SYNTAX;
    value = span_trim((struct span){value.p + sizeof SCHEME - 1, value.n - (sizeof SCHEME - 1)});
    if (!is_b64token(value))
        return LK_SYNTAX;
    *token = value;
    return 0;
}

/* ---- refusals --------------------------------------------------------------------------------------------------- */

static int refuse(struct refusal *r, int reason, int status, const char *error, const char *detail)
{
    *r = (struct refusal){.status = status, .error = error, .detail = detail, .reason = reason};
    if (status < 500)
        snprintf(r->challenge, sizeof r->challenge, error ? REALM ", error=\"%s\", error_description=\"%s\"" : REALM,
                 error, detail);
    return reason;
}

/* Ours or the machine's fault: says nothing about the credentials. */
static int refuse_fault(struct refusal *r, int reason)
{
    if (reason == LK_BUSY || reason == LK_UNAVAILABLE)
        return refuse(r, reason, 503, NULL, "The service is busy. Try again in a moment.");
    return refuse(r, reason, 500, NULL, "The service has an internal fault.");
}

static int refuse_credentials(struct refusal *r, int reason)
{
    if (reason == LK_NOT_FOUND)
        return refuse(r, reason, 401, NULL, "An access token is required.");
    return refuse(r, reason, 400, "invalid_request", "The Authorization field is malformed.");
}

static int refuse_token(struct refusal *r, int reason)
{
    static const struct {
        int reason;
        const char *detail;
    } known[] = {{LK_JWT_EXPIRED, "The access token has expired."},
                 {LK_SESSION_DEAD, "The session has ended."},
                 {0, "The access token is not valid."}};
    size_t i = 0;
    if (reason == LK_NOMEM || reason == LK_CRYPTO || reason == LK_SYSTEM || reason == LK_STORE || reason == LK_BUSY)
        return refuse_fault(r, reason);
    while (known[i].reason && known[i].reason != reason)
        i++;
    return refuse(r, reason, 401, "invalid_token", known[i].detail);
}

static int refuse_demand(struct refusal *r, const struct demand *demand)
{
    refuse(r, LK_FORBIDDEN, 403, "insufficient_scope", "The access token does not allow this.");
    size_t n = strlen(r->challenge);
    if (demand->feature)
        snprintf(r->challenge + n, sizeof r->challenge - n, ", scope=\"%s\"", demand->feature);
    return r->reason;
}

/* ---- admission -------------------------------------------------------------------------------------------------- */

static bool meets(const struct principal *p, const struct demand *d, bool write)
{
    return (!d->role || principal_has_role(p, d->role)) && (!d->feature || principal_has_feature(p, d->feature)) &&
           !(write && d->reader && principal_has_role(p, d->reader));
}

/* The signature and the claims, unless this process has verified this very token before. A process of one request
 * remembers nothing, and without memory for it one goes on verifying. */
static int verify_own(struct site *site, struct span token, int64_t now, struct principal *p)
{
    uint8_t digest[SHA256_SIZE];
    bool remembers = site->kept && (site->memo || memo_new(&site->memo) == 0) && secret_sha256(token, digest) == 0;
    if (remembers && memo_find(site->memo, digest, now, p))
        return 0;
    int error = access_verify(site->conf, site->verifiers, token, now, p);
    if (!error && remembers)
        memo_keep(site->memo, digest, now, p);
    return error;
}

/* One of our own: who it says, if the session turns out to be alive. */
static int know_own(struct site *site, struct span token, int64_t now, struct principal *p, struct refusal *r)
{
    int error = site_verifiers(site);
    if (error)
        return refuse_fault(r, error);
    error = verify_own(site, token, now, p);
    return error ? refuse_token(r, error) : 0;
}

/* A provider's: verified as exchange does, but with the keys that are cached; nothing is issued and nothing stored. */
static int know_foreign(struct site *site, struct span token, int64_t now, struct principal *p, struct refusal *r)
{
    struct identity who;
    int error = proof_verify(site->conf, token, KEYSET_CACHED, now, &who, &site->refresh);
    if (error)
        return proof_is_bad(error) ? refuse_token(r, error) : refuse_fault(r, error);
    *p = (struct principal){.email_verified = who.email_verified,
                            .auth_time = who.issued_at,
                            .issued_at = who.issued_at,
                            .expires_at = who.expires_at};
    snprintf(p->subject, sizeof p->subject, "%s", who.subject);
    snprintf(p->email, sizeof p->email, "%s", who.email);
    if (!(error = site_claims(site)))
        error = claims_apply(site->claims, &who, &p->grants);
    return error ? refuse_fault(r, error) : 0;
}

static bool is_foreign(enum conf_accept accept, struct span token)
{
    return accept == ACCEPT_PROVIDER || (accept == ACCEPT_BOTH && !access_is_own(token));
}

/* A session is alive or not. Without one there is the moment since which nothing older of this user counts. */
static int check_end(struct site *site, const struct principal *p, bool foreign, int64_t now)
{
    struct identity who = {.issued_at = p->issued_at};
    if (!foreign)
        return session_check(site->db, site->conf, p->session, p->subject, now);
    snprintf(who.subject, sizeof who.subject, "%s", p->subject);
    return revocation_check(site->db, site->conf, &who, now * 1000000 + 999999);
}

static int begin(struct site *site, bool write)
{
    int error = site_db(site);
    return error ? error : write ? db_begin_write(site->db) : db_begin_read(site->db);
}

int guard_admit(struct site *site, const char *authorization, const struct demand *demand, bool write, int64_t now,
                struct principal *who, struct refusal *refusal)
{
    struct span token = {NULL, 0};
    struct principal p;
    bool foreign = false;
    site->refresh = (struct proof_refresh){0};
    int error = guard_bearer(authorization, &token);
    if (error)
        return refuse_credentials(refusal, error);
    foreign = is_foreign(site->conf->api.accept, token);
    error = foreign ? know_foreign(site, token, now, &p, refusal) : know_own(site, token, now, &p, refusal);
    if (error)
        return error;
    if ((error = begin(site, write)) != 0)
        return refuse_fault(refusal, error);
    if ((error = check_end(site, &p, foreign, now)) != 0)
        refuse_token(refusal, error);
    else if (!meets(&p, demand, write))
        error = refuse_demand(refusal, demand);
    if (error)
        db_rollback(site->db);
    else
        *who = p;
    return error;
}
