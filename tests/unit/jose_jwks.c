#include "jose_keys.h"

#define EC_A RFC7515_A3_PUBLIC
#define EC_B                                                                                                           \
    "\"kty\":\"EC\",\"crv\":\"P-256\",\"x\":\"04N0xi21hshyvBp7I167sbE_bXqyqkAPfefdklMO7wY\",\"y\":\"UI8exy-"           \
    "C06a7DUnjIdENkxeFtHM4-l_41LqEw9nVgmw\""
#define EC_521        RFC7515_A4_PUBLIC
#define OKP_A         RFC8037_A2_PUBLIC
#define RSA_A         RFC7515_A2_PUBLIC
#define KEYS(list)    "{\"keys\":[" list "]}"
#define NAMED(k, key) "{\"kid\":\"" k "\"," key "}"

static const struct jwa *alg_of(const char *name)
{
    return jwa_find(span_of(name));
}

static int find(const char *text, const char *kid, const char *alg)
{
    struct jwks *set = set_of(text);
    const struct jwk *key = NULL;
    int error = jwks_find(set, span_of(kid), alg_of(alg), &key);
    ck_assert_uint_eq(ERR_peek_error(), 0);
    ck_assert((error == 0) == (key != NULL));
    if (!error && *kid)
        ck_assert_str_eq(jwk_kid(key), kid);
    jwks_free(set);
    return error;
}

static int parse_error(const char *text)
{
    struct jwks *set = NULL;
    int error = jwks_parse(span_of(text), NULL, NULL, &set);
    if (!error)
        jwks_free(set);
    return error;
}

START_TEST(a_set_is_an_object_with_an_array_of_keys)
{
    ck_assert_int_eq(parse_error("{\"keys\":[]}"), 0);
    ck_assert_int_eq(parse_error(" {\"other\":1,\"keys\":[1,null,{}]} "), 0);
    static const char *const bad[] = {"",
                                      "[]",
                                      "null",
                                      "{}",
                                      "{\"keys\":{}}",
                                      "{\"keys\":null}",
                                      "{\"Keys\":[]}",
                                      "{\"keys\":[],\"keys\":[]}",
                                      "{\"keys\":[],\"\\u006beys\":[]}",
                                      "{\"keys\":[]}x",
                                      "{\"keys\":[}",
                                      "{\"keys\":[{\"kid\":\"a\",\"kid\":\"a\"}]}",
                                      "{\"keys\":[\"\\u0000\"]}",
                                      "{\"keys\":[[[[[[[[1]]]]]]]]}",
                                      "<html></html>",
                                      "{" EC_A "}"};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        ck_assert_msg(parse_error(bad[i]) == LK_SYNTAX, "%s", bad[i]);
}
END_TEST

START_TEST(a_set_is_bounded)
{
    struct buf text = BUF_INIT(JWKS_MAX_BYTES + 64);
    buf_str(&text, "{\"keys\":[1");
    for (size_t i = 1; i < JWKS_MAX_KEYS; i++)
        buf_str(&text, ",1");
    size_t n = text.n;
    buf_str(&text, "]}");
    ck_assert_int_eq(parse_error(buf_cstr(&text)), 0);
    text.n = n;
    buf_str(&text, ",1]}");
    ck_assert_int_eq(parse_error(buf_cstr(&text)), LK_TOO_LARGE);
    buf_reset(&text);
    buf_str(&text, "{\"keys\":[]}");
    while (text.n < JWKS_MAX_BYTES)
        buf_str(&text, " ");
    ck_assert_int_eq(parse_error(buf_cstr(&text)), 0);
    buf_str(&text, " ");
    ck_assert_int_eq(parse_error(buf_cstr(&text)), LK_TOO_LARGE);
    buf_free(&text);
}
END_TEST

START_TEST(a_key_is_found_by_kid)
{
    static const char set[] = KEYS(NAMED("a", EC_A) "," NAMED("b", EC_B) "," NAMED("r", RSA_A) "," NAMED("o", OKP_A));
    ck_assert_int_eq(find(set, "a", "ES256"), 0);
    ck_assert_int_eq(find(set, "b", "ES256"), 0);
    ck_assert_int_eq(find(set, "r", "RS256"), 0);
    ck_assert_int_eq(find(set, "r", "PS256"), 0);
    ck_assert_int_eq(find(set, "o", "EdDSA"), 0);
    static const char *const unknown[] = {"c", "A", "aa", "a ", "../a", "a' OR '1'='1"};
    for (size_t i = 0; i < sizeof unknown / sizeof unknown[0]; i++)
        ck_assert_int_eq(find(set, unknown[i], "ES256"), LK_JWS_NO_KEY);
}
END_TEST

