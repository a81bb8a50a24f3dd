/* Every way of lying in a token. */
#include "jose_token.h"

struct row {
    const char *header;
    int want;
};
#define HEADERS(...)                                                                                                   \
    static const struct row rows[] = {__VA_ARGS__};                                                                    \
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {                                                        \
        int got = header_error(rows[i].header);                                                                        \
        ck_assert_msg(got == rows[i].want, "%s: %s", rows[i].header, lk_error_code(got));                              \
    }

START_TEST(the_algorithm_is_one_of_ours_and_the_keys)
{
    HEADERS(
        {GOOD, 0}, {"{\"kid\":\"ec\",\"alg\":\"ES256\"}", 0}, {"{\"alg\":\"none\",\"kid\":\"ec\"}", LK_JWS_ALG},
        {"{\"alg\":\"None\",\"kid\":\"ec\"}", LK_JWS_ALG}, {"{\"alg\":\"NONE\",\"kid\":\"ec\"}", LK_JWS_ALG},
        {"{\"alg\":\"nOnE\",\"kid\":\"ec\"}", LK_JWS_ALG}, {"{\"alg\":\"\",\"kid\":\"ec\"}", LK_JWS_ALG},
        {"{\"alg\":\"HS256\",\"kid\":\"ec\"}", LK_JWS_ALG}, {"{\"alg\":\"HS512\",\"kid\":\"ec\"}", LK_JWS_ALG},
        {"{\"alg\":\"es256\",\"kid\":\"ec\"}", LK_JWS_ALG}, {"{\"alg\":\"ES256 \",\"kid\":\"ec\"}", LK_JWS_ALG},
        {"{\"alg\":\"ES521\",\"kid\":\"es512\"}", LK_JWS_ALG}, {"{\"alg\":\"ES384\",\"kid\":\"ec\"}", LK_JWS_ALG},
        {"{\"alg\":\"ES256K\",\"kid\":\"ec\"}", LK_JWS_ALG},
        {"{\"alg\":\"RSA-OAEP\",\"enc\":\"A256GCM\",\"kid\":\"ec\"}", LK_JWS_ALG}, {"{\"kid\":\"ec\"}", LK_JWS_ALG},
        {"{\"ALG\":\"ES256\",\"kid\":\"ec\"}", LK_JWS_ALG}, {"{\"alg\":\"RS256\",\"kid\":\"ec\"}", LK_JWS_KEY_MISMATCH},
        {"{\"alg\":\"PS256\",\"kid\":\"ec\"}", LK_JWS_KEY_MISMATCH},
        {"{\"alg\":\"EdDSA\",\"kid\":\"ec\"}", LK_JWS_KEY_MISMATCH},
        {"{\"alg\":\"ES512\",\"kid\":\"ec\"}", LK_JWS_KEY_MISMATCH},
        {"{\"alg\":\"ES256\",\"kid\":\"rsa\"}", LK_JWS_KEY_MISMATCH},
        {"{\"alg\":\"EdDSA\",\"kid\":\"ed\"}", LK_JWS_SIGNATURE}, {"{\"alg\":null,\"kid\":\"ec\"}", LK_JWS_HEADER},
        {"{\"alg\":[\"ES256\"],\"kid\":\"ec\"}", LK_JWS_HEADER}, {"{\"alg\":256,\"kid\":\"ec\"}", LK_JWS_HEADER},
        {"{\"alg\":{\"ES256\":1},\"kid\":\"ec\"}", LK_JWS_HEADER}, {"{\"alg\":true,\"kid\":\"ec\"}", LK_JWS_HEADER});
}
END_TEST

START_TEST(only_allowed_algorithms_are_taken)
{
    struct jws jws;
    ck_assert_int_eq(jws_parse(span_of(RFC7515_A3_TOKEN), jwa_set_of("ES256"), &jws), 0);
    ck_assert_int_eq(jws_parse(span_of(RFC7515_A3_TOKEN), jwa_set_of("EdDSA RS256"), &jws), LK_JWS_ALG);
    ck_assert_int_eq(jws_parse(span_of(RFC7515_A3_TOKEN), 0, &jws), LK_JWS_ALG);
}
END_TEST

/* HMAC with the public key as secret, the classic: there is no HMAC, whatever the bytes. */
START_TEST(hmac_over_the_public_key_is_refused)
{
    ck_assert_int_eq(
        plain_error(SET, "eyJhbGciOiJIUzI1NiIsImtpZCI6InJzYSJ9.e30.TgWtz2FIRukBQ_mA5sgHa0Ybtgn7bl-YBPAi7Z0XdHU"),
        LK_JWS_ALG);
}
END_TEST

