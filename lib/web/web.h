#ifndef LK_WEB_WEB_H
#define LK_WEB_WEB_H

#include "auth/guard.h"
#include "base/confine.h"
#include "http/request.h"
#include "http/response.h"

/* Where HTTP meets the site: the only room that knows both requests and tokens. */

/* `open`, `close`, `leave`, `keep` and `fault` of a struct program whose state is a struct site. */
int web_open(char *const env[], void **state, const struct conf **conf, const char **fault);
void web_close(void *state);
void web_leave(void *state);
void web_keep(void *state);
const char *web_fault(void *state);

/* `confinement` of a struct program: of one that takes proofs and makes sessions, that makes access tokens, and of an
 * API. Only the first starts jwks-fetch, but for [api] accept; who makes tokens starts [keys] signer, if there is one.
 */
enum confine_kind web_confine_exchange(const struct conf *conf);
enum confine_kind web_confine_refresh(const struct conf *conf);
enum confine_kind web_confine_api(const struct conf *conf);

/* Leaves what the site has to fetch (site->refresh) for after the answer. */
void web_refresh_later(struct site *site, struct response *res);

/* The bearer guard for a request. 0: admitted, a transaction is open on site->db (see guard_admit).
 * WEB_ANSWERED: the refusal stands in `res`, the handler returns 0. Negative: a fault of ours, to be returned. */
#define WEB_ANSWERED 1
int web_admit(struct site *site, struct request *req, struct response *res, const struct demand *demand, bool write,
              int64_t now, struct principal *who);

/* The query parameter `user`, whose things an admin asks for; nothing is appended when it is absent. WEB_ANSWERED: it
 * is empty, too long or there twice (400 stands in `res`), or the query is malformed. */
int web_user(const struct request *req, struct response *res, struct buf *out);

/* Where the request came from, for the audit table. Points into the request. */
struct origin_info web_origin(const struct request *req);

/* True when a browser may change something with this request; otherwise 403 stands in `res`. */
bool web_may_change(const struct site *site, const struct request *req, struct response *res);

/* The refresh cookie. 0, or LK_NOT_FOUND, or LK_SYNTAX (two of the name; 400 stands in `res`). */
int web_cookie(const struct site *site, const struct request *req, struct response *res, struct span *token);

/* Appends an access token for the session; `grants` is what it says. */
int web_issue(struct site *site, const struct session *session, int64_t now, struct grants *grants, struct buf *out);

/* The answer of both token endpoints: access token in the body, refresh token in the cookie only, subject and session
 * in the log. Wipes the session's refresh token. `issued_token_type` is added for RFC 8693. */
int web_tokens(struct site *site, struct request *req, struct response *res, struct session *session, int64_t now,
               bool issued_token_type);

/* invalid_grant; with the reason for the holder of the last token, NULL for anybody else. */
void web_dead(struct response *res, const char *reason);

/* Clears the refresh cookie. */
void web_forget(const struct site *site, struct response *res);

#endif
