/* POST exchange: a BetterAuth proof in, a new session out (RFC 8693, or a bearer proof with an empty body). */
#include <unistd.h>

#include "base/clock.h"
#include "base/error.h"
#include "base/log.h"
#include "http/problem.h"
#include "http/serve.h"
#include "web/ahead.h"
#include "web/audit.h"
#include "web/limits.h"
#include "web/web.h"

#define GRANT_TOKEN_EXCHANGE "urn:ietf:params:oauth:grant-type:token-exchange"
#define TYPE_PREFIX          "urn:ietf:params:oauth:token-type:"

struct proof {
    struct span token;
    bool form;
    struct buf text; /* holds the token of the form */
};

static int refuse(struct response *res, int status, const char *error, const char *description)
{
    oauth_error(res, status, error, description);
    return WEB_ANSWERED;
}

/* The parameters of RFC 8693 2.1 besides the token. Whether absent, doubled or of another value, a refusal is one
 * sentence; the error code tells a foreign value from a malformed request. */
static const struct parameter {
    const char *name;
    bool required;
    const char *one, *other; /* values that are taken; NULL: none */
    const char *foreign;     /* error code for any other value */
    const char *sentence;
} parameters[] = {
    {"grant_type", true, GRANT_TOKEN_EXCHANGE, NULL, "unsupported_grant_type",
     "grant_type must be the one of token exchange, once."},
    {"subject_token_type", true, TYPE_PREFIX "jwt", NULL, "invalid_request",
     "subject_token_type must be the one of a JWT, once."},
    {"requested_token_type", false, TYPE_PREFIX "access_token", TYPE_PREFIX "jwt", "invalid_request",
     "requested_token_type can only be an access token."},
    {"actor_token", false, NULL, NULL, "invalid_request", "actor_token is not supported."},
};

static bool is_value(const struct buf *value, const char *wanted)
{
    return wanted && span_equals(buf_all(value), wanted);
}

static int check_parameter(const struct parameter *p, const struct request *req, struct response *res)
{
    struct buf value = BUF_INIT(256);
    int error = form_get(req->body, p->name, &value);
    bool taken = !error && (is_value(&value, p->one) || is_value(&value, p->other));
    buf_free(&value);
    if (taken || (error == LK_NOT_FOUND && !p->required))
        return 0;
    return refuse(res, 400, error && error != LK_TOO_LARGE ? "invalid_request" : p->foreign, p->sentence);
}

static int proof_from_form(const struct request *req, struct response *res, struct proof *proof)
{
    proof->form = true;
    for (size_t i = 0; i < sizeof parameters / sizeof parameters[0]; i++)
        if (check_parameter(&parameters[i], req, res))
            return WEB_ANSWERED;
    if (form_get(req->body, "subject_token", &proof->text) || proof->text.n == 0)
        return refuse(res, 400, "invalid_request", "subject_token must be there once and not be empty.");
    proof->token = buf_all(&proof->text);
    return 0;
}

static int proof_from_header(const struct request *req, struct response *res, struct proof *proof)
{
    switch (guard_bearer(req->authorization, &proof->token)) {
    case 0:
        return 0;
    case LK_NOT_FOUND:
        refuse(res, 401, "invalid_request", "A proof is needed: a bearer token, or the form of RFC 8693.");
        response_header(res, "WWW-Authenticate", "Bearer realm=\"latchkey\"");
        return WEB_ANSWERED;
    default:
        return refuse(res, 400, "invalid_request", "The Authorization field is malformed.");
    }
}

static int take_proof(const struct request *req, struct response *res, struct proof *proof)
{
    if (req->body.n && *req->authorization)
        return refuse(res, 400, "invalid_request", "Send the proof once: in Authorization or in the form.");
    return req->body.n ? proof_from_form(req, res, proof) : proof_from_header(req, res, proof);
}

/* Those that a proof can come to in honest hands are no attempts to guess one. */
static bool is_attempt(int reason)
{
    return reason != LK_JWT_EXPIRED && reason != LK_JWT_NOT_YET && reason != LK_PROOF_USED &&
           reason != LK_PROOF_REVOKED;
}

/* In the transaction that refused them. */
static bool is_audited(int reason)
{
    return reason == LK_PROOF_USED || reason == LK_PROOF_REVOKED;
}

