/* Whole tokens: the RFCs' examples, the forms and sizes, our own. */
#include "jose_token.h"

START_TEST(the_examples_of_the_rfcs_verify)
{
    ck_assert_int_eq(plain_error("{\"keys\":[{" RFC7515_A2_PUBLIC "}]}", RFC7515_A2_TOKEN), 0);
    ck_assert_int_eq(plain_error("{\"keys\":[{" RFC7515_A3_PUBLIC "}]}", RFC7515_A3_TOKEN), 0);
    ck_assert_int_eq(plain_error("{\"keys\":[{" RFC7515_A4_PUBLIC "}]}", RFC7515_A4_TOKEN), 0);
    ck_assert_int_eq(plain_error("{\"keys\":[{" RFC8037_A2_PUBLIC "}]}", RFC8037_A4_TOKEN), 0);
    ck_assert_int_eq(plain_error(SET, RFC7515_A3_TOKEN), 0); /* no kid: the only key of its algorithm */
    ck_assert_int_eq(plain_error("{\"keys\":[{" RFC8037_A2_PUBLIC "}]}", RFC7515_A3_TOKEN), LK_JWS_NO_KEY);
}
END_TEST

START_TEST(the_payload_comes_out_as_it_went_in)
{
    struct jws jws;
    struct buf payload = BUF_INIT(1024);
    ck_assert_int_eq(jws_parse(span_of(RFC7515_A3_TOKEN), JWA_ALL, &jws), 0);
    ck_assert_int_eq(jws_payload(&jws, &payload), 0);
    ck_assert_str_eq(buf_cstr(&payload),
                     "{\"iss\":\"joe\",\r\n \"exp\":1300819380,\r\n \"http://example.com/is_root\":true}");
    buf_free(&payload);
    payload = BUF_INIT(10);
    ck_assert_int_eq(jws_payload(&jws, &payload), LK_TOO_LARGE);
    buf_free(&payload);
}
END_TEST

START_TEST(a_payload_may_be_any_bytes)
{
    static const char bytes[] = "\x00\xff.\n\"";
    struct buf token = BUF_INIT(JWS_MAX + 8), payload = BUF_INIT(64);
    struct jwks *set = set_of(SET);
    struct jws jws;
    make_token(EC_KEY, span_of(GOOD), (struct span){bytes, sizeof bytes - 1}, &token);
    ck_assert_int_eq(token_error(set, buf_all(&token)), 0);
    ck_assert_int_eq(jws_parse(buf_all(&token), JWA_ALL, &jws), 0);
    ck_assert_int_eq(jws_payload(&jws, &payload), 0);
    ck_assert_uint_eq(payload.n, sizeof bytes - 1);
    ck_assert_mem_eq(payload.p, bytes, payload.n);
    make_token(EC_KEY, span_of(GOOD), span_of(""), &token);
    ck_assert_int_eq(token_error(set, buf_all(&token)), 0);
    jwks_free(set);
    buf_free(&token);
    buf_free(&payload);
}
END_TEST

START_TEST(a_token_has_three_segments)
{
    ck_assert_int_eq(plain_error(SET, RFC7515_A3_TOKEN), 0);
    static const char *const bad[] = {
        "", ".", "..", "...", "a", "a.b", "a.b.c.d", "a.b.c.d.e", ".e30.AA", RFC7515_A3_TOKEN ".", "." RFC7515_A3_TOKEN,
        RFC7515_A3_TOKEN "." RFC7515_A3_TOKEN,
        /* RFC 7516 A.1's shape: encrypted */
        "eyJhbGciOiJSU0EtT0FFUCIsImVuYyI6IkEyNTZHQ00ifQ.OKOa.48V1_ALb6US04U3b.5eym8.XFBo",
        "{\"payload\":\"e30\",\"protected\":\"eyJhbGciOiJFUzI1NiJ9\",\"signature\":\"AA\"}"};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        ck_assert_msg(plain_error(SET, bad[i]) == LK_JWS_FORM, "%s", bad[i]);
}
END_TEST

/* Cuts the token at every dot and puts `with` there or instead of the last character: each is another string for what a
 * lenient reader takes as the same bytes. */
START_TEST(base64url_is_strict_in_every_segment)
{
    static const char *const with[] = {"=",   "==",   " ", "\n", "\r", "\t",   "\v", "+", "/",
                                       "%3D", "\x80", "?", "*",  ",",  "A===", "\"", "'", ":"};
    static const char token[] = RFC7515_A3_TOKEN;
    ck_assert_int_eq(plain_error(SET, token), 0);
    for (size_t at = 0; at < sizeof token; at++) {
        if (at && token[at] && token[at] != '.' && token[at - 1] != '.')
            continue; /* begin and end of each segment */
        for (size_t i = 0; i < sizeof with / sizeof with[0]; i++) {
            struct buf changed = BUF_INIT(1024);
            buf_add(&changed, token, at);
            buf_str(&changed, with[i]);
            buf_str(&changed, token + at);
            ck_assert_msg(plain_error(SET, buf_cstr(&changed)) == LK_JWS_FORM, "%s", buf_cstr(&changed));
            buf_free(&changed);
        }
    }
}
END_TEST

