#include <openssl/bn.h>
#include <openssl/ec.h>
#include <openssl/obj_mac.h>

#include "base/b64.h"
#include "provider/absent.h"
#include "provider_proof.h"

/* What the helper will bring: DIR/next, copied over the cache. */
static void coming(struct kit *k, const struct jwk *a, const struct jwk *b, uint64_t generation)
{
    kit_set(k, "next", a, b,
            (struct cache_meta){.fetched_at = NOW, .fresh_for = 600, .serial = 6, .generation = generation});
    kit_helper(k, "cp $DIR/next $DIR/cache");
}

/* ---- with a fresh set -----------------------------------------------------------------------------------------------
 */

START_TEST(a_genuine_token_of_every_algorithm_is_accepted)
{
    static const char *const algorithms[] = {"EdDSA", "ES256", "ES512", "RS256", "PS256"};
    for (size_t i = 0; i < sizeof algorithms / sizeof algorithms[0]; i++) {
        struct kit k;
        struct identity who;
        bool refresh = true;
        struct jwk *key = kit_key(algorithms[i], "one");
        kit_open(&k);
        kit_helper(&k, "");
        cached(&k, key, 10);
        struct buf token = made(key, NULL, kit_claims());
        ck_assert_int_eq(verify(&k, &token, &who, &refresh), 0);
        ck_assert_str_eq(who.subject, "user-1");
        ck_assert_str_eq(who.email, "alice@example.com");
        ck_assert(who.email_verified);
        ck_assert_str_eq(who.role, "admin,user");
        ck_assert(!refresh);
        ck_assert_uint_eq(kit_runs(&k), 0);
        buf_free(&token);
        jwk_free(key);
        kit_close(&k);
    }
}
END_TEST

START_TEST(an_algorithm_that_is_not_configured_is_refused)
{
    struct kit k;
    struct jwk *key = kit_key("ES256", "one");
    kit_open(&k);
    cached(&k, key, 10);
    k.conf.providers[0].algorithms = "EdDSA RS256";
    ck_assert_int_eq(verdict(&k, made(key, NULL, kit_claims())), LK_JWS_ALG);
    k.conf.providers[0].algorithms = "EdDSA ES256";
    ck_assert_int_eq(verdict(&k, made(key, NULL, kit_claims())), 0);
    jwk_free(key);
    kit_close(&k);
}
END_TEST

START_TEST(the_algorithm_is_bound_to_the_key)
{
    struct kit k;
    struct jwk *known = kit_key("ES256", "one"), *other = kit_key("EdDSA", "one");
    kit_open(&k);
    kit_helper(&k, "");
    cached(&k, known, 10);
    ck_assert_int_eq(verdict(&k, made(other, NULL, kit_claims())), LK_JWS_KEY_MISMATCH);
    ck_assert_int_eq(verdict(&k, made(known, NULL, kit_claims())), 0);
    ck_assert_uint_eq(kit_runs(&k), 0);
    jwk_free(known);
    jwk_free(other);
    kit_close(&k);
}
END_TEST

START_TEST(a_signature_by_another_key_of_that_name_is_refused)
{
    struct kit k;
    struct jwk *known = kit_key("ES256", "one"), *other = kit_key("ES256", "one");
    kit_open(&k);
    kit_helper(&k, "");
    cached(&k, known, 10);
    ck_assert_int_eq(verdict(&k, made(other, NULL, kit_claims())), LK_JWS_SIGNATURE);
    ck_assert_int_eq(verdict(&k, made(known, NULL, kit_claims())), 0);
    ck_assert_uint_eq(kit_runs(&k), 0);
    jwk_free(known);
    jwk_free(other);
    kit_close(&k);
}
END_TEST

START_TEST(a_token_of_another_type_is_refused)
{
    static const struct {
        const char *typ;
        int error;
    } rows[] = {{NULL, 0},
                {"JWT", 0},
                {"jwt", 0},
                {"application/jwt", 0},
                {"at+jwt", LK_JWS_TYP},
                {"application/at+jwt", LK_JWS_TYP},
                {"logout+jwt", LK_JWS_TYP},
                {"JWTX", LK_JWS_TYP},
                {"dpop+jwt", LK_JWS_TYP}};
    struct kit k;
    struct jwk *key = kit_key("EdDSA", "one");
    kit_open(&k);
    cached(&k, key, 10);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        ck_assert_int_eq(verdict(&k, made(key, rows[i].typ, kit_claims())), rows[i].error);
    jwk_free(key);
    kit_close(&k);
}
END_TEST

