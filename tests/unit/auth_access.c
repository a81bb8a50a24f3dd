#include "auth/access.h"

#include "auth_fixture.h"
#include "base/b64.h"
#include "base/json.h"

/* ---- a key, a session, a token ---------------------------------------------------------------------------------- */

struct bench {
    struct conf conf;
    struct jwk *key;
    struct jwks *keys;
    struct session session;
    struct grants grants;
    struct buf token;
};

static void start(struct bench *b, const char *alg)
{
    *b = (struct bench){.token = BUF_INIT(JWS_MAX)};
    b->conf.site.issuer = "https://site.example";
    b->conf.site.audience = "https://api.site.example";
    b->conf.site.client_id = "latchkey";
    b->conf.token.lifetime = 900;
    b->conf.keys.leeway = 60;
    ck_assert_int_eq(jwk_generate(jwa_find(span_of(alg)), &b->key), 0);
    ck_assert_int_eq(jwks_parse(span_of("{\"keys\":[]}"), NULL, NULL, &b->keys), 0);
    ck_assert_int_eq(jwks_add(b->keys, b->key), 0);
    b->session = (struct session){.id = "AAECAwQFBgcICQoLDA0ODw", .auth_time = NOW - 100, .created_at = NOW - 90};
    b->session.who = (struct identity){.subject = "ann", .email = "ann@example.org", .email_verified = true};
    b->grants = (struct grants){"user admin", "todos reports", ""};
}

static void stop(struct bench *b)
{
    buf_free(&b->token);
    jwks_free(b->keys);
    jwk_free(b->key);
}

static void issue(struct bench *b)
{
    buf_reset(&b->token);
    ck_assert_int_eq(access_issue(&b->conf, b->key, &b->session, &b->grants, NOW, 900, &b->token), 0);
}

static int verify(struct bench *b, int64_t now, struct principal *p)
{
    return access_verify(&b->conf, b->keys, buf_all(&b->token), now, p);
}

/* ---- issuing ---------------------------------------------------------------------------------------------------- */

static json_t *claims_of(struct bench *b)
{
    struct jws jws;
    struct buf payload = BUF_INIT(4096);
    json_t *claims = NULL;
    ck_assert_int_eq(jws_parse(buf_all(&b->token), JWA_ALL, &jws), 0);
    ck_assert_int_eq(jws_payload(&jws, &payload), 0);
    ck_assert_int_eq(json_read_object(buf_all(&payload), 4096, 8, &claims), 0);
    buf_free(&payload);
    return claims;
}

START_TEST(the_header_is_alg_typ_kid_and_the_claims_are_in_their_order)
{
    static const char *const order[] = {"iss", "aud",       "sub",   "client_id",      "iat",   "exp",      "jti",
                                        "sid", "auth_time", "email", "email_verified", "roles", "features", "scope"};
    struct bench b;
    struct jws jws;
    const char *name;
    json_t *value;
    size_t i = 0;
    start(&b, "ES256");
    issue(&b);
    ck_assert_int_eq(jws_parse(buf_all(&b.token), JWA_ALL, &jws), 0);
    ck_assert_str_eq(jws.typ, "at+jwt");
    ck_assert_str_eq(jws.alg->name, "ES256");
    ck_assert_str_eq(jws.kid, jwk_kid(b.key));
    json_t *claims = claims_of(&b);
    json_object_foreach(claims, name, value) ck_assert_str_eq(name, order[i++]);
    ck_assert_uint_eq(i, sizeof order / sizeof order[0]);
    ck_assert_str_eq(json_text(claims, "iss"), "https://site.example");
    ck_assert_str_eq(json_text(claims, "aud"), "https://api.site.example");
    ck_assert_str_eq(json_text(claims, "client_id"), "latchkey");
    ck_assert_str_eq(json_text(claims, "scope"), "todos reports");
    ck_assert_uint_eq(json_array_size(json_object_get(claims, "roles")), 2);
    ck_assert_uint_eq(strlen(json_text(claims, "jti")), 22);
    json_decref(claims);
    stop(&b);
}
END_TEST

