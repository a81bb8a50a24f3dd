/* What the network says: BetterAuth, and the site through its own web server. */
#include "auth/refresh_token.h"
#include "base/clock.h"
#include "base/error.h"
#include "base/file.h"
#include "check/judge.h"
#include "http/origin.h"
#include "inspect.h"
#include "keys/keyring.h"
#include "provider/answer.h"

#define URL_MAX 4096

/* ---- BetterAuth -------------------------------------------------------------------------------------------------- */

static enum verdict judge_keys(const struct provider *p, struct span body, struct finding *f)
{
    struct buf keys = BUF_INIT(JWKS_MAX_BYTES);
    size_t usable = 0;
    int error = answer_keys(body, NULL, NULL, &keys, &usable);
    buf_free(&keys);
    return error ? finding_wrong(f,
                                 "[provider] jwks_url must lead to BetterAuth's keys, as its jwt plugin publishes them",
                                 "%s has no usable key: %s", p->jwks_url, lk_error_text(error))
                 : CHECK_RIGHT;
}

static enum verdict ask_provider(struct inspection *in, const struct provider *p, struct clocks *clocks,
                                 struct finding *f)
{
    struct reply reply;
    struct ask ask = {.method = "GET", .url = p->jwks_url, .fields = {"Accept: application/json"}, .proxy = p->proxy};
    enum verdict verdict;
    http_ask(in->curl, in->options, &ask, &reply);
    *clocks = (struct clocks){reply.date, clock_now()};
    if (reply.status == 0)
        verdict = finding_wrong(f, NULL, "%s: %s", p->jwks_url, reply.fault);
    else if (reply.status != 200)
        verdict = finding_wrong(f, NULL, "%s answers %ld", p->jwks_url, reply.status);
    else
        verdict = judge_keys(p, buf_all(&reply.body), f);
    reply_free(&reply);
    return verdict;
}

static enum verdict read_provider(const struct provider *p, struct finding *f)
{
    struct answer answer;
    answer_init(&answer);
    enum verdict verdict = answer_file(conf_file_path(p->jwks_url), &answer)
                               ? finding_wrong(f, "bring the file", "%s: %s", p->jwks_url, answer.fault)
                               : judge_keys(p, buf_all(&answer.body), f);
    answer_free(&answer);
    return verdict;
}

enum verdict check_provider(void *context, struct finding *f)
{
    struct inspection *in = context;
    enum verdict verdict = CHECK_RIGHT;
    for (size_t i = 0; verdict == CHECK_RIGHT && i < in->site.conf->provider_count; i++) {
        struct provider p = provider_of(&in->site.conf->providers[i]);
        verdict = conf_file_path(p.jwks_url) ? read_provider(&p, f) : ask_provider(in, &p, &in->provider[i], f);
    }
    return verdict;
}

enum verdict check_provider_clock(void *context, struct finding *f)
{
    const struct inspection *in = context;
    enum verdict verdict = CHECK_UNKNOWN;
    for (size_t i = 0; i < in->site.conf->provider_count; i++) {
        const struct clocks *c = &in->provider[i];
        if (!c->theirs)
            continue;
        verdict =
            judge_clock(in->site.conf->providers[i].issuer, c->theirs, c->ours, in->site.conf->providers[i].leeway, f);
        if (verdict == CHECK_WRONG)
            return verdict;
    }
    return verdict == CHECK_UNKNOWN ? finding_unknown(f, "no answer has a Date") : verdict;
}

/* ---- the site ---------------------------------------------------------------------------------------------------- */

/* Asks for `path` below the directory of the CGIs. */
static void ask_site(struct inspection *in, const char *path, struct ask ask, struct reply *reply)
{
    char url[URL_MAX];
    const char *base = in->options->url ? in->options->url : in->site.conf->site.url;
    size_t n = strlen(base);
    snprintf(url, sizeof url, "%.*s/%s", (int)(n && base[n - 1] == '/' ? n - 1 : n), base, path);
    ask.url = url;
    ask.site = true;
    http_ask(in->curl, in->options, &ask, reply);
}

enum verdict check_server(void *context, struct finding *f)
{
    struct inspection *in = context;
    struct reply reply;
    ask_site(in, "todos", (struct ask){.method = "GET"}, &reply);
    in->server = (struct clocks){reply.date, clock_now()};
    enum verdict verdict = reply_bare(&reply, f);
    reply_free(&reply);
    return verdict;
}

enum verdict check_server_clock(void *context, struct finding *f)
{
    const struct inspection *in = context;
    if (!in->server.theirs)
        return finding_unknown(f, "the answer has no Date");
    return judge_clock("the web server", in->server.theirs, in->server.ours, in->site.conf->keys.leeway, f);
}