/* One claim of a good token changed; NULL takes it away. */
static const struct {
    const char *name, *value;
    int error;
} claim_rows[] = {
    {"exp", "1799999940", LK_JWT_EXPIRED},
    {"exp", "1799999941", 0},
    {"exp", "1799999941.0", 0},
    {"exp", "\"1800000900\"", LK_JWT_CLAIMS},
    {"exp", "1e300", LK_JWT_CLAIMS},
    {"exp", NULL, LK_JWT_CLAIMS},
    {"nbf", "1800000061", LK_JWT_NOT_YET},
    {"nbf", "1800000060", 0},
    {"nbf", "true", LK_JWT_CLAIMS},
    {"iat", "1800000061", LK_JWT_NOT_YET},
    {"iat", "1800000060", 0},
    {"iat", NULL, LK_JWT_CLAIMS},
    {"iss", "\"https://id.example/\"", LK_JWT_ISSUER},
    {"iss", "\"https://ID.example\"", LK_JWT_ISSUER},
    {"iss", "[\"https://id.example\"]", LK_JWT_CLAIMS},
    {"iss", NULL, LK_JWT_CLAIMS},
    {"aud", "\"https://other.example\"", LK_JWT_AUDIENCE},
    {"aud", "[]", LK_JWT_AUDIENCE},
    {"aud", "[\"https://other.example\",\"https://id.example\"]", 0},
    {"aud", "[\"https://id.example\",1]", LK_JWT_CLAIMS},
    {"aud", NULL, LK_JWT_CLAIMS},
    {"sub", NULL, LK_JWT_CLAIMS},
    {"sub", "7", LK_JWT_CLAIMS},
    {"email", NULL, 0},
    {"email", "null", 0},
    {"email", "[1]", LK_JWT_CLAIMS},
    {"emailVerified", NULL, 0},
    {"emailVerified", "false", 0},
    {"emailVerified", "\"true\"", LK_JWT_CLAIMS},
    {"emailVerified", "1", LK_JWT_CLAIMS},
    {"role", NULL, 0},
    {"role", "[\"admin\"]", LK_JWT_CLAIMS},
    {"image", "{\"any\":[\"thing\"]}", 0},
};
#define CLAIM_ROWS (sizeof claim_rows / sizeof claim_rows[0])

static json_t *changed_claims(size_t row)
{
    json_t *claims = kit_claims();
    json_object_del(claims, claim_rows[row].name);
    if (claim_rows[row].value)
        json_object_set_new(claims, claim_rows[row].name, json_loads(claim_rows[row].value, JSON_DECODE_ANY, NULL));
    return claims;
}

START_TEST(every_claim_is_checked)
{
    struct kit k;
    struct jwk *key = kit_key("EdDSA", "one");
    kit_open(&k);
    kit_helper(&k, "");
    cached(&k, key, 10);
    for (size_t i = 0; i < CLAIM_ROWS; i++)
        ck_assert_int_eq(verdict(&k, made(key, NULL, changed_claims(i))), claim_rows[i].error);
    ck_assert_uint_eq(kit_runs(&k), 0);
    jwk_free(key);
    kit_close(&k);
}
END_TEST