START_TEST(a_nul_in_a_token_is_refused)
{
    char token[] = RFC7515_A3_TOKEN;
    struct jwks *set = set_of(SET);
    ck_assert_int_eq(token_error(set, (struct span){token, sizeof token - 1}), 0);
    ck_assert_int_eq(token_error(set, (struct span){token, sizeof token}), LK_JWS_FORM);
    for (size_t at = 0; at < sizeof token - 1; at += 17) {
        char was = token[at];
        token[at] = '\0';
        ck_assert_int_eq(token_error(set, (struct span){token, sizeof token - 1}), LK_JWS_FORM);
        token[at] = was;
    }
    jwks_free(set);
}
END_TEST

/* The last character of each segment carries unused bits; only zero is canonical. */
START_TEST(unused_bits_are_zero)
{
    static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    char token[] = RFC7515_A3_TOKEN; /* header 27 bytes, payload 70, signature 64 */
    const char *dots[] = {strchr(token, '.'), strrchr(token, '.'), token + sizeof token - 1};
    for (size_t i = 1; i < 3; i++) {
        size_t at = (size_t)(dots[i] - token) - 1;
        char was = token[at];
        unsigned refused = 0;
        for (const char *c = alphabet; *c; c++) {
            token[at] = *c;
            refused += plain_error(SET, token) == LK_JWS_FORM;
        }
        token[at] = was;
        ck_assert_uint_eq(refused, 64 - 4); /* both segments leave one byte over: four unused bits */
        ck_assert_int_eq(plain_error(SET, token), 0);
    }
}
END_TEST

START_TEST(impossible_lengths_are_refused)
{
    ck_assert_int_eq(plain_error(SET, "eyJhbGciOiJFUzI1NiJ9.e30.AAAAA"), LK_JWS_FORM);
    ck_assert_int_eq(plain_error(SET, "eyJhbGciOiJFUzI1NiJ9.e.AAAA"), LK_JWS_FORM);
    ck_assert_int_eq(plain_error(SET, "eyJhb.e30.AAAA"), LK_JWS_FORM);
    ck_assert_int_eq(plain_error(SET, "eyJhbGciOiJFUzI1NiJ9.e30.AAAA"), LK_JWS_SIGNATURE);
    ck_assert_int_eq(plain_error(SET, "eyJhbGciOiJFUzI1NiJ9.e30."), LK_JWS_SIGNATURE);
}
END_TEST

START_TEST(sizes_are_bounded)
{
    struct buf token = BUF_INIT(200000), payload = BUF_INIT(100000), header = BUF_INIT(10000);
    struct jwks *set = set_of(SET);
    buf_str(&header, GOOD);
    while (header.n < JWS_HEADER_MAX)
        buf_str(&header, " ");
    make_token(EC_KEY, buf_all(&header), span_of("{}"), &token);
    ck_assert_int_eq(token_error(set, buf_all(&token)), 0);
    buf_str(&header, " ");
    make_token(EC_KEY, buf_all(&header), span_of("{}"), &token);
    ck_assert_int_eq(token_error(set, buf_all(&token)), LK_TOO_LARGE);
    while (payload.n < 49059) /* with header, signature and dots just JWS_MAX */
        buf_str(&payload, "x");
    make_token("\"kid\":\"e\"," RFC7515_A3_PRIVATE, span_of("{\"alg\":\"ES256\",\"kid\":\"ec\"} "), buf_all(&payload),
               &token);
    ck_assert_uint_eq(token.n, JWS_MAX);
    ck_assert_int_eq(token_error(set, buf_all(&token)), 0);
    buf_str(&payload, "x");
    make_token(EC_KEY, span_of("{\"alg\":\"ES256\",\"kid\":\"ec\"} "), buf_all(&payload), &token);
    ck_assert_int_eq(token_error(set, buf_all(&token)), LK_TOO_LARGE);
    jwks_free(set);
    buf_free(&header);
    buf_free(&payload);
    buf_free(&token);
}
END_TEST

START_TEST(megabytes_are_refused_unread)
{
    size_t n = 8U << 20;
    char *dots = malloc(n);
    struct jwks *set = set_of(SET);
    memset(dots, '.', n);
    ck_assert_int_eq(token_error(set, (struct span){dots, n}), LK_TOO_LARGE);
    ck_assert_int_eq(token_error(set, (struct span){dots, JWS_MAX + 1}), LK_TOO_LARGE);
    ck_assert_int_eq(token_error(set, (struct span){dots, JWS_MAX}), LK_JWS_FORM);
    memset(dots, 'A', n);
    ck_assert_int_eq(token_error(set, (struct span){dots, n}), LK_TOO_LARGE);
    ck_assert_int_eq(token_error(set, (struct span){NULL, 0}), LK_JWS_FORM);
    jwks_free(set);
    free(dots);
}
END_TEST

