#include "auth/guard.h"

#include "auth_fixture.h"

static bool bearer_is(const char *authorization, const char *expected)
{
    struct span token;
    return guard_bearer(authorization, &token) == 0 && span_equals(token, expected);
}

START_TEST(one_bearer_token_is_found)
{
    ck_assert(bearer_is("Bearer abc", "abc"));
    ck_assert(bearer_is("bearer abc", "abc"));
    ck_assert(bearer_is("BEARER   a.b-c_d~e+f/g==  ", "a.b-c_d~e+f/g=="));
}
END_TEST

START_TEST(no_credentials_for_us_is_not_an_error_of_form)
{
    static const char *const values[] = {
        NULL, "", "   ", "Basic dXNlcjpwYXNz", "Bearers abc", "Digest a=\"b\", c=\"d\""};
    struct span token;
    for (size_t i = 0; i < sizeof values / sizeof values[0]; i++)
        ck_assert_int_eq(guard_bearer(values[i], &token), LK_NOT_FOUND);
}
END_TEST

START_TEST(malformed_or_doubled_credentials_are_refused)
{
    static const char *const values[] = {"Bearer",
                                         "Bearer ",
                                         "Bearer =",
                                         "Bearer a b",
                                         "Bearer a,b",
                                         "Bearer a, Bearer b",
                                         "Bearer a, Basic b",
                                         "Basic a, Bearer b",
                                         "x,Bearer",
                                         "Bearer a=b",
                                         "Bearer \"a\"",
                                         "Bearer a;b",
                                         "Bearer \xc3\xa4"};
    struct span token;
    for (size_t i = 0; i < sizeof values / sizeof values[0]; i++)
        ck_assert_msg(guard_bearer(values[i], &token) == LK_SYNTAX, "%s", values[i]);
}
END_TEST

/* ---- a whole site ----------------------------------------------------------------------------------------------- */

struct place {
    struct fixture x;
    struct site site;
    struct session session;
    char authorization[2048];
};

static void say_hello(struct place *p, const char *roles, const char *features, int64_t now)
{
    struct buf token = BUF_INIT(JWS_MAX);
    struct grants grants = {.copied = ""};
    snprintf(grants.roles, sizeof grants.roles, "%s", roles);
    snprintf(grants.features, sizeof grants.features, "%s", features);
    ck_assert_int_eq(access_issue(&p->x.conf, p->site.signer, &p->session, &grants, now, 900, &token), 0);
    snprintf(p->authorization, sizeof p->authorization, "Bearer %s", buf_cstr(&token));
    buf_free(&token);
}

static void start(struct place *p)
{
    fixture_start(&p->x);
    p->site = (struct site){.conf = &p->x.conf, .fault = BUF_INIT(512)};
    p->x.conf.keys.directory = p->x.dir;
    ck_assert_int_eq(jwk_generate(jwa_find(span_of("ES256")), &p->site.signer), 0);
    ck_assert_int_eq(jwks_parse(span_of("{\"keys\":[]}"), NULL, NULL, &p->site.verifiers), 0);
    ck_assert_int_eq(jwks_add(p->site.verifiers, p->site.signer), 0);
    ck_assert_int_eq(exchange_with(&p->x, "proof", "", US(NOW), &p->session), 0);
    say_hello(p, "user", "todos", NOW);
}

static void stop(struct place *p)
{
    p->site.conf = NULL; /* the fixture's */
    site_close(&p->site);
    fixture_stop(&p->x);
}

static const struct demand nothing = {NULL, NULL, NULL}, todos = {NULL, "todos", "readonly"},
                           reports = {NULL, "reports", NULL}, admin = {"admin", NULL, NULL};

