#include "provider_proof.h"

/* Two providers: the kit's own, without a name, and "b". */

#define OTHER "https://other.example"

/* A second provider, "b", with its own cache DIR/b and set; both sets were fetched 10 s before NOW. */
static void add_provider(struct kit *k, char path[128], const struct jwk *key)
{
    struct conf_provider *b = &k->conf.providers[1];
    const struct cache_meta meta = {.fetched_at = NOW - 10, .fresh_for = 600, .serial = 5, .generation = 5};
    *b = k->conf.providers[0];
    ck_assert_int_eq(file_path(path, 128, k->dir, "b"), 0);
    b->name = "b";
    b->issuer = b->audience = OTHER;
    b->jwks_url = OTHER "/jwks";
    b->cache = path;
    b->subject_prefix = "b:";
    k->conf.provider_count = 2;
    if (key)
        kit_set_of(k, "b", b->jwks_url, key, NULL, meta);
}

static json_t *claims_of(const char *issuer, const char *audience)
{
    json_t *claims = kit_claims();
    json_object_set_new(claims, "iss", json_string(issuer));
    json_object_set_new(claims, "aud", json_string(audience));
    return claims;
}

START_TEST(the_issuer_chooses_the_provider)
{
    struct kit k;
    char path[128];
    struct identity who;
    bool refresh = true;
    struct jwk *a = kit_key("EdDSA", "one"), *b = kit_key("ES256", "two");
    kit_open(&k);
    kit_helper(&k, "");
    cached(&k, a, 10);
    add_provider(&k, path, b);
    struct buf of_a = made(a, NULL, kit_claims()), of_b = made(b, NULL, claims_of(OTHER, OTHER));
    ck_assert_int_eq(verify(&k, &of_a, &who, &refresh), 0);
    ck_assert_str_eq(who.subject, "user-1");
    ck_assert_int_eq(verify(&k, &of_b, &who, &refresh), 0);
    ck_assert_str_eq(who.subject, "b:user-1");
    ck_assert_int_eq(verdict(&k, made(b, NULL, claims_of(OTHER "/", OTHER))), LK_JWT_ISSUER);
    ck_assert_int_eq(verdict(&k, made(b, NULL, claims_of("https://third.example", OTHER))), LK_JWT_ISSUER);
    ck_assert_int_eq(verdict(&k, made(b, NULL, claims_of(OTHER, ISSUER))), LK_JWT_AUDIENCE);
    ck_assert_uint_eq(kit_runs(&k), 0);
    buf_free(&of_a);
    buf_free(&of_b);
    jwk_free(a);
    jwk_free(b);
    kit_close(&k);
}
END_TEST

/* With a kid of its own it is unknown, with the other's it has the wrong signature; either way round. */
START_TEST(one_providers_key_never_vouches_for_anothers_issuer)
{
    struct kit k;
    char path[128];
    struct jwk *a = kit_key("EdDSA", "same"), *b = kit_key("EdDSA", "same"), *c = kit_key("EdDSA", "c");
    const struct cache_meta meta = {.fetched_at = NOW - 10, .fresh_for = 600, .serial = 5, .generation = 5};
    kit_open(&k);
    kit_helper(&k, "exit 0");
    add_provider(&k, path, b);
    cached(&k, a, 10);
    ck_assert_int_eq(verdict(&k, made(a, NULL, kit_claims())), 0);
    ck_assert_int_eq(verdict(&k, made(b, NULL, claims_of(OTHER, OTHER))), 0);
    ck_assert_int_eq(verdict(&k, made(a, NULL, claims_of(OTHER, OTHER))), LK_JWS_SIGNATURE);
    ck_assert_int_eq(verdict(&k, made(b, NULL, kit_claims())), LK_JWS_SIGNATURE);
    ck_assert_uint_eq(kit_runs(&k), 0);
    kit_set_of(&k, "cache", JWKS, a, c, meta);
    ck_assert_int_eq(verdict(&k, made(c, NULL, kit_claims())), 0);
    ck_assert_int_ne(verdict(&k, made(c, NULL, claims_of(OTHER, OTHER))), 0);
    kit_set_of(&k, "b", OTHER "/jwks", b, c, meta);
    kit_set_of(&k, "cache", JWKS, a, NULL, meta);
    ck_assert_int_eq(verdict(&k, made(c, NULL, claims_of(OTHER, OTHER))), 0);
    ck_assert_int_ne(verdict(&k, made(c, NULL, kit_claims())), 0);
    jwk_free(a);
    jwk_free(b);
    jwk_free(c);
    kit_close(&k);
}
END_TEST

START_TEST(each_provider_has_its_own_algorithms_and_leeway)
{
    struct kit k;
    char path[128];
    struct jwk *a = kit_key("EdDSA", "one"), *b = kit_key("ES256", "one");
    kit_open(&k);
    cached(&k, b, 10);
    add_provider(&k, path, b);
    k.conf.providers[0].algorithms = "EdDSA";
    k.conf.providers[1].algorithms = "ES256";
    ck_assert_int_eq(verdict(&k, made(b, NULL, kit_claims())), LK_JWS_ALG);
    ck_assert_int_eq(verdict(&k, made(b, NULL, claims_of(OTHER, OTHER))), 0);
    cached(&k, a, 10);
    ck_assert_int_eq(verdict(&k, made(a, NULL, kit_claims())), 0);
    k.conf.providers[1].leeway = 0;
    for (int i = 0; i < 2; i++) {
        json_t *claims = i ? claims_of(OTHER, OTHER) : kit_claims();
        json_object_set_new(claims, "exp", json_integer(NOW - 1));
        ck_assert_int_eq(verdict(&k, made(i ? b : a, NULL, claims)), i ? LK_JWT_EXPIRED : 0);
    }
    ck_assert_int_eq(provider_leeway(&k.conf), 60);
    jwk_free(a);
    jwk_free(b);
    kit_close(&k);
}
END_TEST

