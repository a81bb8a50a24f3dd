#include "web/web.h"

#include <openssl/err.h>

#include "base/clock.h"
#include "base/error.h"
#include "base/json.h"
#include "base/secret.h"
#include "http/cookie.h"
#include "http/origin.h"
#include "http/problem.h"
#include "web/limits.h"

int web_open(char *const env[], void **state, const struct conf **conf, const char **fault)
{
    int error = secret_init();
    struct site *site = error ? NULL : calloc(1, sizeof *site);
    if (!site)
        return error ? error : LK_NOMEM;
    *state = site;
    error = site_open(env, site);
    *fault = buf_cstr(&site->fault);
    *conf = site->conf;
    return error;
}

void web_close(void *state)
{
    site_close(state);
    free(state);
}

void web_leave(void *state)
{
    site_leave(state);
}

void web_keep(void *state)
{
    ERR_clear_error(); /* what OpenSSL said of the request before */
    site_keep(state);
}

const char *web_fault(void *state)
{
    const struct site *site = state;
    return site->fault.n ? buf_cstr(&site->fault) : site->db ? db_fault(site->db) : NULL;
}

enum confine_kind web_confine_exchange(const struct conf *conf)
{
    return *conf->keys.signer ? CONFINE_COMMAND : CONFINE_FETCH;
}

enum confine_kind web_confine_refresh(const struct conf *conf)
{
    return *conf->keys.signer ? CONFINE_COMMAND : CONFINE_ALONE;
}

enum confine_kind web_confine_api(const struct conf *conf)
{
    return conf->api.accept == ACCEPT_OWN ? CONFINE_ALONE : CONFINE_FETCH;
}

int web_user(const struct request *req, struct response *res, struct buf *out)
{
    int error = form_get(span_of(req->query), "user", out);
    if (error == LK_NOT_FOUND || (!error && out->n))
        return 0;
    problem(res, 400, error == LK_SYNTAX ? "The query is malformed." : "user must be the subject of a user.");
    return WEB_ANSWERED;
}

struct origin_info web_origin(const struct request *req)
{
    return (struct origin_info){.address = req->address, .user_agent = req->user_agent, .request_id = req->id};
}

static void log_as(struct request *req, const char *subject, const char *session)
{
    snprintf(req->log_subject, sizeof req->log_subject, "%s", subject);
    snprintf(req->log_session, sizeof req->log_session, "%s", session);
}

static void render(struct response *res, const struct refusal *refusal)
{
    problem(res, refusal->status, refusal->detail);
    if (refusal->challenge[0])
        response_header(res, "WWW-Authenticate", refusal->challenge);
}

static void refresh_keys(void *refresh)
{
    provider_refresh(refresh);
}

void web_refresh_later(struct site *site, struct response *res)
{
    if (!site->refresh.provider)
        return;
    res->after = refresh_keys;
    res->after_context = &site->refresh;
}

/* Counts a token that was never good. A good one passes whatever its address did before, so that nobody can lock out
 * those behind the same address. LK_LIMITED: the address has to wait. */
static int count_failure(struct site *site, struct request *req, struct response *res, const struct refusal *refusal,
                         int64_t now)
{
    if (refusal->status != 401 || !refusal->error || refusal->reason == LK_JWT_EXPIRED ||
        refusal->reason == LK_SESSION_DEAD)
        return 0;
    if (web_limit_failures(site, req, res, LIMIT_BEARER, now * 1000000) == LK_LIMITED)
        return LK_LIMITED;
    web_failed(site, req, LIMIT_BEARER, now * 1000000);
    return 0;
}

/* A provider's key is not here, and the fetch begins when this answer has gone: it is worth trying again at once, not
 * after the pause of an outage. */
static int key_is_coming(struct request *req, struct response *res, const struct refusal *refusal)
{
    req->log_reason = lk_error_code(refusal->reason);
    response_header(res, "Retry-After", "2");
    render(res, refusal);
    return WEB_ANSWERED;
}