static void refused(struct place *p, const struct demand *demand, int64_t now, int status, const char *challenge)
{
    struct principal who;
    struct refusal r;
    int error = guard_admit(&p->site, p->authorization, demand, false, now, &who, &r);
    ck_assert_int_lt(error, 0);
    ck_assert_int_eq(r.reason, error);
    ck_assert_int_eq(r.status, status);
    ck_assert_str_eq(r.challenge, challenge);
    ck_assert_ptr_nonnull(r.detail);
    if (p->site.db)
        ck_assert_int_eq(db_commit(p->site.db), LK_STORE); /* no transaction is open */
}

START_TEST(a_good_token_of_a_live_session_is_admitted_inside_a_transaction)
{
    struct place p;
    struct principal who;
    struct refusal r;
    start(&p);
    ck_assert_int_eq(guard_admit(&p.site, p.authorization, &todos, false, NOW, &who, &r), 0);
    ck_assert_str_eq(who.subject, "ann");
    ck_assert_str_eq(who.session, p.session.id);
    ck_assert_int_eq(db_commit(p.site.db), 0);
    ck_assert_int_eq(guard_admit(&p.site, p.authorization, &nothing, true, NOW, &who, &r), 0);
    ck_assert_int_eq(db_exec(p.site.db, "DELETE FROM todo", NULL, 0, NULL), 0);
    ck_assert_int_eq(db_commit(p.site.db), 0);
    stop(&p);
}
END_TEST

START_TEST(without_credentials_the_challenge_is_bare)
{
    struct place p;
    start(&p);
    p.authorization[0] = '\0';
    refused(&p, &todos, NOW, 401, "Bearer realm=\"latchkey\"");
    snprintf(p.authorization, sizeof p.authorization, "Basic dXNlcjpwYXNz");
    refused(&p, &todos, NOW, 401, "Bearer realm=\"latchkey\"");
    stop(&p);
}
END_TEST

START_TEST(malformed_credentials_are_a_bad_request)
{
    struct place p;
    start(&p);
    snprintf(p.authorization, sizeof p.authorization, "Bearer a, Bearer b");
    refused(&p, &todos, NOW, 400,
            "Bearer realm=\"latchkey\", error=\"invalid_request\", "
            "error_description=\"The Authorization field is malformed.\"");
    stop(&p);
}
END_TEST

#define INVALID(text) "Bearer realm=\"latchkey\", error=\"invalid_token\", error_description=\"" text "\""

START_TEST(a_bad_or_expired_token_is_an_invalid_token)
{
    struct place p;
    start(&p);
    refused(&p, &todos, NOW + 960, 401, INVALID("The access token has expired."));
    char *near_end = p.authorization + strlen(p.authorization) - 5;
    *near_end = *near_end == 'A' ? 'B' : 'A';
    refused(&p, &todos, NOW, 401, INVALID("The access token is not valid."));
    snprintf(p.authorization, sizeof p.authorization, "Bearer abc");
    refused(&p, &todos, NOW, 401, INVALID("The access token is not valid."));
    stop(&p);
}
END_TEST

START_TEST(a_logout_takes_effect_at_the_next_request)
{
    struct place p;
    struct principal who;
    struct refusal r;
    start(&p);
    ck_assert_int_eq(guard_admit(&p.site, p.authorization, &todos, false, NOW + 1, &who, &r), 0);
    db_rollback(p.site.db);
    ck_assert_int_eq(session_end(p.x.db, &p.x.conf, span_of(p.session.refresh_token), &p.x.from, US(NOW + 1), NULL), 0);
    refused(&p, &todos, NOW + 1, 401, INVALID("The session has ended."));
    stop(&p);
}
END_TEST