START_TEST(rubbish_never_causes_a_fetch)
{
    struct kit k;
    struct jwk *key = kit_key("EdDSA", "one");
    struct buf large = BUF_INIT(JWS_MAX + 2);
    kit_open(&k);
    kit_helper(&k, "");
    for (size_t i = 0; i < CLAIM_ROWS; i++)
        if (claim_rows[i].error)
            ck_assert_int_eq(verdict(&k, made(key, NULL, changed_claims(i))), claim_rows[i].error);
    ck_assert_int_eq(verdict(&k, made(key, "at+jwt", kit_claims())), LK_JWS_TYP);
    ck_assert_int_eq(verdict(&k, (struct buf){.max = 1}), LK_JWS_FORM);
    for (size_t i = 0; i < JWS_MAX + 1; i++)
        buf_str(&large, ".");
    ck_assert_int_eq(verdict(&k, large), LK_TOO_LARGE);
    ck_assert_uint_eq(kit_runs(&k), 0);
    ck_assert_int_eq(verdict(&k, made(key, NULL, kit_claims())), LK_UNAVAILABLE);
    ck_assert_uint_eq(kit_runs(&k), 1);
    jwk_free(key);
    kit_close(&k);
}
END_TEST

/* ---- the age of the set ---------------------------------------------------------------------------------------------
 */

START_TEST(a_stale_set_serves_and_asks_for_a_refresh)
{
    static const struct {
        int64_t ago;
        bool refresh;
    } rows[] = {{0, false}, {599, false}, {600, true}, {86399, true}, {-1, true}, {-86400, true}};
    struct kit k;
    struct jwk *key = kit_key("EdDSA", "one");
    struct buf token = made(key, NULL, kit_claims());
    kit_open(&k);
    kit_helper(&k, "");
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct identity who;
        bool refresh = !rows[i].refresh;
        cached(&k, key, rows[i].ago);
        ck_assert_int_eq(verify(&k, &token, &who, &refresh), 0);
        ck_assert_int_eq(refresh, rows[i].refresh);
    }
    ck_assert_uint_eq(kit_runs(&k), 0);
    buf_free(&token);
    jwk_free(key);
    kit_close(&k);
}
END_TEST

START_TEST(no_refresh_is_asked_for_in_the_cooldown)
{
    struct kit k;
    struct identity who;
    bool refresh = true;
    struct jwk *key = kit_key("EdDSA", "one");
    struct buf token = made(key, NULL, kit_claims());
    kit_open(&k);
    cached(&k, key, 700);
    kit_attempt(&k, (struct attempt){.at = NOW - 29, .outcome = "status 500"});
    ck_assert_int_eq(verify(&k, &token, &who, &refresh), 0);
    ck_assert(!refresh);
    kit_attempt(&k, (struct attempt){.at = NOW - 30, .outcome = "status 500"});
    ck_assert_int_eq(verify(&k, &token, &who, &refresh), 0);
    ck_assert(refresh);
    buf_free(&token);
    jwk_free(key);
    kit_close(&k);
}
END_TEST

START_TEST(a_dead_or_absent_set_is_fetched_and_waited_for)
{
    static const int64_t ages[] = {86400, -86401, INT64_MIN};
    for (size_t i = 0; i < sizeof ages / sizeof ages[0]; i++) {
        struct kit k;
        struct jwk *key = kit_key("EdDSA", "one");
        kit_open(&k);
        if (ages[i] != INT64_MIN)
            cached(&k, key, ages[i]);
        coming(&k, key, NULL, 6);
        ck_assert_int_eq(verdict(&k, made(key, NULL, kit_claims())), 0);
        ck_assert_int_eq(verdict(&k, made(key, NULL, kit_claims())), 0);
        ck_assert_uint_eq(kit_runs(&k), 1);
        jwk_free(key);
        kit_close(&k);
    }
}
END_TEST

START_TEST(a_damaged_or_unsafe_set_is_fetched_again)
{
    for (int how = 0; how < 3; how++) {
        struct kit k;
        struct jwk *key = kit_key("EdDSA", "one");
        kit_open(&k);
        cached(&k, key, 10);
        if (how == 0)
            kit_write(&k, "cache", "latchkey-jwks-2 damaged\n", 0644);
        else if (how == 1)
            ck_assert_int_eq(chmod(k.cache, 0666), 0);
        else
            k.conf.providers[0].jwks_url = JWKS "/other";
        kit_helper(&k, "");
        ck_assert_int_eq(verdict(&k, made(key, NULL, kit_claims())), LK_UNAVAILABLE);
        ck_assert_uint_eq(kit_runs(&k), 1);
        k.conf.providers[0].jwks_url = JWKS;
        coming(&k, key, NULL, 6);
        ck_assert_int_eq(unlink(k.cache), 0);
        ck_assert_int_eq(verdict(&k, made(key, NULL, kit_claims())), 0);
        jwk_free(key);
        kit_close(&k);
    }
}
END_TEST

