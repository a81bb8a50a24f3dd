#include "jose/jwt.h"

#include "base/error.h"
#include "base/json.h"
#include "unit.h"

#define NOW 1700000000
#define ISS "https://id.example/api/auth"
#define AUD "https://app.example"

static const struct jwt_rules rules = {ISS, AUD, NOW, 60, 0};

static int check_at(const struct jwt_rules *r, const char *text)
{
    json_t *claims = NULL;
    int error = jwt_read(span_of(text), &claims);
    if (!error)
        error = jwt_check(claims, r);
    json_decref(claims);
    return error;
}

#define GOOD(more)               "{\"iss\":\"" ISS "\",\"aud\":\"" AUD "\",\"sub\":\"u1\",\"exp\":1700000900" more "}"
#define WITH(iss, aud, sub, exp) "{\"iss\":" iss ",\"aud\":" aud ",\"sub\":" sub ",\"exp\":" exp "}"
#define QISS                     "\"" ISS "\""
#define QAUD                     "\"" AUD "\""

struct row {
    const char *claims;
    int want;
};

static void check_rows(const struct row *row, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        int got = check_at(&rules, row[i].claims);
        ck_assert_msg(got == row[i].want, "%s: %s", row[i].claims, lk_error_code(got));
    }
}
#define ROWS(...)                                                                                                      \
    static const struct row rows[] = {__VA_ARGS__};                                                                    \
    check_rows(rows, sizeof rows / sizeof rows[0])

START_TEST(good_claims_pass)
{
    ROWS({GOOD(""), 0}, {GOOD(",\"iat\":1699999999,\"nbf\":1699999999,\"x\":{\"y\":[1,2.5,null]}"), 0});
}
END_TEST

START_TEST(the_claims_set_is_a_strict_object)
{
    ROWS({"", LK_JWT_CLAIMS}, {"[]", LK_JWT_CLAIMS}, {"\"a\"", LK_JWT_CLAIMS}, {"null", LK_JWT_CLAIMS},
         {GOOD("") "x", LK_JWT_CLAIMS}, {GOOD(",\"sub\":\"u1\""), LK_JWT_CLAIMS},
         {GOOD(",\"s\\u0075b\":\"u2\""), LK_JWT_CLAIMS}, {GOOD(",\"n\":\"a\\u0000b\""), LK_JWT_CLAIMS},
         {GOOD(",\"n\":\"\xff\""), LK_JWT_CLAIMS}, {GOOD(",\"n\":\"\\ud800\""), LK_JWT_CLAIMS},
         {GOOD(",\"n\":[[[[[[[[1]]]]]]]]"), LK_JWT_CLAIMS}, {GOOD(",\"n\":[[[[[[[1]]]]]]]"), 0},
         {GOOD(",\"n\":NaN"), LK_JWT_CLAIMS}, {GOOD(",\"n\":0x10"), LK_JWT_CLAIMS}, {GOOD(",}"), LK_JWT_CLAIMS},
         {"/**/" GOOD(""), LK_JWT_CLAIMS}, {"{}", LK_JWT_CLAIMS}, {" \n" GOOD("") "\r\t", 0});
}
END_TEST

START_TEST(a_nested_token_is_no_claims_set)
{
    ROWS({"eyJhbGciOiJFUzI1NiJ9.eyJzdWIiOiJ1MSJ9.c2ln", LK_JWT_CLAIMS}, {GOOD(""), 0});
}
END_TEST

START_TEST(the_claims_set_is_bounded)
{
    struct buf text = BUF_INIT(JWT_CLAIMS_MAX + 16);
    json_t *claims = NULL;
    buf_str(&text, GOOD(""));
    while (text.n < JWT_CLAIMS_MAX)
        buf_str(&text, " ");
    ck_assert_int_eq(jwt_read(buf_all(&text), &claims), 0);
    json_decref(claims);
    buf_str(&text, " ");
    ck_assert_int_eq(jwt_read(buf_all(&text), &claims), LK_TOO_LARGE);
    buf_free(&text);
}
END_TEST

START_TEST(the_issuer_is_exact)
{
    ROWS({WITH(QISS, QAUD, "\"u1\"", "1700000900"), 0},
         {WITH("\"" ISS "/\"", QAUD, "\"u1\"", "1700000900"), LK_JWT_ISSUER},
         {WITH("\"https://ID.example/api/auth\"", QAUD, "\"u1\"", "1700000900"), LK_JWT_ISSUER},
         {WITH("\"https://id.example/api/aut\"", QAUD, "\"u1\"", "1700000900"), LK_JWT_ISSUER},
         {WITH("\"https://id.example:443/api/auth\"", QAUD, "\"u1\"", "1700000900"), LK_JWT_ISSUER},
         {WITH("\"\"", QAUD, "\"u1\"", "1700000900"), LK_JWT_ISSUER},
         {WITH("[" QISS "]", QAUD, "\"u1\"", "1700000900"), LK_JWT_CLAIMS},
         {WITH("null", QAUD, "\"u1\"", "1700000900"), LK_JWT_CLAIMS},
         {"{\"aud\":" QAUD ",\"sub\":\"u1\",\"exp\":1700000900}", LK_JWT_CLAIMS});
}
END_TEST