START_TEST(the_header_is_strict_json)
{
    HEADERS({" {\n\"alg\" : \"ES256\",\t\"kid\":\"ec\" } ", 0}, {"", LK_JWS_FORM}, {"[]", LK_JWS_HEADER},
            {"null", LK_JWS_HEADER}, {"\"ES256\"", LK_JWS_HEADER}, {"{", LK_JWS_HEADER}, {GOOD "}", LK_JWS_HEADER},
            {GOOD GOOD, LK_JWS_HEADER}, {"{'alg':'ES256','kid':'ec'}", LK_JWS_HEADER},
            {"{alg:\"ES256\",kid:\"ec\"}", LK_JWS_HEADER}, {"{\"alg\":\"ES256\",\"kid\":\"ec\",}", LK_JWS_HEADER},
            {"{\"alg\":\"ES256\",\"kid\":\"ec\"}//", LK_JWS_HEADER},
            {"/**/{\"alg\":\"ES256\",\"kid\":\"ec\"}", LK_JWS_HEADER},
            {"\xef\xbb\xbf{\"alg\":\"ES256\",\"kid\":\"ec\"}", LK_JWS_HEADER},
            {"{\"alg\":\"ES256\",\"kid\":\"ec\",\"x\":\"\xc0\xae\"}", LK_JWS_HEADER},
            {"{\"alg\":\"ES256\",\"kid\":\"ec\",\"x\":\"\\ud800\"}", LK_JWS_HEADER},
            {"{\"alg\":\"none\",\"alg\":\"ES256\",\"kid\":\"ec\"}", LK_JWS_HEADER},
            {"{\"alg\":\"ES256\",\"\\u0061lg\":\"none\",\"kid\":\"ec\"}", LK_JWS_HEADER},
            {"{\"alg\":\"ES256\",\"kid\":\"ec\",\"x\":\"\\u0000\"}", LK_JWS_HEADER},
            {"{\"alg\":\"ES256\",\"kid\":\"ec\",\"x\\u0000\":1}", LK_JWS_HEADER},
            {"{\"alg\":\"ES256\",\"kid\":\"ec\",\"x\":[[[[[[[1]]]]]]]}", 0},
            {"{\"alg\":\"ES256\",\"kid\":\"ec\",\"x\":[[[[[[[[1]]]]]]]]}", LK_JWS_HEADER},
            {"{\"alg\":\"ES256\",\"kid\":\"ec\",\"x\":01}", LK_JWS_HEADER},
            {"{\"alg\":\"ES256\",\"kid\":\"ec\",\"x\":Infinity}", LK_JWS_HEADER});
}
END_TEST

START_TEST(a_raw_nul_in_the_header_is_refused)
{
    static const char header[] = GOOD "\0";
    struct buf token = BUF_INIT(4096);
    struct jwks *set = set_of(SET);
    make_token(EC_KEY, (struct span){header, sizeof header - 2}, span_of("{}"), &token);
    ck_assert_int_eq(token_error(set, buf_all(&token)), 0);
    make_token(EC_KEY, (struct span){header, sizeof header - 1}, span_of("{}"), &token);
    ck_assert_int_eq(token_error(set, buf_all(&token)), LK_JWS_HEADER);
    jwks_free(set);
    buf_free(&token);
}
END_TEST

START_TEST(critical_extensions_are_refused)
{
    HEADERS({GOOD, 0}, {"{\"alg\":\"ES256\",\"kid\":\"ec\",\"crit\":[\"exp\"],\"exp\":1}", LK_JWS_CRIT},
            {"{\"alg\":\"ES256\",\"kid\":\"ec\",\"crit\":[]}", LK_JWS_CRIT},
            {"{\"alg\":\"ES256\",\"kid\":\"ec\",\"crit\":null}", LK_JWS_CRIT},
            {"{\"alg\":\"ES256\",\"kid\":\"ec\",\"crit\":[\"b64\"],\"b64\":false}", LK_JWS_CRIT},
            {"{\"alg\":\"ES256\",\"kid\":\"ec\",\"b64\":true}", LK_JWS_CRIT},
            {"{\"alg\":\"ES256\",\"kid\":\"ec\",\"b64\":false}", LK_JWS_CRIT});
}
END_TEST