START_TEST(an_outage_without_a_set_is_unavailable_at_once)
{
    struct kit k;
    struct jwk *key = kit_key("EdDSA", "one");
    kit_open(&k);
    coming(&k, key, NULL, 6);
    kit_attempt(&k, (struct attempt){.at = NOW - 29, .outcome = "status 500"});
    ck_assert_int_eq(verdict(&k, made(key, NULL, kit_claims())), LK_UNAVAILABLE);
    ck_assert_uint_eq(kit_runs(&k), 0);
    kit_attempt(&k, (struct attempt){.at = NOW - 30, .outcome = "status 500"});
    ck_assert_int_eq(verdict(&k, made(key, NULL, kit_claims())), 0);
    jwk_free(key);
    kit_close(&k);
}
END_TEST

START_TEST(the_provider_may_ask_for_a_pause)
{
    struct kit k;
    struct jwk *key = kit_key("EdDSA", "one");
    kit_open(&k);
    coming(&k, key, NULL, 6);
    kit_attempt(&k, (struct attempt){.at = NOW - 100, .retry_at = NOW + 1, .outcome = "status 429"});
    ck_assert_int_eq(verdict(&k, made(key, NULL, kit_claims())), LK_UNAVAILABLE);
    kit_attempt(&k, (struct attempt){.at = NOW - 100, .retry_at = NOW, .outcome = "status 429"});
    ck_assert_int_eq(verdict(&k, made(key, NULL, kit_claims())), 0);
    ck_assert_uint_eq(kit_runs(&k), 1);
    jwk_free(key);
    kit_close(&k);
}
END_TEST

START_TEST(a_missing_helper_leaves_a_usable_set)
{
    struct kit k;
    struct jwk *key = kit_key("EdDSA", "one"), *unknown = kit_key("EdDSA", "two");
    kit_open(&k);
    ck_assert_int_eq(verdict(&k, made(key, NULL, kit_claims())), LK_UNAVAILABLE);
    cached(&k, key, 700);
    ck_assert_int_eq(verdict(&k, made(key, NULL, kit_claims())), 0);
    ck_assert_int_eq(verdict(&k, made(unknown, NULL, kit_claims())), LK_UNAVAILABLE);
    provider_refresh(&(struct proof_refresh){.provider = &k.conf.providers[0]});
    jwk_free(key);
    jwk_free(unknown);
    kit_close(&k);
}
END_TEST

START_TEST(without_a_directory_there_are_no_keys)
{
    struct kit k;
    struct jwk *key = kit_key("EdDSA", "one");
    kit_open(&k);
    kit_helper(&k, "");
    k.conf.providers[0].cache = "/nonexistent/cache";
    ck_assert_int_eq(verdict(&k, made(key, NULL, kit_claims())), LK_UNAVAILABLE);
    ck_assert_uint_eq(kit_runs(&k), 0);
    jwk_free(key);
    kit_close(&k);
}
END_TEST

START_TEST(a_token_that_ends_while_the_keys_are_fetched_is_expired)
{
    struct kit k;
    struct jwk *key = kit_key("EdDSA", "one");
    json_t *claims = kit_claims();
    kit_open(&k);
    k.conf.providers[0].leeway = 0;
    coming(&k, key, NULL, 6);
    json_object_set_new(claims, "exp", json_integer(NOW + 1));
    struct buf token = made(key, NULL, claims);
    struct buf again = BUF_INIT(JWS_MAX);
    buf_span(&again, buf_all(&token));
    ck_assert_int_eq(verdict(&k, token), LK_JWT_EXPIRED); /* what was waited is at least a started second */
    ck_assert_int_eq(verdict(&k, again), 0);
    jwk_free(key);
    kit_close(&k);
}
END_TEST

/* ---- an unknown kid -------------------------------------------------------------------------------------------------
 */