enum verdict check_authorization(void *context, struct finding *f)
{
    struct reply reply;
    ask_site(context, "todos", (struct ask){.method = "GET", .fields = {"Authorization: Bearer latchkey.check.none"}},
             &reply);
    enum verdict verdict = reply_bearer(&reply, f);
    reply_free(&reply);
    return verdict;
}

/* As a browser would from the site's own pages. */
static const char *own_origin(const struct inspection *in, char *out, size_t cap)
{
    struct span origin = origin_of(in->site.conf->site.url);
    snprintf(out, cap, "Origin: %.*s", (int)origin.n, origin.p);
    return out;
}

static void post_refresh(struct inspection *in, const char *body, struct reply *reply)
{
    char origin[URL_MAX];
    struct ask ask = {
        .method = "POST", .fields = {own_origin(in, origin, sizeof origin), "Content-Type:"}, .body = body};
    ask_site(in, "refresh", ask, reply);
}

/* Browsers send Content-Length: 0; lighttpd has 411 for who sends none at all. */
enum verdict check_post(void *context, struct finding *f)
{
    struct reply with, without;
    post_refresh(context, "", &with);
    post_refresh(context, NULL, &without);
    enum verdict verdict = reply_no_cookie(&with, f);
    if (verdict == CHECK_RIGHT && without.status == 411)
        verdict = finding_right(f, "a POST with Content-Length: 0 arrives; without that field the server answers 411");
    else if (verdict == CHECK_RIGHT)
        verdict = reply_no_cookie(&without, f);
    reply_free(&with);
    reply_free(&without);
    return verdict;
}

enum verdict check_body(void *context, struct finding *f)
{
    struct reply reply;
    ask_site(context, "exchange", (struct ask){.method = "POST", .body = "grant_type=latchkey-check"}, &reply);
    enum verdict verdict = reply_body(&reply, f);
    reply_free(&reply);
    return verdict;
}

enum verdict check_cookie(void *context, struct finding *f)
{
    struct inspection *in = context;
    struct refresh_token made_up;
    char text[REFRESH_TOKEN_SIZE], cookie[512], origin[URL_MAX];
    if (refresh_token_make(NULL, &made_up))
        return finding_unknown(f, "no random numbers");
    refresh_token_write(&made_up, text);
    snprintf(cookie, sizeof cookie, "Cookie: __Host-%s=%s", in->site.conf->session.cookie, text);
    reply_free(&in->cookie);
    ask_site(in, "refresh",
             (struct ask){.method = "POST",
                          .fields = {own_origin(in, origin, sizeof origin), "Content-Type:", cookie},
                          .body = ""},
             &in->cookie);
    return reply_cookie(&in->cookie, f);
}

enum verdict check_set_cookie(void *context, struct finding *f)
{
    const struct inspection *in = context;
    return reply_set_cookie(&in->cookie, in->site.conf->session.cookie, f);
}

enum verdict check_path(void *context, struct finding *f)
{
    struct reply reply;
    ask_site(context, "todos/latchkey/check", (struct ask){.method = "GET"}, &reply);
    enum verdict verdict = reply_path(&reply, f);
    reply_free(&reply);
    return verdict;
}

enum verdict check_proxy(void *context, struct finding *f)
{
    struct reply reply;
    ask_site(context, "todos", (struct ask){.method = "GET", .fields = {"Proxy: http://127.0.0.1:9"}}, &reply);
    enum verdict verdict = reply.status == 400 ? finding_right(f, "the server refuses it") : reply_bare(&reply, f);
    reply_free(&reply);
    return verdict;
}

/* ---- the key set ------------------------------------------------------------------------------------------------- */

enum verdict check_jwks(void *context, struct finding *f)
{
    struct inspection *in = context;
    char path[URL_MAX], url[URL_MAX];
    struct buf file = BUF_INIT(REPLY_BODY_MAX);
    struct reply reply;
    snprintf(url, sizeof url, "%s/.well-known/jwks.json", in->site.conf->site.issuer);
    int error = file_path(path, sizeof path, in->site.conf->keys.directory, KEYRING_JWKS);
    if (!error)
        error = file_read(path, FILE_TRUSTED, &file, NULL);
    http_ask(in->curl, in->options, &(struct ask){.method = "GET", .url = url, .site = true}, &reply);
    enum verdict verdict =
        error ? finding_unknown(f, "%s: %s", path, lk_error_text(error)) : reply_jwks(&reply, buf_all(&file), f);
    reply_free(&reply);
    buf_free(&file);
    return verdict;
}