START_TEST(each_algorithm_of_keytool_gives_a_token_that_verifies)
{
    static const char *const algorithms[] = {"ES256", "EdDSA", "RS256"};
    for (size_t i = 0; i < 3; i++) {
        struct bench b;
        struct principal p;
        start(&b, algorithms[i]);
        issue(&b);
        ck_assert_int_eq(verify(&b, NOW, &p), 0);
        ck_assert_str_eq(p.subject, "ann");
        ck_assert_str_eq(p.session, b.session.id);
        ck_assert_str_eq(p.email, "ann@example.org");
        ck_assert(p.email_verified);
        ck_assert_str_eq(p.grants.roles, "user admin");
        ck_assert_str_eq(p.grants.features, "todos reports");
        ck_assert_int_eq(p.auth_time, NOW - 100);
        ck_assert_int_eq(p.issued_at, NOW);
        ck_assert_int_eq(p.expires_at, NOW + 900);
        stop(&b);
    }
}
END_TEST

START_TEST(a_user_without_address_or_features_gets_a_token_too)
{
    struct bench b;
    struct principal p;
    start(&b, "ES256");
    b.session.who.email[0] = '\0';
    b.grants = (struct grants){"", "", ""};
    issue(&b);
    ck_assert_int_eq(verify(&b, NOW, &p), 0);
    ck_assert_str_eq(p.email, "");
    ck_assert(!p.email_verified);
    ck_assert_str_eq(p.grants.roles, "");
    json_t *claims = claims_of(&b);
    ck_assert_ptr_null(json_object_get(claims, "scope"));
    ck_assert_ptr_null(json_object_get(claims, "email"));
    json_decref(claims);
    stop(&b);
}
END_TEST

START_TEST(two_tokens_have_two_ids)
{
    struct bench b;
    start(&b, "ES256");
    issue(&b);
    json_t *first = claims_of(&b);
    issue(&b);
    json_t *second = claims_of(&b);
    ck_assert_str_ne(json_text(first, "jti"), json_text(second, "jti"));
    json_decref(first);
    json_decref(second);
    stop(&b);
}
END_TEST

START_TEST(roles_and_features_are_compared_as_whole_words)
{
    struct principal p = {.grants = {.roles = "user administrator", .features = "todos"}};
    ck_assert(principal_has_role(&p, "user"));
    ck_assert(!principal_has_role(&p, "admin"));
    ck_assert(principal_has_feature(&p, "todos"));
    ck_assert(!principal_has_feature(&p, "todo"));
}
END_TEST

/* ---- verifying -------------------------------------------------------------------------------------------------- */

START_TEST(a_token_ends_with_its_lifetime_and_the_leeway)
{
    struct bench b;
    struct principal p;
    start(&b, "ES256");
    issue(&b);
    ck_assert_int_eq(verify(&b, NOW + 900 + 59, &p), 0);
    ck_assert_int_eq(verify(&b, NOW + 900 + 60, &p), LK_JWT_EXPIRED);
    ck_assert_int_eq(verify(&b, NOW - 60, &p), 0);
    ck_assert_int_eq(verify(&b, NOW - 61, &p), LK_JWT_NOT_YET);
    stop(&b);
}
END_TEST

START_TEST(a_token_of_another_site_is_refused)
{
    struct bench b;
    struct principal p;
    start(&b, "ES256");
    issue(&b);
    b.conf.site.issuer = "https://other.example";
    ck_assert_int_eq(verify(&b, NOW, &p), LK_JWT_ISSUER);
    b.conf.site.issuer = "https://site.example";
    b.conf.site.audience = "https://other.example";
    ck_assert_int_eq(verify(&b, NOW, &p), LK_JWT_AUDIENCE);
    b.conf.site.audience = "https://api.site.example";
    ck_assert_int_eq(verify(&b, NOW, &p), 0);
    stop(&b);
}
END_TEST

START_TEST(another_key_does_not_verify)
{
    struct bench b, other;
    struct principal p;
    start(&b, "ES256");
    start(&other, "ES256");
    issue(&b);
    ck_assert_int_eq(access_verify(&b.conf, other.keys, buf_all(&b.token), NOW, &p), LK_JWS_NO_KEY);
    ck_assert_int_eq(jwk_set_kid(other.key, jwk_kid(b.key)), 0);
    ck_assert_int_eq(access_issue(&b.conf, other.key, &b.session, &b.grants, NOW, 900, &other.token), 0);
    ck_assert_int_eq(access_verify(&b.conf, b.keys, buf_all(&other.token), NOW, &p), LK_JWS_SIGNATURE);
    stop(&b);
    stop(&other);
}
END_TEST