START_TEST(a_missing_role_or_feature_is_insufficient_scope)
{
    struct place p;
    struct principal who;
    struct refusal r;
    start(&p);
    refused(&p, &reports, NOW, 403,
            "Bearer realm=\"latchkey\", error=\"insufficient_scope\", "
            "error_description=\"The access token does not allow this.\", scope=\"reports\"");
    refused(&p, &admin, NOW, 403,
            "Bearer realm=\"latchkey\", error=\"insufficient_scope\", "
            "error_description=\"The access token does not allow this.\"");
    say_hello(&p, "user admin", "todos reports", NOW);
    ck_assert_int_eq(guard_admit(&p.site, p.authorization, &reports, false, NOW, &who, &r), 0);
    db_rollback(p.site.db);
    ck_assert_int_eq(guard_admit(&p.site, p.authorization, &admin, false, NOW, &who, &r), 0);
    db_rollback(p.site.db);
    stop(&p);
}
END_TEST

START_TEST(a_reader_may_read_and_not_write)
{
    struct place p;
    struct principal who;
    struct refusal r;
    start(&p);
    say_hello(&p, "user readonly admin", "todos", NOW);
    ck_assert_int_eq(guard_admit(&p.site, p.authorization, &todos, false, NOW, &who, &r), 0);
    db_rollback(p.site.db);
    ck_assert_int_eq(guard_admit(&p.site, p.authorization, &todos, true, NOW, &who, &r), LK_FORBIDDEN);
    ck_assert_int_eq(r.status, 403);
    ck_assert_str_eq(r.error, "insufficient_scope");
    ck_assert_int_eq(guard_admit(&p.site, p.authorization, &nothing, true, NOW, &who, &r), 0); /* asks for none */
    db_rollback(p.site.db);
    say_hello(&p, "user", "todos", NOW);
    ck_assert_int_eq(guard_admit(&p.site, p.authorization, &todos, true, NOW, &who, &r), 0);
    db_rollback(p.site.db);
    stop(&p);
}
END_TEST

START_TEST(a_dead_session_is_told_before_a_missing_role)
{
    struct place p;
    start(&p);
    ck_assert_int_eq(session_end(p.x.db, &p.x.conf, span_of(p.session.refresh_token), &p.x.from, US(NOW + 1), NULL), 0);
    refused(&p, &admin, NOW + 1, 401, INVALID("The session has ended."));
    stop(&p);
}
END_TEST

START_TEST(our_own_faults_are_not_blamed_on_the_token)
{
    struct place p;
    start(&p);
    jwks_free(p.site.verifiers);
    p.site.verifiers = NULL;
    refused(&p, &todos, NOW, 500, ""); /* there is no jwks.json */
    stop(&p);
}
END_TEST

START_TEST(a_busy_database_is_503)
{
    struct place p;
    struct principal who;
    struct refusal r;
    start(&p);
    p.x.conf.store.busy = 0;
    ck_assert_int_eq(db_begin_write(p.x.db), 0);
    ck_assert_int_eq(guard_admit(&p.site, p.authorization, &todos, true, NOW, &who, &r), LK_BUSY);
    ck_assert_int_eq(r.status, 503);
    ck_assert_str_eq(r.challenge, "");
    ck_assert_ptr_null(r.error);
    ck_assert_int_eq(guard_admit(&p.site, p.authorization, &todos, false, NOW, &who, &r), 0);
    db_rollback(p.site.db);
    db_rollback(p.x.db);
    ck_assert_int_eq(guard_admit(&p.site, p.authorization, &todos, true, NOW, &who, &r), 0);
    db_rollback(p.site.db);
    stop(&p);
}
END_TEST

/* ---- what a process remembers of tokens that it has verified ------------------------------------------------------
 */

static bool is_admitted(struct place *p, int64_t now)
{
    struct principal who;
    struct refusal r;
    bool admitted = guard_admit(&p->site, p->authorization, &todos, false, now, &who, &r) == 0;
    if (admitted)
        ck_assert_str_eq(who.subject, "ann");
    db_rollback(p->site.db);
    return admitted;
}

/* What is admitted from now on was not verified. */
static void lose_keys(struct place *p)
{
    jwks_free(p->site.verifiers);
    ck_assert_int_eq(jwks_parse(span_of("{\"keys\":[]}"), NULL, NULL, &p->site.verifiers), 0);
}