START_TEST(the_first_token_after_a_rotation_is_accepted)
{
    struct kit k;
    struct buf runs = BUF_INIT(1024);
    struct jwk *old = kit_key("EdDSA", "old"), *new = kit_key("EdDSA", "new");
    kit_open(&k);
    cached(&k, old, 10);
    coming(&k, old, new, 6);
    ck_assert_int_eq(verdict(&k, made(new, NULL, kit_claims())), 0);
    ck_assert_int_eq(verdict(&k, made(new, NULL, kit_claims())), 0);
    ck_assert_int_eq(verdict(&k, made(old, NULL, kit_claims())), 0);
    kit_read(&k, "runs", &runs);
    ck_assert_str_eq(buf_cstr(&runs), "run --provider= --miss=5\n");
    buf_free(&runs);
    jwk_free(old);
    jwk_free(new);
    kit_close(&k);
}
END_TEST

START_TEST(a_kid_that_the_provider_does_not_know_is_a_bad_token)
{
    struct kit k;
    struct jwk *known = kit_key("EdDSA", "one"), *unknown = kit_key("EdDSA", "two");
    kit_open(&k);
    cached(&k, known, 10);
    coming(&k, known, NULL, 5);
    ck_assert_int_eq(verdict(&k, made(unknown, NULL, kit_claims())), LK_JWS_NO_KEY);
    ck_assert_uint_eq(kit_runs(&k), 1);
    ck_assert(absent_has(k.cache, 5, "two"));
    jwk_free(known);
    jwk_free(unknown);
    kit_close(&k);
}
END_TEST

START_TEST(unknown_kids_cause_no_fetch_in_the_cooldown)
{
    struct kit k;
    struct jwk *known = kit_key("EdDSA", "one"), *unknown = kit_key("EdDSA", "two"), *third = kit_key("EdDSA", "three");
    kit_open(&k);
    cached(&k, known, 1);
    coming(&k, known, third, 6);
    kit_attempt(&k, (struct attempt){.at = NOW - 1, .miss_at = NOW - 1, .generation = 5, .outcome = "ok"});
    ck_assert_int_eq(absent_add(k.cache, 5, "two"), 0);
    ck_assert_int_eq(verdict(&k, made(unknown, NULL, kit_claims())), LK_JWS_NO_KEY);
    ck_assert_int_eq(verdict(&k, made(third, NULL, kit_claims())), LK_UNAVAILABLE); /* it may be new */
    ck_assert_uint_eq(kit_runs(&k), 0);
    kit_attempt(&k, (struct attempt){.at = NOW - 1, .miss_at = NOW - 30, .generation = 5, .outcome = "ok"});
    ck_assert_int_eq(verdict(&k, made(third, NULL, kit_claims())), 0);
    ck_assert_uint_eq(kit_runs(&k), 1);
    jwk_free(known);
    jwk_free(unknown);
    jwk_free(third);
    kit_close(&k);
}
END_TEST

START_TEST(in_the_cooldown_a_token_older_than_the_set_is_bad)
{
    struct kit k;
    struct jwk *known = kit_key("EdDSA", "one"), *unknown = kit_key("EdDSA", "two");
    kit_open(&k);
    kit_helper(&k, "");
    cached(&k, known, 1);
    kit_attempt(&k, (struct attempt){.at = NOW - 1, .miss_at = NOW - 1, .generation = 5, .outcome = "ok"});
    for (int64_t older = 60; older <= 61; older++) {
        json_t *claims = kit_claims();
        json_object_set_new(claims, "iat", json_integer(NOW - 1 - older));
        ck_assert_int_eq(verdict(&k, made(unknown, NULL, claims)), older == 61 ? LK_JWS_NO_KEY : LK_UNAVAILABLE);
    }
    ck_assert_uint_eq(kit_runs(&k), 0);
    jwk_free(known);
    jwk_free(unknown);
    kit_close(&k);
}
END_TEST