START_TEST(the_algorithm_is_the_keys)
{
    static const char set[] = KEYS(NAMED("a", EC_A) "," NAMED("e", EC_521) "," NAMED("r", "\"alg\":\"RS256\"," RSA_A));
    ck_assert_int_eq(find(set, "a", "ES256"), 0);
    ck_assert_int_eq(find(set, "a", "ES512"), LK_JWS_KEY_MISMATCH);
    ck_assert_int_eq(find(set, "a", "RS256"), LK_JWS_KEY_MISMATCH);
    ck_assert_int_eq(find(set, "a", "EdDSA"), LK_JWS_KEY_MISMATCH);
    ck_assert_int_eq(find(set, "e", "ES512"), 0);
    ck_assert_int_eq(find(set, "e", "ES256"), LK_JWS_KEY_MISMATCH);
    ck_assert_int_eq(find(set, "r", "RS256"), 0);
    ck_assert_int_eq(find(set, "r", "PS256"), LK_JWS_KEY_MISMATCH);
    ck_assert_int_eq(find(set, "r", "ES256"), LK_JWS_KEY_MISMATCH);
}
END_TEST

START_TEST(two_keys_of_one_kid_and_type_are_both_unused)
{
    static const char twice[] = KEYS(NAMED("a", EC_A) "," NAMED("a", EC_B) "," NAMED("b", EC_B));
    ck_assert_int_eq(find(twice, "a", "ES256"), LK_JWS_AMBIGUOUS);
    ck_assert_int_eq(find(twice, "b", "ES256"), 0);
    ck_assert_int_eq(find(twice, "", "ES256"), 0); /* b is the only one left */
    ck_assert_int_eq(find(KEYS(NAMED("a", EC_A) "," NAMED("a", EC_A)), "a", "ES256"), LK_JWS_AMBIGUOUS);
    ck_assert_int_eq(find(KEYS(NAMED("a", EC_A) "," NAMED("a", EC_521)), "a", "ES256"), LK_JWS_AMBIGUOUS);
    ck_assert_int_eq(find(KEYS(NAMED("a", EC_A) ",{\"kid\":\"a\",\"kty\":\"EC\"}"), "a", "ES256"), LK_JWS_AMBIGUOUS);
    /* RFC 7517 4.5: one kid for alternatives of different types; and a twin for encryption is no rival */
    static const char types[] = KEYS(NAMED("a", EC_A) "," NAMED("a", RSA_A) "," NAMED("a", OKP_A));
    ck_assert_int_eq(find(types, "a", "ES256"), 0);
    ck_assert_int_eq(find(types, "a", "RS256"), 0);
    ck_assert_int_eq(find(types, "a", "EdDSA"), 0);
    ck_assert_int_eq(find(KEYS(NAMED("a", EC_A) "," NAMED("a", "\"use\":\"enc\"," EC_B)), "a", "ES256"), 0);
}
END_TEST

START_TEST(a_bad_key_is_absent_and_the_set_lives_on)
{
    static const char set[] = KEYS("1,null,[],\"x\",{},{\"kid\":\"bad\",\"kty\":\"EC\",\"crv\":\"P-256\"}," NAMED(
        "enc",
        "\"use\":\"enc\"," EC_B) "," NAMED("private", EC_A
                                           ",\"d\":\"AQ\"") ",{\"kid\":7," EC_A
                                                            "},{\"kid\":\"k\",\"kty\":\"oct\",\"k\":\"AQ\"}," NAMED(
                                                                "good", EC_A));
    ck_assert_int_eq(find(set, "good", "ES256"), 0);
    ck_assert_int_eq(find(set, "bad", "ES256"), LK_JWS_NO_KEY);
    ck_assert_int_eq(find(set, "enc", "ES256"), LK_JWS_NO_KEY);
    ck_assert_int_eq(find(set, "private", "ES256"), LK_JWS_NO_KEY);
    ck_assert_int_eq(find(set, "7", "ES256"), LK_JWS_NO_KEY);
    ck_assert_int_eq(find(set, "k", "ES256"), LK_JWS_KEY_MISMATCH);
    struct jwks *keys = set_of(set);
    ck_assert_uint_eq(jwks_usable(keys), 1);
    jwks_free(keys);
}
END_TEST

START_TEST(without_a_kid_exactly_one_key_must_fit)
{
    ck_assert_int_eq(find(KEYS("{" EC_A "}"), "", "ES256"), 0);
    ck_assert_int_eq(find(KEYS(NAMED("a", EC_A) "," NAMED("r", RSA_A)), "", "ES256"), 0);
    ck_assert_int_eq(find(KEYS(NAMED("a", EC_A) "," NAMED("e", EC_521)), "", "ES256"), 0);
    ck_assert_int_eq(find(KEYS("{" EC_A "},{" EC_B "}"), "", "ES256"), LK_JWS_AMBIGUOUS);
    ck_assert_int_eq(find(KEYS(NAMED("r", RSA_A)), "", "ES256"), LK_JWS_NO_KEY);
    ck_assert_int_eq(find(KEYS(""), "", "ES256"), LK_JWS_NO_KEY);
    ck_assert_int_eq(find(KEYS("{" EC_A "}"), "a", "ES256"), LK_JWS_NO_KEY);
}
END_TEST

struct skipped {
    size_t n;
    size_t index[8];
    char kid[8][JWK_KID_MAX + 1];
    int reason[8];
};