static void start_remembering(struct place *p)
{
    start(p);
    p->site.kept = true;
    ck_assert(is_admitted(p, NOW));
    lose_keys(p);
    ck_assert(is_admitted(p, NOW));
}

START_TEST(a_token_is_verified_once_and_then_remembered)
{
    struct place p;
    start_remembering(&p);
    for (int i = 0; i < 3; i++)
        ck_assert(is_admitted(&p, NOW + i));
    stop(&p);
}
END_TEST

START_TEST(a_process_of_one_request_remembers_nothing)
{
    struct place p;
    start(&p);
    ck_assert(is_admitted(&p, NOW));
    ck_assert_ptr_null(p.site.memo);
    lose_keys(&p);
    ck_assert(!is_admitted(&p, NOW));
    stop(&p);
}
END_TEST

START_TEST(a_remembered_token_is_as_dead_as_its_session)
{
    struct place p;
    start_remembering(&p);
    ck_assert_int_eq(session_end(p.x.db, &p.x.conf, span_of(p.session.refresh_token), &p.x.from, US(NOW), NULL), 0);
    refused(&p, &todos, NOW, 401, INVALID("The session has ended."));
    stop(&p);
}
END_TEST

START_TEST(a_remembered_token_expires)
{
    struct place p;
    start_remembering(&p);
    ck_assert(is_admitted(&p, NOW + 899));
    ck_assert(!is_admitted(&p, NOW + 900)); /* the leeway is for a verification, which has no key here */
    ck_assert(!is_admitted(&p, NOW - 1));
    ck_assert(is_admitted(&p, NOW));
    stop(&p);
}
END_TEST

START_TEST(other_tokens_are_not_remembered_with_it)
{
    struct place p;
    char good[sizeof p.authorization];
    start_remembering(&p);
    memcpy(good, p.authorization, sizeof good);
    p.authorization[strlen(good) - 1] = '\0';
    ck_assert(!is_admitted(&p, NOW));
    memcpy(p.authorization, good, sizeof good);
    memcpy(p.authorization + strlen(good), "A", sizeof "A");
    ck_assert(!is_admitted(&p, NOW));
    memcpy(p.authorization, good, sizeof good);
    p.authorization[strlen(good) - 10] = p.authorization[strlen(good) - 10] == 'A' ? 'B' : 'A';
    ck_assert(!is_admitted(&p, NOW));
    say_hello(&p, "user", "todos", NOW);
    ck_assert(!is_admitted(&p, NOW));
    memcpy(p.authorization, good, sizeof good);
    ck_assert(is_admitted(&p, NOW));
    stop(&p);
}
END_TEST

START_TEST(what_was_refused_is_not_remembered)
{
    struct place p;
    start(&p);
    p.site.kept = true;
    say_hello(&p, "user", "todos", NOW - 2000);
    for (int i = 0; i < 2; i++)
        refused(&p, &todos, NOW, 401, INVALID("The access token has expired."));
    stop(&p);
}
END_TEST

UNIT_MAIN("auth_guard", one_bearer_token_is_found, no_credentials_for_us_is_not_an_error_of_form,
          malformed_or_doubled_credentials_are_refused, a_good_token_of_a_live_session_is_admitted_inside_a_transaction,
          without_credentials_the_challenge_is_bare, malformed_credentials_are_a_bad_request,
          a_bad_or_expired_token_is_an_invalid_token, a_logout_takes_effect_at_the_next_request,
          a_missing_role_or_feature_is_insufficient_scope, a_reader_may_read_and_not_write,
          a_dead_session_is_told_before_a_missing_role, our_own_faults_are_not_blamed_on_the_token,
          a_busy_database_is_503, a_token_is_verified_once_and_then_remembered,
          a_process_of_one_request_remembers_nothing, a_remembered_token_is_as_dead_as_its_session,
          a_remembered_token_expires, other_tokens_are_not_remembered_with_it, what_was_refused_is_not_remembered)
