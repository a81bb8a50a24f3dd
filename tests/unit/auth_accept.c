#include <sys/stat.h>

#include "auth/guard.h"
#include "auth/revocation.h"
#include "auth_fixture.h"
#include "base/file.h"
#include "provider/absent.h"
#include "provider/attempt.h"

/* Whose tokens the guard takes: a site with a session of its own for ann, and a provider whose keys are cached. */

#define PROVIDER "https://id.example"
#define JWKS     PROVIDER "/api/auth/jwks"

struct place {
    struct fixture x;
    struct site site;
    struct session session;
    struct jwk *key; /* the provider's */
    char cache[128], helper[128], ran[160];
};

static const struct demand nothing = {0}, todos = {.feature = "todos"}, reports = {.feature = "reports"},
                           admin = {.role = "admin"};

static struct jwk *new_key(const char *kid)
{
    struct jwk *key = NULL;
    ck_assert_int_eq(jwk_generate(jwa_find(span_of("ES256")), &key), 0);
    ck_assert_int_eq(jwk_set_kid(key, kid), 0);
    return key;
}

/* The provider's key as the cached set, fetched `ago` seconds before NOW. */
static void cached(struct place *p, int64_t ago)
{
    const struct cache_meta meta = {.fetched_at = NOW - ago, .fresh_for = 600, .serial = 5, .generation = 5};
    json_t *key = NULL;
    ck_assert_int_eq(jwk_to_public(p->key, &key), 0);
    json_t *set = json_pack("{s:[o]}", "keys", key);
    char *text = json_dumps(set, JSON_COMPACT);
    ck_assert_int_eq(cache_write(p->cache, JWKS, &meta, span_of(text)), 0);
    free(text);
    json_decref(set);
}

static void start(struct place *p, enum conf_accept accept)
{
    char script[256];
    fixture_start(&p->x);
    struct conf *conf = &p->x.conf;
    snprintf(p->cache, sizeof p->cache, "%s/cache", p->x.dir);
    snprintf(p->helper, sizeof p->helper, "%s/helper", p->x.dir);
    snprintf(p->ran, sizeof p->ran, "%s.ran", p->helper);
    snprintf(script, sizeof script, "#!/bin/sh\necho \"$@\" > %s\n", p->ran);
    ck_assert_int_eq(file_replace(p->helper, span_of(script), 0755, (uid_t)-1, (gid_t)-1), 0);
    conf->api.accept = accept;
    conf->keys.directory = p->x.dir;
    conf->provider_count = 1;
    conf->providers[0] = (struct conf_provider){.name = "",
                                                .issuer = PROVIDER,
                                                .audience = PROVIDER,
                                                .jwks_url = JWKS,
                                                .algorithms = "EdDSA ES256",
                                                .cache = p->cache,
                                                .fetch = p->helper,
                                                .proxy = "",
                                                .subject_prefix = "",
                                                .leeway = 60,
                                                .fresh = 600,
                                                .stale = 86400,
                                                .cooldown = 30};
    p->site = (struct site){.conf = conf, .fault = BUF_INIT(512)};
    p->site.signer = new_key("ours");
    ck_assert_int_eq(jwks_parse(span_of("{\"keys\":[]}"), NULL, NULL, &p->site.verifiers), 0);
    ck_assert_int_eq(jwks_add(p->site.verifiers, p->site.signer), 0);
    ck_assert_int_eq(exchange_with(&p->x, "proof", "", US(NOW), &p->session), 0);
    p->key = new_key("theirs");
    cached(p, 10);
}

static void stop(struct place *p)
{
    static const char *const ends[] = {"", CACHE_LOCK, CACHE_ATTEMPT, CACHE_ABSENT};
    struct stat st;
    ck_assert_int_ne(stat(p->ran, &st), 0); /* the guard never fetches */
    for (size_t i = 0; i < sizeof ends / sizeof ends[0]; i++) {
        char path[160];
        snprintf(path, sizeof path, "%s%s", p->cache, ends[i]);
        unlink(path);
    }
    unlink(p->helper);
    p->site.conf = NULL; /* the fixture's */
    site_close(&p->site);
    jwk_free(p->key);
    fixture_stop(&p->x);
}