static void note(void *context, size_t index, const char *kid, int reason)
{
    struct skipped *s = context;
    ck_assert_uint_lt(s->n, 8);
    s->index[s->n] = index;
    s->reason[s->n] = reason;
    memcpy(s->kid[s->n++], kid, strlen(kid) + 1);
}

START_TEST(each_skipped_key_is_reported_with_its_reason)
{
    struct jwks *set = NULL;
    struct skipped s = {0};
    static const char text[] = KEYS(NAMED("good", RSA_A) "," NAMED("enc", "\"use\":\"enc\"," EC_B) ",7," NAMED(
        "two", EC_A) "," NAMED("two", EC_B) ",{\"kid\":\"a\\nb\"," EC_A "}," NAMED("d", EC_A ",\"d\":\"AQ\""));
    ck_assert_int_eq(jwks_parse(span_of(text), note, &s, &set), 0);
    ck_assert_uint_eq(s.n, 6);
    static const struct skipped want = {
        6,
        {1, 2, 3, 4, 5, 6},
        {"enc", "", "two", "two", "", "d"},
        {LK_JWK_USE, LK_JWK_FORM, LK_JWS_AMBIGUOUS, LK_JWS_AMBIGUOUS, LK_JWK_FORM, LK_JWK_PRIVATE}};
    for (size_t i = 0; i < 6; i++) {
        ck_assert_uint_eq(s.index[i], want.index[i]);
        ck_assert_str_eq(s.kid[i], want.kid[i]);
        ck_assert_int_eq(s.reason[i], want.reason[i]);
    }
    ck_assert_uint_eq(jwks_usable(set), 1);
    jwks_free(set);
}
END_TEST

START_TEST(an_added_key_verifies_and_adding_it_again_changes_nothing)
{
    const struct jwk *found = NULL;
    json_t *object = NULL;
    struct jwks *set = set_of(KEYS(NAMED("a", EC_A)));
    struct jwk *key = private_key("\"kid\":\"new\"," RFC8037_A1_PRIVATE);
    struct jwk *same = private_key("\"kid\":\"a\"," RFC7515_A3_PRIVATE);
    for (int i = 0; i < 2; i++) {
        ck_assert_int_eq(jwks_add(set, key), 0);
        ck_assert_int_eq(jwks_add(set, same), 0);
        ck_assert_uint_eq(jwks_usable(set), 2);
    }
    ck_assert_int_eq(jwks_find(set, span_of("new"), alg_of("EdDSA"), &found), 0);
    ck_assert(!jwk_is_private(found));
    ck_assert_int_eq(jwks_find(set, span_of("a"), alg_of("ES256"), &found), 0);
    ck_assert_int_eq(jwk_to_private(found, &object), LK_JWK_FORM);
    struct jwk *rival = private_key("\"kid\":\"a\"," RFC7515_A4_PRIVATE);
    ck_assert_int_eq(jwks_add(set, rival), 0);
    ck_assert_int_eq(jwks_find(set, span_of("a"), alg_of("ES256"), &found), LK_JWS_AMBIGUOUS);
    jwk_free(rival);
    jwk_free(same);
    jwk_free(key);
    jwks_free(set);
}
END_TEST

START_TEST(a_full_set_takes_no_more)
{
    struct jwks *set = set_of(KEYS(""));
    struct jwk *key = private_key(RFC8037_A1_PRIVATE);
    char kid[16];
    for (unsigned i = 0; i < JWKS_MAX_KEYS; i++) {
        snprintf(kid, sizeof kid, "k%u", i);
        ck_assert_int_eq(jwk_set_kid(key, kid), 0);
        ck_assert_int_eq(jwks_add(set, key), 0);
    }
    ck_assert_int_eq(jwk_set_kid(key, "over"), 0);
    ck_assert_int_eq(jwks_add(set, key), LK_TOO_LARGE);
    ck_assert_uint_eq(jwks_usable(set), JWKS_MAX_KEYS);
    jwk_free(key);
    jwks_free(set);
}
END_TEST

START_TEST(the_first_fitting_key_is_the_first_usable_one)
{
    const struct jwk *key = NULL;
    struct jwks *set = set_of(KEYS(
        "{}," NAMED("r", RSA_A) "," NAMED("enc", "\"use\":\"enc\"," EC_A) "," NAMED("a", EC_A) "," NAMED("b", EC_B)));
    ck_assert_int_eq(jwks_first(set, alg_of("ES256"), &key), 0);
    ck_assert_str_eq(jwk_kid(key), "a");
    ck_assert_int_eq(jwks_first(set, alg_of("EdDSA"), &key), LK_JWS_NO_KEY);
    jwks_free(set);
}
END_TEST

UNIT_MAIN("jose_jwks", a_set_is_an_object_with_an_array_of_keys, a_set_is_bounded, a_key_is_found_by_kid,
          the_algorithm_is_the_keys, two_keys_of_one_kid_and_type_are_both_unused,
          a_bad_key_is_absent_and_the_set_lives_on, without_a_kid_exactly_one_key_must_fit,
          each_skipped_key_is_reported_with_its_reason, an_added_key_verifies_and_adding_it_again_changes_nothing,
          a_full_set_takes_no_more, the_first_fitting_key_is_the_first_usable_one)