int web_admit(struct site *site, struct request *req, struct response *res, const struct demand *demand, bool write,
              int64_t now, struct principal *who)
{
    struct refusal refusal = {0};
    int error = guard_admit(site, req->authorization, demand, write, now, who, &refusal);
    web_refresh_later(site, res);
    if (error == LK_UNAVAILABLE && site->refresh.provider)
        return key_is_coming(req, res, &refusal);
    if (error && refusal.status >= 500)
        return error;
    if (error) {
        req->log_reason = lk_error_code(refusal.reason);
        if (count_failure(site, req, res, &refusal, now))
            return LK_LIMITED;
        render(res, &refusal);
        return WEB_ANSWERED;
    }
    log_as(req, who->subject, who->session);
    error = web_limit(site, req, res, LIMIT_TODOS_USER, span_of(who->subject), now * 1000000);
    if (error)
        db_rollback(site->db);
    return error;
}

bool web_may_change(const struct site *site, const struct request *req, struct response *res)
{
    if (origin_may_change(req, site->conf->site.origins, site->conf->site.url))
        return true;
    oauth_error(res, 403, "access_denied", "This origin may not use the session cookie.");
    return false;
}

int web_cookie(const struct site *site, const struct request *req, struct response *res, struct span *token)
{
    int error = cookie_get(req->cookie, site->conf->session.cookie, token);
    if (error == LK_SYNTAX)
        oauth_error(res, 400, "invalid_request", "The session cookie was sent twice.");
    return error;
}

/* What the user should know: somebody presented an old refresh token, and a session was ended for it. */
static int add_notice(json_t *body, const struct session *session)
{
    char at[CLOCK_RFC3339_SIZE];
    clock_rfc3339(session->notice_at, at);
    json_t *notice =
        json_pack("{s:s,s:s,s:s}", "event", "refresh_token_reuse", "at", at, "device", session->notice_device);
    return json_object_set_new(body, "security_notice", notice) ? LK_NOMEM : 0;
}

void web_dead(struct response *res, const char *reason)
{
    static const char sentence[] = "The session has ended. Sign in again.";
    oauth_error(res, 400, "invalid_grant", sentence);
    json_t *body =
        reason ? json_pack("{s:s,s:s,s:s}", "error", "invalid_grant", "error_description", sentence, "reason", reason)
               : NULL;
    if (body)
        response_json(res, 400, "application/json", body);
    json_decref(body);
}

int web_issue(struct site *site, const struct session *session, int64_t now, struct grants *grants, struct buf *out)
{
    int error = site_signer(site);
    if (!error)
        error = site_claims(site);
    if (!error)
        error = claims_apply(site->claims, &session->who, grants);
    return error ? error : access_issue(site->conf, site->signer, session, grants, now, site_token_lifetime(site), out);
}

/* The token that was made ahead, if this is its session. */
static int take_token(struct site *site, const struct session *session, int64_t now, struct grants *grants,
                      struct buf *out)
{
    if (strcmp(site->ahead.id, session->id) != 0)
        return web_issue(site, session, now, grants, out);
    *grants = site->ahead.grants;
    return buf_span(out, buf_all(&site->ahead.token));
}

int web_tokens(struct site *site, struct request *req, struct response *res, struct session *session, int64_t now,
               bool issued_token_type)
{
    struct grants grants = {0};
    struct buf token = BUF_INIT(JWS_MAX);
    json_t *body = NULL;
    log_as(req, session->who.subject, session->id);
    int error = take_token(site, session, now, &grants, &token);
    if (error)
        goto out;
    body = json_pack("{s:s,s:s,s:I,s:s*}", "access_token", buf_cstr(&token), "token_type", "Bearer", "expires_in",
                     (json_int_t)site_token_lifetime(site), "scope", *grants.features ? grants.features : NULL);
    if (!body ||
        (issued_token_type && json_object_set_new(body, "issued_token_type",
                                                  json_string("urn:ietf:params:oauth:token-type:access_token")))) {
        error = LK_NOMEM;
        goto out;
    }
    if (session->notice_at && (error = add_notice(body, session)))
        goto out;
    response_json(res, 200, "application/json", body);
    response_header(res, "Cache-Control", "no-store");
    cookie_set(res, site->conf->session.cookie, session->refresh_token, session->cookie_max_age);
out:
    secret_wipe(session->refresh_token, sizeof session->refresh_token);
    json_decref(body);
    buf_free(&token);
    return error;
}

void web_forget(const struct site *site, struct response *res)
{
    cookie_set(res, site->conf->session.cookie, "", 0);
}