START_TEST(an_algorithm_that_we_do_not_sign_with_is_refused)
{
    struct bench b;
    struct principal p;
    start(&b, "ES512");
    issue(&b);
    ck_assert_int_eq(verify(&b, NOW, &p), LK_JWS_ALG);
    stop(&b);
}
END_TEST

START_TEST(a_token_of_another_type_under_our_key_is_refused)
{
    static const char *const types[] = {NULL, "JWT", "logout+jwt", "at+jwt2"};
    struct bench b;
    struct principal p;
    start(&b, "ES256");
    issue(&b);
    json_t *claims = claims_of(&b);
    for (size_t i = 0; i < 4; i++) {
        buf_reset(&b.token);
        ck_assert_int_eq(jws_sign(b.key, types[i], claims, &b.token), 0);
        ck_assert_int_eq(verify(&b, NOW, &p), LK_JWS_TYP);
    }
    buf_reset(&b.token);
    ck_assert_int_eq(jws_sign(b.key, "application/AT+JWT", claims, &b.token), 0); /* RFC 7515 4.1.9, RFC 9068 4 */
    ck_assert_int_eq(verify(&b, NOW, &p), 0);
    json_decref(claims);
    stop(&b);
}
END_TEST

START_TEST(every_claim_is_required_and_its_type_checked)
{
    static const struct {
        const char *claim;
        const char *value; /* JSON; NULL: the claim is left out */
    } changes[] = {
        {"iss", NULL},
        {"iss", "1"},
        {"aud", NULL},
        {"aud", "[1]"},
        {"sub", NULL},
        {"sub", "\"\""},
        {"sub", "7"},
        {"client_id", NULL},
        {"client_id", "[]"},
        {"iat", NULL},
        {"iat", "\"1\""},
        {"exp", NULL},
        {"exp", "\"9999999\""},
        {"jti", NULL},
        {"jti", "1"},
        {"sid", NULL},
        {"sid", "\"short\""},
        {"sid", "\"AAECAwQFBgcICQoLDA0ODwAA\""},
        {"auth_time", NULL},
        {"auth_time", "true"},
        {"email", NULL},
        {"email", "null"},
        {"email", "\"\""},
        {"email_verified", NULL},
        {"email_verified", "1"},
        {"email_verified", "\"true\""},
        {"roles", NULL},
        {"roles", "\"admin\""},
        {"roles", "[1]"},
        {"roles", "[\"\"]"},
        {"roles", "[\"a b\"]"},
        {"features", NULL},
        {"features", "{}"},
        {"features", "[[\"todos\"]]"},
        {"scope", NULL},
        {"scope", "[\"todos\"]"},
        {"scope", "\"todos\""},
    };
    struct bench b;
    struct principal p;
    start(&b, "ES256");
    issue(&b);
    json_t *claims = claims_of(&b);
    for (size_t i = 0; i < sizeof changes / sizeof changes[0]; i++) {
        json_t *changed = json_copy(claims);
        if (changes[i].value)
            json_object_set_new(changed, changes[i].claim, json_loads(changes[i].value, JSON_DECODE_ANY, NULL));
        else
            json_object_del(changed, changes[i].claim);
        buf_reset(&b.token);
        ck_assert_int_eq(jws_sign(b.key, "at+jwt", changed, &b.token), 0);
        ck_assert_msg(verify(&b, NOW, &p) == LK_JWT_CLAIMS, "%s: %s", changes[i].claim, changes[i].value);
        json_decref(changed);
    }
    buf_reset(&b.token);
    ck_assert_int_eq(jws_sign(b.key, "at+jwt", claims, &b.token), 0);
    ck_assert_int_eq(verify(&b, NOW, &p), 0);
    json_decref(claims);
    stop(&b);
}
END_TEST

UNIT_MAIN("auth_access", the_header_is_alg_typ_kid_and_the_claims_are_in_their_order,
          each_algorithm_of_keytool_gives_a_token_that_verifies, a_user_without_address_or_features_gets_a_token_too,
          two_tokens_have_two_ids, roles_and_features_are_compared_as_whole_words,
          a_token_ends_with_its_lifetime_and_the_leeway, a_token_of_another_site_is_refused,
          another_key_does_not_verify, an_algorithm_that_we_do_not_sign_with_is_refused,
          a_token_of_another_type_under_our_key_is_refused, every_claim_is_required_and_its_type_checked)