static struct buf own_token(struct place *p)
{
    struct buf token = BUF_INIT(JWS_MAX);
    struct grants grants = {"user", "todos", ""};
    ck_assert_int_eq(access_issue(&p->x.conf, p->site.signer, &p->session, &grants, NOW, 900, &token), 0);
    return token;
}

/* A provider's token for ann, one claim replaced by JSON (NULL: none). */
static struct buf their_token(const struct jwk *key, const char *typ, const char *name, const char *value)
{
    struct buf token = BUF_INIT(JWS_MAX);
    json_t *claims = json_pack("{s:s,s:s,s:s,s:I,s:I,s:s,s:b,s:s}", "iss", PROVIDER, "aud", PROVIDER, "sub", "ann",
                               "iat", (json_int_t)(NOW - 5), "exp", (json_int_t)(NOW + 895), "email", "ann@example.org",
                               "emailVerified", 1, "role", "admin");
    ck_assert_ptr_nonnull(claims);
    if (name)
        json_object_set_new(claims, name, json_loads(value, JSON_DECODE_ANY, NULL));
    ck_assert_int_eq(jws_sign(key, typ, claims, &token), 0);
    json_decref(claims);
    return token;
}

/* The guard's verdict on a token, which is used up: 200 or the refusal's status. No transaction is left. */
static int ask(struct place *p, struct buf token, const struct demand *demand, int64_t now, struct principal *who)
{
    struct refusal r = {0};
    struct buf value = BUF_INIT(JWS_MAX);
    buf_printf(&value, "Bearer %s", buf_cstr(&token));
    int error = guard_admit(&p->site, buf_cstr(&value), demand, false, now, who, &r);
    if (error)
        ck_assert_int_eq(r.reason, error);
    else
        ck_assert_int_eq(db_commit(p->site.db), 0);
    buf_free(&value);
    buf_free(&token);
    return error ? r.status : 200;
}

static int verdict(struct place *p, struct buf token)
{
    struct principal who;
    return ask(p, token, &todos, NOW, &who);
}

START_TEST(each_mode_takes_its_own_tokens_and_no_others)
{
    static const struct {
        enum conf_accept accept;
        int own, theirs;
    } rows[] = {{ACCEPT_OWN, 200, 401}, {ACCEPT_PROVIDER, 401, 200}, {ACCEPT_BOTH, 200, 200}};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct place p;
        start(&p, rows[i].accept);
        ck_assert_int_eq(verdict(&p, own_token(&p)), rows[i].own);
        ck_assert_int_eq(verdict(&p, their_token(p.key, NULL, NULL, NULL)), rows[i].theirs);
        ck_assert_int_eq(verdict(&p, their_token(p.key, "JWT", NULL, NULL)), rows[i].theirs);
        stop(&p);
    }
}
END_TEST

START_TEST(with_own_alone_nothing_of_the_provider_is_looked_at)
{
    struct place p;
    start(&p, ACCEPT_OWN);
    ck_assert_int_eq(unlink(p.cache), 0);
    ck_assert_int_eq(verdict(&p, their_token(p.key, NULL, NULL, NULL)), 401); /* and not 503 */
    ck_assert_int_eq(verdict(&p, own_token(&p)), 200);
    ck_assert_ptr_null(p.site.refresh.provider);
    ck_assert_ptr_null(p.site.claims);
    stop(&p);
}
END_TEST