/* A token signed by the attacker's key that brings that key along, in each of the ways there are. */
START_TEST(a_token_never_brings_its_own_key)
{
    static const char *const headers[] = {
        "{\"alg\":\"ES256\",\"kid\":\"ec\",\"jwk\":%s}", "{\"alg\":\"ES256\",\"jwk\":%s}",
        "{\"alg\":\"ES256\",\"kid\":\"ec\",\"jwk\":%s,\"x5c\":[\"AA==\"],\"x5t\":\"AA\"}",
        "{\"alg\":\"ES256\",\"kid\":\"ec\",\"jku\":\"https://attacker.example/jwks\",\"x\":%s}",
        "{\"alg\":\"ES256\",\"kid\":\"ec\",\"x5u\":\"file:///etc/passwd\",\"x\":%s}"};
    struct jwk *attacker = NULL;
    json_t *private = NULL, *public = NULL;
    struct buf jwk = BUF_INIT(4096), members = BUF_INIT(4096), token = BUF_INIT(8192);
    struct jwks *set = set_of(SET);
    ck_assert_int_eq(jwk_generate(jwa_find(span_of("ES256")), &attacker), 0);
    ck_assert_int_eq(jwk_to_private(attacker, &private) || jwk_to_public(attacker, &public), 0);
    ck_assert_int_eq(json_write(private, &members) || json_write(public, &jwk), 0);
    members.p[members.n - 1] = '\0'; /* without its braces */
    for (size_t i = 0; i < sizeof headers / sizeof headers[0]; i++) {
        char header[JWS_HEADER_MAX];
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
        snprintf(header, sizeof header, headers[i], buf_cstr(&jwk));
#pragma GCC diagnostic pop
        make_token(members.p + 1, span_of(header), span_of("{}"), &token);
        ck_assert_int_eq(token_error(set, buf_all(&token)), LK_JWS_SIGNATURE);
        make_token(EC_KEY, span_of(header), span_of("{}"), &token); /* the twin: ignored, not refused */
        ck_assert_int_eq(token_error(set, buf_all(&token)), 0);
    }
    jwks_free(set);
    jwk_free(attacker);
    json_decref(private);
    json_decref(public);
    buf_free(&jwk);
    buf_free(&members);
    buf_free(&token);
}
END_TEST

START_TEST(a_kid_is_a_short_clean_string)
{
    HEADERS({"{\"alg\":\"ES256\"}", 0}, {"{\"alg\":\"ES256\",\"kid\":\"\"}", LK_JWS_HEADER},
            {"{\"alg\":\"ES256\",\"kid\":null}", LK_JWS_HEADER}, {"{\"alg\":\"ES256\",\"kid\":1}", LK_JWS_HEADER},
            {"{\"alg\":\"ES256\",\"kid\":[\"ec\"]}", LK_JWS_HEADER},
            {"{\"alg\":\"ES256\",\"kid\":{\"ec\":1}}", LK_JWS_HEADER},
            {"{\"alg\":\"ES256\",\"kid\":\"ec\\r\\nSet-Cookie: a=b\"}", LK_JWS_HEADER},
            {"{\"alg\":\"ES256\",\"kid\":\"ec\\u0000\"}", LK_JWS_HEADER},
            {"{\"alg\":\"ES256\",\"kid\":\"ec\\u007f\"}", LK_JWS_HEADER},
            {"{\"alg\":\"ES256\",\"kid\":\"../../../../etc/passwd\"}", LK_JWS_NO_KEY},
            {"{\"alg\":\"ES256\",\"kid\":\"ec' OR '1'='1\"}", LK_JWS_NO_KEY},
            {"{\"alg\":\"ES256\",\"kid\":\"$(id)\"}", LK_JWS_NO_KEY},
            {"{\"alg\":\"ES256\",\"kid\":\"EC\"}", LK_JWS_NO_KEY});
}
END_TEST

START_TEST(a_kid_of_its_largest_size_is_compared_whole)
{
    char kid[JWK_KID_MAX + 2], header[300], text[1024];
    struct buf token = BUF_INIT(4096);
    memset(kid, 'k', sizeof kid);
    kid[JWK_KID_MAX] = '\0';
    snprintf(text, sizeof text, "{\"keys\":[{\"kid\":\"%s\"," RFC7515_A3_PUBLIC "}]}", kid);
    struct jwks *set = set_of(text);
    snprintf(header, sizeof header, "{\"alg\":\"ES256\",\"kid\":\"%s\"}", kid);
    make_token(EC_KEY, span_of(header), span_of("{}"), &token);
    ck_assert_int_eq(token_error(set, buf_all(&token)), 0);
    snprintf(header, sizeof header, "{\"alg\":\"ES256\",\"kid\":\"%sk\"}", kid);
    make_token(EC_KEY, span_of(header), span_of("{}"), &token);
    ck_assert_int_eq(token_error(set, buf_all(&token)), LK_JWS_HEADER);
    jwks_free(set);
    buf_free(&token);
}
END_TEST