START_TEST(a_signature_longer_than_any_is_refused)
{
    struct buf token = BUF_INIT(4096);
    buf_str(&token, "eyJhbGciOiJFUzI1NiJ9.e30.");
    for (size_t i = 0; i < 171; i++)
        buf_str(&token, "AAAA");
    ck_assert_int_eq(plain_error(SET, buf_cstr(&token)), LK_JWS_SIGNATURE);
    buf_str(&token, "AA=A");
    ck_assert_int_eq(plain_error(SET, buf_cstr(&token)), LK_JWS_FORM);
    buf_free(&token);
}
END_TEST

START_TEST(what_we_sign_verifies_under_every_algorithm)
{
    for (size_t i = 0; i < jwa_count; i++) {
        struct jwk *key = NULL;
        struct jws jws;
        struct buf token = BUF_INIT(JWS_MAX);
        struct jwks *set = set_of("{\"keys\":[]}");
        json_t *claims = json_pack("{s:s, s:i}", "sub", "u1", "exp", 1700000000);
        ck_assert_int_eq(jwk_generate(&jwa_table[i], &key), 0);
        ck_assert_int_eq(jws_sign(key, "at+jwt", claims, &token), 0);
        ck_assert_int_eq(token_error(set, buf_all(&token)), LK_JWS_NO_KEY);
        ck_assert_int_eq(jwks_add(set, key), 0);
        ck_assert_int_eq(token_error(set, buf_all(&token)), 0);
        ck_assert_int_eq(jws_parse(buf_all(&token), JWA_ALL, &jws), 0);
        ck_assert_str_eq(jws.kid, jwk_kid(key));
        ck_assert_str_eq(jws.typ, "at+jwt");
        json_decref(claims);
        jwks_free(set);
        jwk_free(key);
        buf_free(&token);
    }
}
END_TEST

START_TEST(our_header_has_one_order)
{
    struct buf token = BUF_INIT(JWS_MAX), header = BUF_INIT(256);
    struct jwk *key = private_key("\"kid\":\"k\"," RFC8037_A1_PRIVATE), *anonymous = private_key(RFC8037_A1_PRIVATE);
    json_t *claims = json_pack("{s:s}", "sub", "u1");
    ck_assert_int_eq(jws_sign(key, "at+jwt", claims, &token), 0);
    ck_assert_int_eq(b64_decode_add((struct span){token.p, (size_t)(strchr(token.p, '.') - token.p)}, &header), 0);
    ck_assert_str_eq(buf_cstr(&header), "{\"alg\":\"EdDSA\",\"typ\":\"at+jwt\",\"kid\":\"k\"}");
    buf_reset(&token);
    buf_reset(&header);
    ck_assert_int_eq(jws_sign(anonymous, NULL, claims, &token), 0);
    ck_assert_int_eq(b64_decode_add((struct span){token.p, (size_t)(strchr(token.p, '.') - token.p)}, &header), 0);
    ck_assert_str_eq(buf_cstr(&header), "{\"alg\":\"EdDSA\"}");
    json_decref(claims);
    jwk_free(key);
    jwk_free(anonymous);
    buf_free(&token);
    buf_free(&header);
}
END_TEST

START_TEST(a_token_that_does_not_fit_leaves_nothing)
{
    struct buf small = BUF_INIT(100), token = BUF_INIT(1 << 20);
    struct jwk *key = private_key(RFC8037_A1_PRIVATE);
    char *large = malloc(JWS_MAX);
    memset(large, 'x', JWS_MAX - 1);
    large[JWS_MAX - 1] = '\0';
    json_t *claims = json_pack("{s:s}", "sub", "u1"), *huge = json_pack("{s:s}", "sub", large);
    buf_str(&small, "before");
    ck_assert_int_eq(jws_sign(key, "at+jwt", claims, &small), LK_TOO_LARGE);
    ck_assert_uint_eq(small.n, 6);
    ck_assert_int_eq(jws_sign(key, "at+jwt", huge, &token), LK_TOO_LARGE);
    ck_assert_uint_eq(token.n, 0);
    ck_assert_int_eq(jws_sign(key, "at+jwt", claims, &token), 0);
    json_decref(claims);
    json_decref(huge);
    jwk_free(key);
    free(large);
    buf_free(&small);
    buf_free(&token);
}
END_TEST

UNIT_MAIN("jose_jws", the_examples_of_the_rfcs_verify, the_payload_comes_out_as_it_went_in, a_payload_may_be_any_bytes,
          a_token_has_three_segments, base64url_is_strict_in_every_segment, a_nul_in_a_token_is_refused,
          unused_bits_are_zero, impossible_lengths_are_refused, sizes_are_bounded, megabytes_are_refused_unread,
          a_signature_longer_than_any_is_refused, what_we_sign_verifies_under_every_algorithm, our_header_has_one_order,
          a_token_that_does_not_fit_leaves_nothing)