START_TEST(a_providers_token_gets_its_roles_from_the_policy_and_has_no_session)
{
    struct place p;
    struct principal who;
    struct refusal r;
    start(&p, ACCEPT_PROVIDER);
    ck_assert_int_eq(ask(&p, their_token(p.key, NULL, NULL, NULL), &admin, NOW, &who), 200);
    ck_assert_str_eq(who.subject, "ann");
    ck_assert_str_eq(who.session, "");
    ck_assert_str_eq(who.grants.roles, "user admin");
    ck_assert_str_eq(who.grants.features, "todos");
    ck_assert_str_eq(who.email, "ann@example.org");
    ck_assert(who.email_verified);
    ck_assert_int_eq(who.expires_at, NOW + 895);
    ck_assert_int_eq(ask(&p, their_token(p.key, NULL, "role", "\"user\""), &admin, NOW, &who), 403);
    ck_assert_int_eq(ask(&p, their_token(p.key, NULL, NULL, NULL), &reports, NOW, &who), 403);
    struct buf token = their_token(p.key, NULL, NULL, NULL), value = BUF_INIT(JWS_MAX);
    buf_printf(&value, "Bearer %s", buf_cstr(&token));
    ck_assert_int_eq(guard_admit(&p.site, buf_cstr(&value), &nothing, true, NOW, &who, &r), 0);
    ck_assert_int_eq(db_exec(p.site.db, "DELETE FROM todo", NULL, 0, NULL), 0); /* a write transaction is open */
    ck_assert_int_eq(db_commit(p.site.db), 0);
    buf_free(&token);
    buf_free(&value);
    stop(&p);
}
END_TEST

START_TEST(what_exchange_refuses_is_refused_here)
{
    static const struct {
        const char *name, *value;
    } rows[] = {{"iss", "\"https://id.example/\""},
                {"iss", "\"https://site.example\""},
                {"aud", "\"x\""},
                {"exp", "1799999940"},
                {"iat", "1800000061"},
                {"sub", "7"},
                {"emailVerified", "\"true\""}};
    static const enum conf_accept modes[] = {ACCEPT_PROVIDER, ACCEPT_BOTH};
    for (size_t m = 0; m < 2; m++) {
        struct place p;
        start(&p, modes[m]);
        struct jwk *thief = new_key("theirs");
        for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
            ck_assert_int_eq(verdict(&p, their_token(p.key, NULL, rows[i].name, rows[i].value)), 401);
        ck_assert_int_eq(verdict(&p, their_token(thief, NULL, NULL, NULL)), 401);
        ck_assert_int_eq(verdict(&p, their_token(p.key, "at+jwt", NULL, NULL)), 401);
        ck_assert_int_eq(verdict(&p, their_token(p.key, "logout+jwt", NULL, NULL)), 401);
        ck_assert_int_eq(verdict(&p, their_token(p.site.signer, NULL, "iss", "\"https://site.example\"")), 401);
        ck_assert_int_eq(verdict(&p, their_token(p.key, NULL, NULL, NULL)), 200);
        ck_assert_ptr_null(p.site.refresh.provider); /* none of them is a reason to fetch */
        jwk_free(thief);
        stop(&p);
    }
}
END_TEST

/* What is to be fetched after the answer: 0 nothing, 1 the set, 2 because of an unknown kid. */
static int to_fetch(const struct place *p)
{
    const struct proof_refresh *r = &p->site.refresh;
    return !r->provider ? 0 : r->order.missing ? 2 : 1;
}

START_TEST(nothing_is_fetched_but_a_fetch_is_left_for_afterwards)
{
    static const struct {
        int64_t ago; /* -1: nothing cached */
        bool asked;  /* a second ago, in vain */
        int status, fetch;
    } rows[] = {{10, false, 200, 0},    {599, true, 200, 0},    {600, false, 200, 1}, {600, true, 200, 0},
                {86399, false, 200, 1}, {86400, false, 503, 1}, {-1, false, 503, 1},  {-1, true, 503, 0}};
    struct place p;
    start(&p, ACCEPT_BOTH);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const struct attempt last = {.at = rows[i].asked ? NOW - 1 : 0, .outcome = "status 500"};
        if (rows[i].ago < 0)
            unlink(p.cache);
        else
            cached(&p, rows[i].ago);
        ck_assert_int_eq(attempt_write(p.cache, &last), 0);
        ck_assert_int_eq(verdict(&p, their_token(p.key, NULL, NULL, NULL)), rows[i].status);
        ck_assert_int_eq(to_fetch(&p), rows[i].fetch);
        ck_assert_int_eq(verdict(&p, own_token(&p)), 200); /* and that is forgotten with the next request */
        ck_assert_int_eq(to_fetch(&p), 0);
    }
    stop(&p);
}
END_TEST