START_TEST(the_first_miss_after_a_change_of_the_set_is_fetched)
{
    struct kit k;
    struct jwk *one = kit_key("EdDSA", "one"), *two = kit_key("EdDSA", "two");
    kit_open(&k);
    cached(&k, one, 1);
    coming(&k, one, two, 6);
    kit_attempt(&k, (struct attempt){.at = NOW - 1, .miss_at = NOW - 1, .generation = 4, .outcome = "ok"});
    ck_assert_int_eq(verdict(&k, made(two, NULL, kit_claims())), 0);
    ck_assert_uint_eq(kit_runs(&k), 1);
    jwk_free(one);
    jwk_free(two);
    kit_close(&k);
}
END_TEST

/* A genuine token whose key is not here yet must not be called bad because the provider is down. */
START_TEST(a_fault_of_ours_is_not_the_proofs)
{
    static const int bad[] = {LK_TOO_LARGE,   LK_JWS_FORM,    LK_JWS_ALG,    LK_JWS_NO_KEY,   LK_JWS_SIGNATURE,
                              LK_JWT_CLAIMS,  LK_JWT_EXPIRED, LK_JWT_ISSUER, LK_JWT_AUDIENCE, LK_JWS_AMBIGUOUS,
                              LK_JWT_NOT_YET, LK_JWS_TYP,     LK_JWS_CRIT};
    static const int fault[] = {0, LK_NOMEM, LK_CRYPTO, LK_SYSTEM, LK_CONFIG, LK_UNAVAILABLE, LK_STORE, LK_BUSY};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        ck_assert(proof_is_bad(bad[i]));
    for (size_t i = 0; i < sizeof fault / sizeof fault[0]; i++)
        ck_assert(!proof_is_bad(fault[i]));
}
END_TEST

START_TEST(an_outage_never_makes_a_token_bad)
{
    static const char *const helpers[] = {"exit 1", "exit 75", "exit 78", "kill -9 $$", "exit 0"};
    struct jwk *known = kit_key("EdDSA", "one"), *unknown = kit_key("EdDSA", "two");
    for (size_t i = 0; i < sizeof helpers / sizeof helpers[0]; i++) {
        struct kit k;
        kit_open(&k);
        cached(&k, known, 10);
        kit_helper(&k, helpers[i]);
        ck_assert_int_eq(verdict(&k, made(unknown, NULL, kit_claims())), LK_UNAVAILABLE);
        ck_assert(!absent_has(k.cache, 5, "two"));
        kit_attempt(&k, (struct attempt){.at = NOW - 1, .miss_at = NOW - 1, .generation = 5, .outcome = "timeout"});
        ck_assert_int_eq(verdict(&k, made(unknown, NULL, kit_claims())), LK_UNAVAILABLE);
        ck_assert_uint_eq(kit_runs(&k), 1);
        ck_assert_int_eq(verdict(&k, made(known, NULL, kit_claims())), 0);
        kit_close(&k);
    }
    jwk_free(known);
    jwk_free(unknown);
}
END_TEST

START_TEST(what_another_process_fetched_meanwhile_counts)
{
    struct kit k;
    struct jwk *one = kit_key("EdDSA", "one"), *two = kit_key("EdDSA", "two");
    kit_open(&k);
    cached(&k, one, 10);
    coming(&k, one, two, 6);
    kit_helper(&k, "cp $DIR/next $DIR/cache; exit 75");
    ck_assert_int_eq(verdict(&k, made(two, NULL, kit_claims())), 0);
    jwk_free(one);
    jwk_free(two);
    kit_close(&k);
}
END_TEST

/* ---- a proof is good once ------------------------------------------------------------------------------------------
 */

/* (r, n - s) in place of (r, s): anybody can compute it, and it verifies as well. */
static void other_half(uint8_t *signature, size_t size, int curve)
{
    int half = (int)size / 2;
    EC_GROUP *group = EC_GROUP_new_by_curve_name(curve);
    BIGNUM *s = BN_bin2bn(signature + half, half, NULL);
    ck_assert_int_eq(BN_sub(s, EC_GROUP_get0_order(group), s), 1);
    ck_assert_int_eq(BN_bn2binpad(s, signature + half, half), half);
    BN_free(s);
    EC_GROUP_free(group);
}