/* RFC 8693 2.2.2 for the form, RFC 6750 3.1 for the bearer spelling. */
static int refuse_proof(struct site *site, struct request *req, struct response *res, bool form, int reason)
{
    int64_t now_us = clock_now_us();
    log_event("exchange.refused", "reason", lk_error_code(reason), "address", req->address, NULL);
    req->log_reason = lk_error_code(reason);
    if (is_attempt(reason))
        web_failed(site, req, LIMIT_PROOF, now_us);
    if (!is_audited(reason))
        web_audit_refused(site, req, reason, now_us);
    refuse(res, form ? 400 : 401, form ? "invalid_request" : "invalid_token", lk_error_text(reason));
    if (!form)
        response_headerf(res, "WWW-Authenticate",
                         "Bearer realm=\"latchkey\", error=\"invalid_token\", error_description=\"%s\"",
                         lk_error_text(reason));
    return 0;
}

/* Before any signature is looked at. */
static int limit(struct site *site, struct request *req, struct response *res, int64_t now_us)
{
    char address[LIMIT_ADDRESS_SIZE];
    limit_address(req->address, address);
    int error = web_limit_failures(site, req, res, LIMIT_PROOF, now_us);
    return error ? error : web_limit(site, req, res, LIMIT_EXCHANGE_ADDRESS, span_of(address), now_us);
}

static int make_session(struct site *site, struct request *req, struct response *res, const struct proof *proof)
{
    struct identity who;
    struct session session;
    struct span old = {NULL, 0};
    char id[SESSION_ID_SIZE];
    struct origin_info from = web_origin(req);
    int64_t now_us = clock_now_us();
    int error = web_cookie(site, req, res, &old);
    if (error == LK_SYNTAX)
        return 0;
    if ((error = limit(site, req, res, now_us)) != 0)
        return error;
    error = proof_verify(site->conf, proof->token, KEYSET_FETCH, now_us / 1000000, &who, &site->refresh);
    web_refresh_later(site, res);
    if (error)
        return proof_is_bad(error) ? refuse_proof(site, req, res, proof->form, error) : error;
    error = web_limit(site, req, res, LIMIT_EXCHANGE_SUBJECT, span_of(who.subject), now_us);
    if (error)
        return error;
    /* The key that signs is needed before the proof is spent. */
    if ((error = site_signer(site)) || (error = site_claims(site)) || (error = site_db(site)))
        return error;
    if ((error = claims_copy(site->claims, proof->token, &who)) != 0)
        return error;
    if ((error = ahead_of_exchange(site, &who, proof_unique_part(proof->token), now_us, id)) != 0)
        return error;
    error =
        session_create(site->db, site->conf, &who, proof_unique_part(proof->token), old, &from, now_us, id, &session);
    if (error == LK_PROOF_USED || error == LK_PROOF_REVOKED)
        return refuse_proof(site, req, res, proof->form, error);
    if (error)
        return error;
    return web_tokens(site, req, res, &session, now_us / 1000000, true);
}

static int exchange(struct request *req, struct response *res, void *state)
{
    struct proof proof = {.text = BUF_INIT(JWS_MAX)};
    int error = web_may_change(state, req, res) ? take_proof(req, res, &proof) : WEB_ANSWERED;
    if (!error)
        error = make_session(state, req, res, &proof);
    buf_free(&proof.text);
    return error == WEB_ANSWERED ? 0 : error;
}

static void policies(void *state, struct response *res)
{
    web_limit_policy(state, res, LIMIT_EXCHANGE_ADDRESS);
    web_limit_policy(state, res, LIMIT_EXCHANGE_SUBJECT);
}

static const struct route routes[] = {{METHOD_POST, "", "application/x-www-form-urlencoded", exchange, NULL}};

static const struct program program = {.name = "exchange",
                                       .routes = routes,
                                       .route_count = sizeof routes / sizeof routes[0],
                                       .body_max = JWS_MAX + 4096,
                                       .oauth = true,
                                       .open = web_open,
                                       .close = web_close,
                                       .leave = web_leave,
                                       .keep = web_keep,
                                       .fields = policies,
                                       .fault = web_fault,
                                       .confinement = web_confine_exchange};

int main(void)
{
    _exit(serve(&program, environ));
}