START_TEST(an_unknown_key_is_503_until_the_provider_was_asked_for_it)
{
    struct place p;
    struct jwk *unknown = new_key("new");
    const struct attempt asked = {.at = NOW - 1, .miss_at = NOW - 1, .generation = 5, .outcome = "ok"};
    start(&p, ACCEPT_PROVIDER);
    ck_assert_int_eq(verdict(&p, their_token(unknown, NULL, NULL, NULL)), 503);
    ck_assert_int_eq(to_fetch(&p), 2);
    ck_assert_uint_eq(p.site.refresh.order.missing, 5);
    cached(&p, 0);
    ck_assert_int_eq(attempt_write(p.cache, &asked), 0);
    ck_assert_int_eq(verdict(&p, their_token(unknown, NULL, NULL, NULL)), 503); /* it may be newer than the set */
    ck_assert_int_eq(to_fetch(&p), 0);
    ck_assert_int_eq(verdict(&p, their_token(unknown, NULL, "iat", "1799999900")), 401);
    ck_assert_int_eq(absent_add(p.cache, 5, "new"), 0);
    ck_assert_int_eq(verdict(&p, their_token(unknown, NULL, NULL, NULL)), 401);
    ck_assert_int_eq(verdict(&p, their_token(p.key, NULL, NULL, NULL)), 200);
    jwk_free(unknown);
    stop(&p);
}
END_TEST

START_TEST(a_logout_does_not_reach_a_providers_token_but_ending_all_does)
{
    struct place p;
    start(&p, ACCEPT_BOTH);
    ck_assert_int_eq(session_end(p.x.db, &p.x.conf, span_of(p.session.refresh_token), &p.x.from, US(NOW), NULL), 0);
    ck_assert_int_eq(verdict(&p, own_token(&p)), 401);
    ck_assert_int_eq(verdict(&p, their_token(p.key, NULL, NULL, NULL)), 200);
    p.x.conf.providers[0].leeway = 0;
    ck_assert_int_eq(db_begin_write(p.x.db), 0);
    ck_assert_int_eq(revocation_set(p.x.db, "ann", US(NOW - 1)), 0);
    ck_assert_int_eq(db_commit(p.x.db), 0);
    ck_assert_int_eq(verdict(&p, their_token(p.key, NULL, NULL, NULL)), 401);
    ck_assert_int_eq(verdict(&p, their_token(p.key, NULL, "iat", "1799999999")), 200);
    ck_assert_int_eq(verdict(&p, their_token(p.key, NULL, "sub", "\"bob\"")), 200);
    stop(&p);
}
END_TEST

START_TEST(an_unusable_claims_policy_is_our_own_fault)
{
    struct place p;
    start(&p, ACCEPT_PROVIDER);
    p.x.conf.claims.file = "/nonexistent/claims.json";
    ck_assert_int_eq(verdict(&p, their_token(p.key, NULL, NULL, NULL)), 500);
    stop(&p);
}
END_TEST

UNIT_MAIN("auth_accept", each_mode_takes_its_own_tokens_and_no_others,
          with_own_alone_nothing_of_the_provider_is_looked_at,
          a_providers_token_gets_its_roles_from_the_policy_and_has_no_session, what_exchange_refuses_is_refused_here,
          nothing_is_fetched_but_a_fetch_is_left_for_afterwards,
          an_unknown_key_is_503_until_the_provider_was_asked_for_it,
          a_logout_does_not_reach_a_providers_token_but_ending_all_does, an_unusable_claims_policy_is_our_own_fault)