static void assert_typ(const char *header, const char *want)
{
    struct jws jws;
    struct buf token = BUF_INIT(4096);
    make_token(EC_KEY, span_of(header), span_of("{}"), &token);
    ck_assert_int_eq(jws_parse(buf_all(&token), JWA_ALL, &jws), 0);
    ck_assert_str_eq(jws.typ, want);
    buf_free(&token);
}

START_TEST(typ_is_read_as_a_media_type)
{
    assert_typ("{\"alg\":\"ES256\"}", "");
    assert_typ("{\"alg\":\"ES256\",\"typ\":\"JWT\"}", "jwt");
    assert_typ("{\"alg\":\"ES256\",\"typ\":\"at+jwt\"}", "at+jwt");
    assert_typ("{\"alg\":\"ES256\",\"typ\":\"application/at+JWT\"}", "at+jwt");
    assert_typ("{\"alg\":\"ES256\",\"typ\":\"Application/at+jwt\"}", "at+jwt");
    assert_typ("{\"alg\":\"ES256\",\"typ\":\"application/at+jwt;a=b/c\"}", "application/at+jwt;a=b/c");
    assert_typ("{\"alg\":\"ES256\",\"typ\":\"logout+jwt\"}", "logout+jwt");
    HEADERS({"{\"alg\":\"ES256\",\"kid\":\"ec\",\"typ\":\"JWT\"}", 0},
            {"{\"alg\":\"ES256\",\"kid\":\"ec\",\"typ\":1}", LK_JWS_HEADER},
            {"{\"alg\":\"ES256\",\"kid\":\"ec\",\"typ\":null}", LK_JWS_HEADER},
            {"{\"alg\":\"ES256\",\"kid\":\"ec\",\"typ\":[\"JWT\"]}", LK_JWS_HEADER},
            {"{\"alg\":\"ES256\",\"kid\":\"ec\",\"typ\":\"a\\nb\"}", LK_JWS_HEADER},
            {"{\"alg\":\"ES256\",\"kid\":\"ec\",\"typ\":"
             "\"0123456789012345678901234567890123456789012345678901234567890123\"}",
             0},
            {"{\"alg\":\"ES256\",\"kid\":\"ec\",\"typ\":"
             "\"01234567890123456789012345678901234567890123456789012345678901234\"}",
             LK_JWS_HEADER});
}
END_TEST

START_TEST(the_signature_of_another_token_is_refused)
{
    struct buf token = BUF_INIT(4096), other = BUF_INIT(4096);
    make_token(EC_KEY, span_of(GOOD), span_of("{\"sub\":\"a\"}"), &token);
    make_token(EC_KEY, span_of(GOOD), span_of("{\"sub\":\"b\"}"), &other);
    ck_assert_int_eq(plain_error(SET, buf_cstr(&token)), 0);
    ck_assert_int_eq(plain_error(SET, buf_cstr(&other)), 0);
    memcpy(token.p + token.n - 86, other.p + other.n - 86, 86);
    ck_assert_int_eq(plain_error(SET, buf_cstr(&token)), LK_JWS_SIGNATURE);
    buf_free(&token);
    buf_free(&other);
}
END_TEST

START_TEST(every_part_is_signed)
{
    struct jwks *set = set_of(SET);
    char token[] = RFC7515_A3_TOKEN;
    for (size_t at = 0; at < sizeof token - 1; at++) {
        char was = token[at];
        token[at] = was == 'A' ? 'B' : 'A';
        ck_assert_int_ne(token_error(set, span_of(token)), 0);
        token[at] = was;
    }
    ck_assert_int_eq(token_error(set, span_of(token)), 0);
    jwks_free(set);
}
END_TEST

UNIT_MAIN("jose_jws_attack", the_algorithm_is_one_of_ours_and_the_keys, only_allowed_algorithms_are_taken,
          hmac_over_the_public_key_is_refused, the_header_is_strict_json, a_raw_nul_in_the_header_is_refused,
          critical_extensions_are_refused, a_token_never_brings_its_own_key, a_kid_is_a_short_clean_string,
          a_kid_of_its_largest_size_is_compared_whole, typ_is_read_as_a_media_type,
          the_signature_of_another_token_is_refused, every_part_is_signed)