START_TEST(the_audience_is_one_string_or_an_array_of_strings)
{
    ROWS({WITH(QISS, QAUD, "\"u1\"", "1700000900"), 0}, {WITH(QISS, "[" QAUD "]", "\"u1\"", "1700000900"), 0},
         {WITH(QISS, "[\"x\"," QAUD "]", "\"u1\"", "1700000900"), 0},
         {WITH(QISS, "\"" AUD "/\"", "\"u1\"", "1700000900"), LK_JWT_AUDIENCE},
         {WITH(QISS, "\"HTTPS://app.example\"", "\"u1\"", "1700000900"), LK_JWT_AUDIENCE},
         {WITH(QISS, "[]", "\"u1\"", "1700000900"), LK_JWT_AUDIENCE},
         {WITH(QISS, "[\"x\"]", "\"u1\"", "1700000900"), LK_JWT_AUDIENCE},
         {WITH(QISS, "[" QAUD ",1]", "\"u1\"", "1700000900"), LK_JWT_CLAIMS},
         {WITH(QISS, "[null," QAUD "]", "\"u1\"", "1700000900"), LK_JWT_CLAIMS},
         {WITH(QISS, "[[" QAUD "]]", "\"u1\"", "1700000900"), LK_JWT_CLAIMS},
         {WITH(QISS, "{" QAUD ":1}", "\"u1\"", "1700000900"), LK_JWT_CLAIMS},
         {WITH(QISS, "null", "\"u1\"", "1700000900"), LK_JWT_CLAIMS},
         {"{\"iss\":" QISS ",\"sub\":\"u1\",\"exp\":1700000900}", LK_JWT_CLAIMS});
}
END_TEST

START_TEST(the_subject_is_a_short_string)
{
    char longest[256], text[600];
    memset(longest, 's', sizeof longest);
    longest[255] = '\0';
    snprintf(text, sizeof text, WITH(QISS, QAUD, "\"%s\"", "1700000900"), longest);
    ck_assert_int_eq(check_at(&rules, text), 0);
    snprintf(text, sizeof text, WITH(QISS, QAUD, "\"%ss\"", "1700000900"), longest);
    ck_assert_int_eq(check_at(&rules, text), LK_JWT_CLAIMS);
    ROWS({WITH(QISS, QAUD, "\"\\u00e9\"", "1700000900"), 0}, {WITH(QISS, QAUD, "\"\"", "1700000900"), LK_JWT_CLAIMS},
         {WITH(QISS, QAUD, "7", "1700000900"), LK_JWT_CLAIMS},
         {WITH(QISS, QAUD, "\"a\\nb\"", "1700000900"), LK_JWT_CLAIMS},
         {WITH(QISS, QAUD, "\"a\\u007fb\"", "1700000900"), LK_JWT_CLAIMS},
         {"{\"iss\":" QISS ",\"aud\":" QAUD ",\"exp\":1700000900}", LK_JWT_CLAIMS});
}
END_TEST

START_TEST(exp_is_an_exact_number_and_required)
{
    ROWS({WITH(QISS, QAUD, "\"u1\"", "1700000900"), 0}, {WITH(QISS, QAUD, "\"u1\"", "1700000900.0"), 0},
         {WITH(QISS, QAUD, "\"u1\"", "1.7000009e9"), 0}, {WITH(QISS, QAUD, "\"u1\"", "9007199254740992"), 0}, /* 2^53 */
         {WITH(QISS, QAUD, "\"u1\"", "1700000900.5"), LK_JWT_CLAIMS},
         {WITH(QISS, QAUD, "\"u1\"", "9007199254740993"), LK_JWT_CLAIMS},
         {WITH(QISS, QAUD, "\"u1\"", "9223372036854775807"), LK_JWT_CLAIMS},
         {WITH(QISS, QAUD, "\"u1\"", "9223372036854775808"), LK_JWT_CLAIMS},
         {WITH(QISS, QAUD, "\"u1\"", "18446744073709551617"), LK_JWT_CLAIMS},
         {WITH(QISS, QAUD, "\"u1\"", "1e18"), LK_JWT_CLAIMS}, {WITH(QISS, QAUD, "\"u1\"", "1e400"), LK_JWT_CLAIMS},
         {WITH(QISS, QAUD, "\"u1\"", "-1"), LK_JWT_CLAIMS}, {WITH(QISS, QAUD, "\"u1\"", "-1700000900"), LK_JWT_CLAIMS},
         {WITH(QISS, QAUD, "\"u1\"", "\"1700000900\""), LK_JWT_CLAIMS},
         {WITH(QISS, QAUD, "\"u1\"", "true"), LK_JWT_CLAIMS}, {WITH(QISS, QAUD, "\"u1\"", "null"), LK_JWT_CLAIMS},
         {WITH(QISS, QAUD, "\"u1\"", "[1700000900]"), LK_JWT_CLAIMS},
         {"{\"iss\":" QISS ",\"aud\":" QAUD ",\"sub\":\"u1\"}", LK_JWT_CLAIMS});
}
END_TEST

