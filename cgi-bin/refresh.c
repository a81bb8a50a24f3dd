/* POST refresh: rotate the refresh token. DELETE refresh: end the session. The cookie is the only credential. */
#include <unistd.h>

#include "base/clock.h"
#include "base/error.h"
#include "base/log.h"
#include "http/problem.h"
#include "http/serve.h"
#include "web/ahead.h"
#include "web/limits.h"
#include "web/web.h"

/* Unknown, ended, expired and replayed look the same from outside, but to the holder of the last token: `why`. */
static int invalid_grant(struct site *site, struct request *req, struct response *res, int reason, const char *why)
{
    log_event("refresh.refused", "reason", lk_error_code(reason), "address", req->address, NULL);
    req->log_reason = lk_error_code(reason);
    if (reason == LK_SYNTAX || reason == LK_NOT_FOUND || reason == LK_SESSION_REUSE)
        web_failed(site, req, LIMIT_REFRESH, clock_now_us());
    web_dead(res, why);
    if (reason != LK_SESSION_REPLACED) /* this answer may overtake the one with the new cookie */
        web_forget(site, res);
    return 0;
}

static bool is_dead(int error)
{
    return error == LK_SYNTAX || error == LK_NOT_FOUND || error == LK_SESSION_DEAD || error == LK_SESSION_REPLACED ||
           error == LK_SESSION_REUSE;
}

/* The family is limited by the part of the token that names it, which nobody else knows. */
static int limit(struct site *site, struct request *req, struct response *res, struct span token, int64_t now_us)
{
    struct refresh_token presented;
    uint8_t family[SHA256_SIZE];
    int error = web_limit_failures(site, req, res, LIMIT_REFRESH, now_us);
    if (error || refresh_token_parse(token, &presented))
        return error;
    error = refresh_token_lookup_hash(&presented, family);
    secret_wipe(&presented, sizeof presented);
    return error ? error
                 : web_limit(site, req, res, LIMIT_REFRESH_FAMILY, (struct span){(const char *)family, sizeof family},
                             now_us);
}

static int rotate(struct request *req, struct response *res, void *state)
{
    struct site *site = state;
    struct session session;
    struct span token;
    struct origin_info from = web_origin(req);
    int64_t now_us = clock_now_us();
    if (!web_may_change(site, req, res))
        return 0;
    int error = web_cookie(site, req, res, &token);
    if (error == LK_NOT_FOUND)
        oauth_error(res, 400, "invalid_request", "There is no session cookie.");
    if (error)
        return 0;
    if ((error = limit(site, req, res, token, now_us)) != 0)
        return error;
    /* What can fail without the client's fault fails before the token is spent. */
    if ((error = site_signer(site)) || (error = site_claims(site)) || (error = site_db(site)))
        return error;
    if ((error = ahead_of_rotation(site, token, now_us)) != 0)
        return error;
    error = session_rotate(site->db, site->conf, token, &from, now_us, &session);
    if (is_dead(error))
        return invalid_grant(site, req, res, error,
                             error == LK_SESSION_DEAD || error == LK_SESSION_REPLACED ? session.reason : NULL);
    if (error)
        return error;
    return web_tokens(site, req, res, &session, now_us / 1000000, false);
}

static int logout(struct request *req, struct response *res, void *state)
{
    struct site *site = state;
    struct span token;
    struct origin_info from = web_origin(req);
    if (!web_may_change(site, req, res))
        return 0;
    int error = web_cookie(site, req, res, &token);
    if (error == LK_SYNTAX)
        return 0;
    if (!error) {
        if ((error = site_db(site)) ||
            (error = session_end(site->db, site->conf, token, &from, clock_now_us(), req->log_session)))
            return error;
    }
    response_empty(res, 204);
    web_forget(site, res);
    return 0;
}

static void policy(void *state, struct response *res)
{
    web_limit_policy(state, res, LIMIT_REFRESH_FAMILY);
}

static const struct route routes[] = {{METHOD_POST, "", NULL, rotate, NULL}, {METHOD_DELETE, "", NULL, logout, NULL}};

static const struct program program = {.name = "refresh",
                                       .routes = routes,
                                       .route_count = sizeof routes / sizeof routes[0],
                                       .body_max = 4096,
                                       .oauth = true,
                                       .open = web_open,
                                       .close = web_close,
                                       .leave = web_leave,
                                       .keep = web_keep,
                                       .fields = policy,
                                       .fault = web_fault,
                                       .confinement = web_confine_refresh};

int main(void)
{
    _exit(serve(&program, environ));
}
