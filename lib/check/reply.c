#include "check/reply.h"

#include <ctype.h>
#include <strings.h>

#include "base/json.h"

#define COOKIES_MAX 16384
#define DEPTH       8
#define SEE_LOG     "the server's error log has the reason"

void reply_init(struct reply *r)
{
    *r = (struct reply){.cookies = BUF_INIT(COOKIES_MAX), .body = BUF_INIT(REPLY_BODY_MAX)};
}

void reply_free(struct reply *r)
{
    buf_free(&r->cookies);
    buf_free(&r->body);
}

/* ---- header fields ----------------------------------------------------------------------------------------------- */

static void keep(char *out, size_t cap, struct span value)
{
    snprintf(out, cap, "%.*s", (int)(value.n < cap ? value.n : cap - 1), value.p);
}

static void keep_type(struct reply *r, struct span value)
{
    struct span type = {NULL, 0};
    span_next(&value, ';', &type);
    keep(r->type, sizeof r->type, span_trim(type));
    for (char *c = r->type; *c; c++)
        *c = (char)tolower((unsigned char)*c);
}

static bool field_is(struct span name, const char *wanted)
{
    return name.n == strlen(wanted) && strncasecmp(name.p, wanted, name.n) == 0;
}

void reply_field(struct reply *r, struct span line)
{
    struct span name, value = line;
    while (value.n && (value.p[value.n - 1] == '\n' || value.p[value.n - 1] == '\r'))
        value.n--;
    if (!span_next(&value, ':', &name) || !value.p)
        return;
    value = span_trim(value);
    if (field_is(name, "Content-Type"))
        keep_type(r, value);
    else if (field_is(name, "WWW-Authenticate"))
        keep(r->challenge, sizeof r->challenge, value);
    else if (field_is(name, "Location"))
        keep(r->location, sizeof r->location, value);
    else if (field_is(name, "Set-Cookie") && !buf_span(&r->cookies, value))
        buf_str(&r->cookies, "\n");
}

/* ---- what any answer may be --------------------------------------------------------------------------------------
 */

static const struct {
    long status;
    const char *mend;
} usual[] = {
    {403, "let the server run the programs: Require all granted, and every directory above them a+x"},
    {404, "map the address to the directory of the CGIs; docs/hosting has each server's lines"},
    {405, "let the server pass every method on to the CGIs"},
    {411, "let the server accept a POST with Content-Length: 0, or without a body at all"},
    {413, "let the server take bodies of 70 KiB"},
    {429, "this host has failed too often: wait, at most [limits] lockout, and check again"},
    {502, SEE_LOG},
    {503, SEE_LOG},
};

static bool is_ours(const struct reply *r)
{
    return strcmp(r->type, "application/problem+json") == 0 ||
           (strcmp(r->type, "application/json") == 0 && r->body.n && r->body.p[0] == '{');
}

/* For an answer that no check has a better word for. */
static enum verdict unexpected(const struct reply *r, struct finding *f)
{
    const char *mend = SEE_LOG;
    if (r->status == 0)
        return finding_wrong(f,
                             "start the web server; if this host cannot reach its own public address, use --connect-to",
                             "no answer: %s", r->fault);
    if (r->status >= 300 && r->status < 400)
        return finding_wrong(f, "let [site] url and issuer be the addresses that need no redirection",
                             "the answer is a redirection to %s", r->location);
    if (r->status == 200 && r->body.n > 4 && memcmp(r->body.p, "\177ELF", 4) == 0)
        return finding_wrong(f, "let the server run what is there (ScriptAlias, cgi.assign, fcgiwrap)",
                             "the server hands the program out as a file");
    for (size_t i = 0; i < sizeof usual / sizeof usual[0]; i++)
        mend = usual[i].status == r->status ? usual[i].mend : mend;
    return finding_wrong(f, mend, "the answer is %ld%s", r->status,
                         is_ours(r) ? "" : ", and not one of Latchkey's programs gave it");
}

/* The member `error` of an OAuth answer is `wanted`. */
static bool error_is(const struct reply *r, const char *wanted)
{
    json_t *body = NULL;
    const char *error =
        json_read_object(buf_all(&r->body), REPLY_BODY_MAX, DEPTH, &body) ? NULL : json_text(body, "error");
    bool is = error && strcmp(error, wanted) == 0;
    json_decref(body);
    return is;
}

static bool is_challenge(const struct reply *r)
{
    return r->status == 401 && strncmp(r->challenge, "Bearer realm=\"latchkey\"", 23) == 0;
}

/* ---- the checks -------------------------------------------------------------------------------------------------- */