START_TEST(a_token_expires_at_exp_plus_leeway)
{
    ROWS({WITH(QISS, QAUD, "\"u1\"", "1700000001"), 0}, {WITH(QISS, QAUD, "\"u1\"", "1699999941"), 0},
         {WITH(QISS, QAUD, "\"u1\"", "1699999940"), LK_JWT_EXPIRED}, {WITH(QISS, QAUD, "\"u1\"", "0"), LK_JWT_EXPIRED},
         {WITH(QISS, QAUD, "\"u1\"", "-0.0"), LK_JWT_EXPIRED});
    struct jwt_rules strict = rules;
    strict.leeway = 0;
    ck_assert_int_eq(check_at(&strict, WITH(QISS, QAUD, "\"u1\"", "1700000001")), 0);
    ck_assert_int_eq(check_at(&strict, WITH(QISS, QAUD, "\"u1\"", "1700000000")), LK_JWT_EXPIRED);
}
END_TEST

START_TEST(nbf_and_iat_are_never_from_the_future)
{
    ROWS({GOOD(",\"nbf\":1700000060"), 0}, {GOOD(",\"nbf\":1700000061"), LK_JWT_NOT_YET},
         {GOOD(",\"iat\":1700000060"), 0}, {GOOD(",\"iat\":1700000061"), LK_JWT_NOT_YET},
         {GOOD(",\"nbf\":9007199254740992"), LK_JWT_NOT_YET}, {GOOD(",\"nbf\":0,\"iat\":0"), 0},
         {GOOD(",\"nbf\":\"0\""), LK_JWT_CLAIMS}, {GOOD(",\"iat\":null"), LK_JWT_CLAIMS},
         {GOOD(",\"iat\":1.5"), LK_JWT_CLAIMS}, {GOOD(",\"nbf\":-1"), LK_JWT_CLAIMS});
}
END_TEST

START_TEST(a_token_may_be_too_old)
{
    struct jwt_rules aged = rules;
    aged.max_age = 900;
    ck_assert_int_eq(check_at(&aged, GOOD(",\"iat\":1699999040")), 0);
    ck_assert_int_eq(check_at(&aged, GOOD(",\"iat\":1699999039")), LK_JWT_EXPIRED);
    ck_assert_int_eq(check_at(&aged, GOOD("")), LK_JWT_CLAIMS);
    ck_assert_int_eq(check_at(&rules, GOOD("")), 0);
}
END_TEST

START_TEST(no_rule_overflows)
{
    struct jwt_rules r = rules;
    r.leeway = INT64_MAX;
    ck_assert_int_eq(check_at(&r, GOOD(",\"nbf\":9007199254740992")), 0);
    r.leeway = INT64_MIN;
    ck_assert_int_eq(check_at(&r, GOOD("")), 0);
    ck_assert_int_eq(check_at(&r, GOOD(",\"nbf\":1700000001")), LK_JWT_NOT_YET);
    r = rules;
    r.now = INT64_MAX;
    ck_assert_int_eq(check_at(&r, GOOD("")), LK_JWT_EXPIRED);
    r.now = INT64_MIN;
    ck_assert_int_eq(check_at(&r, GOOD("")), 0);
    ck_assert_int_eq(check_at(&r, GOOD(",\"nbf\":1700000000")), LK_JWT_NOT_YET);
    r = rules;
    r.max_age = INT64_MAX;
    ck_assert_int_eq(check_at(&r, GOOD(",\"iat\":0")), 0);
}
END_TEST

UNIT_MAIN("jose_jwt", good_claims_pass, the_claims_set_is_a_strict_object, a_nested_token_is_no_claims_set,
          the_claims_set_is_bounded, the_issuer_is_exact, the_audience_is_one_string_or_an_array_of_strings,
          the_subject_is_a_short_string, exp_is_an_exact_number_and_required, a_token_expires_at_exp_plus_leeway,
          nbf_and_iat_are_never_from_the_future, a_token_may_be_too_old, no_rule_overflows)