START_TEST(an_unknown_issuer_never_causes_a_fetch)
{
    struct kit k;
    char path[128];
    struct jwk *key = kit_key("EdDSA", "one");
    kit_open(&k);
    kit_helper(&k, "exit 1");
    add_provider(&k, path, NULL);
    ck_assert_int_eq(verdict(&k, made(key, NULL, claims_of("https://third.example", OTHER))), LK_JWT_ISSUER);
    ck_assert_uint_eq(kit_runs(&k), 0);
    ck_assert_int_eq(verdict(&k, made(key, NULL, claims_of(OTHER, OTHER))), LK_UNAVAILABLE);
    ck_assert_uint_eq(kit_runs(&k), 1);
    jwk_free(key);
    kit_close(&k);
}
END_TEST

START_TEST(only_the_tokens_own_provider_is_asked)
{
    struct kit k;
    char path[128];
    struct identity who;
    bool refresh = false;
    struct buf runs = BUF_INIT(1024);
    struct jwk *a = kit_key("EdDSA", "one"), *b = kit_key("EdDSA", "two");
    kit_open(&k);
    cached(&k, a, 10);
    add_provider(&k, path, NULL);
    kit_set_of(&k, "next", OTHER "/jwks", b, NULL,
               (struct cache_meta){.fetched_at = NOW, .fresh_for = 600, .serial = 6, .generation = 6});
    kit_helper(&k, "cp $DIR/next $DIR/b");
    ck_assert_int_eq(verdict(&k, made(b, NULL, claims_of(OTHER, OTHER))), 0);
    kit_read(&k, "runs", &runs);
    ck_assert_str_eq(buf_cstr(&runs), "run --provider=b\n");
    struct buf token = made(a, NULL, kit_claims()); /* the other's outage, pause or age is not its own */
    ck_assert_int_eq(unlink(path), 0);
    ck_assert_int_eq(verify(&k, &token, &who, &refresh), 0);
    ck_assert(!refresh);
    buf_free(&token);
    buf_free(&runs);
    jwk_free(a);
    jwk_free(b);
    kit_close(&k);
}
END_TEST

START_TEST(a_subject_is_prefixed_and_still_bounded)
{
    static const struct {
        size_t length;
        int of_a, of_b;
    } rows[] = {{1, 0, 0}, {253, 0, 0}, {254, 0, LK_JWT_CLAIMS}, {255, 0, LK_JWT_CLAIMS}};
    struct kit k;
    char path[128], sub[256];
    struct jwk *key = kit_key("EdDSA", "one");
    kit_open(&k);
    cached(&k, key, 10);
    add_provider(&k, path, key);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        json_t *of_a = kit_claims(), *of_b = claims_of(OTHER, OTHER);
        memset(sub, 'x', sizeof sub);
        sub[rows[i].length] = '\0';
        json_object_set_new(of_a, "sub", json_string(sub));
        json_object_set_new(of_b, "sub", json_string(sub));
        ck_assert_int_eq(verdict(&k, made(key, NULL, of_a)), rows[i].of_a);
        ck_assert_int_eq(verdict(&k, made(key, NULL, of_b)), rows[i].of_b);
    }
    jwk_free(key);
    kit_close(&k);
}
END_TEST

START_TEST(no_provider_can_name_anothers_user)
{
    static const struct {
        const char *of_a, *of_b; /* prefixes */
        const char *sub;         /* at the plain provider */
        int error;
    } rows[] = {{"", "b:", "b:user-1", LK_JWT_CLAIMS},
                {"", "b:", "b:", LK_JWT_CLAIMS},
                {"", "b:", "b", 0},
                {"", "b:", "B:user-1", 0},
                {"", "", "b:user-1", 0},
                {"a", "a:", ":user-1", LK_JWT_CLAIMS},
                {"a", "a:", "user-1", 0},
                {"b:", "", "user-1", 0},
                {"b:", "b:", "user-1", 0}};
    struct kit k;
    char path[128];
    struct jwk *key = kit_key("EdDSA", "one");
    kit_open(&k);
    cached(&k, key, 10);
    add_provider(&k, path, key);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        json_t *claims = kit_claims();
        k.conf.providers[0].subject_prefix = rows[i].of_a;
        k.conf.providers[1].subject_prefix = rows[i].of_b;
        json_object_set_new(claims, "sub", json_string(rows[i].sub));
        ck_assert_int_eq(verdict(&k, made(key, NULL, claims)), rows[i].error);
    }
    jwk_free(key);
    kit_close(&k);
}
END_TEST

UNIT_MAIN("provider_several", the_issuer_chooses_the_provider, one_providers_key_never_vouches_for_anothers_issuer,
          each_provider_has_its_own_algorithms_and_leeway, an_unknown_issuer_never_causes_a_fetch,
          only_the_tokens_own_provider_is_asked, a_subject_is_prefixed_and_still_bounded,
          no_provider_can_name_anothers_user)