static struct buf twin_of(const struct buf *token, const char *alg)
{
    uint8_t signature[JWK_SIGNATURE_MAX];
    size_t n = 0;
    struct buf out = BUF_INIT(JWS_MAX);
    const char *last = strrchr(buf_cstr(token), '.') + 1;
    ck_assert_int_eq(b64_decode(span_of(last), signature, sizeof signature, &n), 0);
    other_half(signature, n, strcmp(alg, "ES256") == 0 ? NID_X9_62_prime256v1 : NID_secp521r1);
    buf_add(&out, buf_cstr(token), (size_t)(last - buf_cstr(token)));
    ck_assert_int_eq(b64_add(&out, signature, n), 0);
    return out;
}

static bool same_proof(const struct buf *a, const struct buf *b)
{
    struct span x = proof_unique_part(buf_all(a)), y = proof_unique_part(buf_all(b));
    return x.n == y.n && memcmp(x.p, y.p, x.n) == 0;
}

START_TEST(an_ecdsa_twin_verifies_and_is_no_other_proof)
{
    static const char *const algorithms[] = {"ES256", "ES512"};
    for (size_t i = 0; i < 2; i++) {
        struct kit k;
        struct jwk *key = kit_key(algorithms[i], "one");
        kit_open(&k);
        cached(&k, key, 10);
        struct buf token = made(key, NULL, kit_claims()), other = made(key, NULL, kit_claims());
        struct buf twin = twin_of(&token, algorithms[i]);
        ck_assert_str_ne(buf_cstr(&twin), buf_cstr(&token));
        ck_assert(same_proof(&twin, &token));
        ck_assert(!same_proof(&other, &token)); /* the same claims signed again */
        ck_assert_int_eq(verdict(&k, twin), 0);
        buf_free(&token);
        buf_free(&other);
        jwk_free(key);
        kit_close(&k);
    }
}
END_TEST

START_TEST(tokens_of_every_algorithm_are_told_apart)
{
    static const char *const algorithms[] = {"EdDSA", "ES256", "ES512", "RS256", "PS256"};
    for (size_t i = 0; i < sizeof algorithms / sizeof algorithms[0]; i++) {
        struct jwk *key = kit_key(algorithms[i], "one");
        json_t *claims = kit_claims();
        struct buf ann = made(key, NULL, kit_claims());
        json_object_set_new(claims, "sub", json_string("user-2"));
        struct buf bob = made(key, NULL, claims);
        ck_assert(!same_proof(&ann, &bob));
        ck_assert(same_proof(&ann, &ann));
        ck_assert_uint_gt(proof_unique_part(buf_all(&ann)).n,
                          (size_t)(strrchr(buf_cstr(&ann), '.') - buf_cstr(&ann)) + 20);
        buf_free(&ann);
        buf_free(&bob);
        jwk_free(key);
    }
}
END_TEST

UNIT_MAIN("provider_proof", a_genuine_token_of_every_algorithm_is_accepted,
          an_algorithm_that_is_not_configured_is_refused, the_algorithm_is_bound_to_the_key,
          a_signature_by_another_key_of_that_name_is_refused, a_token_of_another_type_is_refused,
          every_claim_is_checked, rubbish_never_causes_a_fetch, a_stale_set_serves_and_asks_for_a_refresh,
          no_refresh_is_asked_for_in_the_cooldown, a_dead_or_absent_set_is_fetched_and_waited_for,
          a_damaged_or_unsafe_set_is_fetched_again, an_outage_without_a_set_is_unavailable_at_once,
          the_provider_may_ask_for_a_pause, a_missing_helper_leaves_a_usable_set, without_a_directory_there_are_no_keys,
          a_token_that_ends_while_the_keys_are_fetched_is_expired, the_first_token_after_a_rotation_is_accepted,
          a_kid_that_the_provider_does_not_know_is_a_bad_token, unknown_kids_cause_no_fetch_in_the_cooldown,
          in_the_cooldown_a_token_older_than_the_set_is_bad, the_first_miss_after_a_change_of_the_set_is_fetched,
          a_fault_of_ours_is_not_the_proofs, an_outage_never_makes_a_token_bad,
          what_another_process_fetched_meanwhile_counts, an_ecdsa_twin_verifies_and_is_no_other_proof,
          tokens_of_every_algorithm_are_told_apart)