enum verdict reply_bare(const struct reply *r, struct finding *f)
{
    if (is_challenge(r) && !strstr(r->challenge, "error="))
        return CHECK_RIGHT;
    if (is_challenge(r))
        return finding_wrong(f, "let nothing before Latchkey add Authorization", "a token arrives that was not sent");
    if (r->status == 401)
        return finding_wrong(f, "let no password of the server's own protect the CGIs",
                             "something else than Latchkey asks for credentials");
    return unexpected(r, f);
}

enum verdict reply_bearer(const struct reply *r, struct finding *f)
{
    if (is_challenge(r) && strstr(r->challenge, "error=\"invalid_token\""))
        return CHECK_RIGHT;
    if (r->status == 429)
        return finding_right(f,
                             "it arrives; this host has sent so many bad tokens that the last one was not looked at");
    if (is_challenge(r))
        return finding_wrong(f, NULL, "the server does not pass it on: a bad token is answered as if there were none");
    return unexpected(r, f);
}

enum verdict reply_no_cookie(const struct reply *r, struct finding *f)
{
    if (r->status == 400 && error_is(r, "invalid_request"))
        return CHECK_RIGHT;
    if (r->status == 403 && error_is(r, "access_denied"))
        return finding_wrong(f, "let [site] url be the public address, with the scheme that browsers use",
                             "the site's own origin may not use the cookie");
    return unexpected(r, f);
}

enum verdict reply_cookie(const struct reply *r, struct finding *f)
{
    if (r->status == 400 && error_is(r, "invalid_grant"))
        return CHECK_RIGHT;
    if (r->status == 429)
        return finding_unknown(f, "this host has failed too often to be answered now");
    if (r->status == 400 && error_is(r, "invalid_request"))
        return finding_wrong(f, NULL, "Cookie does not arrive: the answer is that to a request without one");
    return unexpected(r, f);
}

static bool has_attribute(struct span cookie, const char *wanted)
{
    struct span part;
    while (span_next(&cookie, ';', &part))
        if (field_is(span_trim(part), wanted))
            return true;
    return false;
}

/* The first Set-Cookie of that name. */
static bool find_cookie(const struct reply *r, const char *name, struct span *out)
{
    char begin[256];
    int n = snprintf(begin, sizeof begin, "__Host-%s=", name);
    struct span rest = buf_all(&r->cookies);
    while (span_next(&rest, '\n', out))
        if (out->n >= (size_t)n && memcmp(out->p, begin, (size_t)n) == 0)
            return true;
    return false;
}

enum verdict reply_set_cookie(const struct reply *r, const char *name, struct finding *f)
{
    static const char *const wanted[] = {"Path=/", "Secure", "HttpOnly", "SameSite=Strict", "Max-Age=0"};
    struct span cookie;
    if (!find_cookie(r, name, &cookie))
        return finding_wrong(f, NULL, "there is no Set-Cookie for __Host-%s", name);
    for (size_t i = 0; i < sizeof wanted / sizeof wanted[0]; i++)
        if (!has_attribute(cookie, wanted[i]))
            return finding_wrong(f, NULL, "Set-Cookie has come without %s", wanted[i]);
    if (memmem(cookie.p, cookie.n, "omain=", 6))
        return finding_wrong(f, NULL, "Set-Cookie has got a Domain, with which browsers refuse it");
    return CHECK_RIGHT;
}

enum verdict reply_body(const struct reply *r, struct finding *f)
{
    if (r->status == 400 && error_is(r, "unsupported_grant_type"))
        return CHECK_RIGHT;
    if (r->status == 401 && error_is(r, "invalid_request"))
        return finding_wrong(f, NULL, "the body does not arrive");
    return unexpected(r, f);
}

enum verdict reply_path(const struct reply *r, struct finding *f)
{
    if (r->status == 404 && is_ours(r))
        return CHECK_RIGHT;
    if (r->status == 404)
        return finding_wrong(f, NULL, "the server itself answers 404 below a program's address");
    if (r->status == 401)
        return finding_wrong(f, NULL, "the program runs, but does not see the rest of the path");
    return unexpected(r, f);
}

enum verdict reply_jwks(const struct reply *r, struct span jwks, struct finding *f)
{
    if (r->status != 200) {
        enum verdict verdict = unexpected(r, f);
        if (r->status != 404)
            return verdict;
        return finding_wrong(f, NULL, "the answer is 404");
    }
    if (r->body.n != jwks.n || memcmp(buf_cstr(&r->body), jwks.p, jwks.n) != 0)
        return finding_wrong(
            f, "empty the cache before the site, and let the address lead to jwks.json itself and to no copy",
            "it is not what jwks.json has");
    if (strcmp(r->type, "application/json") != 0 && strcmp(r->type, "application/jwk-set+json") != 0)
        return finding_wrong(f, "let the server send .json as application/json", "it is sent as %s",
                             *r->type ? r->type : "no media type at all");
    return CHECK_RIGHT;
}
