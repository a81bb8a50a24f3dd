/* Our own keys: thumbprints, export, reading back, PEM, generation. */
#include "jose_keys.h"

#include <openssl/evp.h>
#include <openssl/pem.h>

static const char *const all_private[] = {RFC7515_A2_PRIVATE, RFC7515_A3_PRIVATE, RFC7515_A4_PRIVATE,
                                          RFC8037_A1_PRIVATE};

static void assert_thumbprint(const char *public_members, const char *want)
{
    char text[4096], got[JWK_THUMBPRINT_SIZE];
    struct jwk *key = NULL;
    snprintf(text, sizeof text, "{%s}", public_members);
    json_t *object = json_of(text);
    ck_assert_int_eq(jwk_parse_public(object, &key), 0);
    ck_assert_int_eq(jwk_thumbprint(key, got), 0);
    ck_assert_str_eq(got, want);
    jwk_free(key);
    json_decref(object);
}

START_TEST(thumbprints_are_those_of_the_rfcs)
{
    assert_thumbprint(
        "\"kty\":\"RSA\",\"n\":\"0vx7agoebGcQSuuPiLJXZptN9nndrQmbXEps2aiAFbWhM78LhWx4cbbfAAtVT86zwu1RK7aPFFxuhDR1L6tSoc"
        "_BJECPebWKRXjBZCiFV4n3oknjhMstn64tZ_2W-5JsGY4Hc5n9yBXArwl93lqt7_RN5w6Cf0h4QyQ5v-65YGjQR0_"
        "FDW2QvzqY368QQMicAtaSqz"
        "s8KJZgnYb9c7d0zgdAZHzu6qMQvRL5hajrn1n91CbOpbISD08qNLyrdkt-bFTWhAI4vMQFh6WeZu0fM4lFd2NcRwr3XPksINHaQ-G_"
        "xBniIqbw0"
        "Ls1jF44-csFCur-kEgU8awapJzKnqDKgw\",\"e\":\"AQAB\",\"alg\":\"RS256\",\"kid\":\"2011-04-29\"",
        "NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs");                                  /* RFC 7638 3.1 */
    assert_thumbprint(RFC8037_A2_PUBLIC, "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k"); /* RFC 8037 A.3 */
}
END_TEST

static void assert_written(json_t *object, const char *want)
{
    struct buf text = BUF_INIT(8192);
    ck_assert_int_eq(json_write(object, &text), 0);
    ck_assert_str_eq(buf_cstr(&text), want);
    buf_free(&text);
    json_decref(object);
}

START_TEST(the_public_form_has_public_members_in_one_order)
{
    json_t *object = NULL;
    struct jwk *key = private_key("\"use\":\"sig\",\"alg\":\"ES256\",\"kid\":\"k\"," RFC7515_A3_PRIVATE);
    ck_assert_int_eq(jwk_to_public(key, &object), 0);
    assert_written(object, "{" RFC7515_A3_PUBLIC ",\"kid\":\"k\",\"alg\":\"ES256\",\"use\":\"sig\"}");
    jwk_free(key);
    key = private_key(RFC7515_A2_PRIVATE);
    ck_assert_int_eq(jwk_to_public(key, &object), 0);
    assert_written(object, "{" RFC7515_A2_PUBLIC ",\"use\":\"sig\"}");
    jwk_free(key);
}
END_TEST

START_TEST(the_private_form_reads_back_to_the_same_bytes)
{
    for (size_t i = 0; i < sizeof all_private / sizeof all_private[0]; i++) {
        json_t *object = NULL, *again = NULL;
        struct jwk *key = private_key(all_private[i]), *copy = NULL;
        ck_assert(jwk_is_private(key));
        ck_assert_int_eq(jwk_to_private(key, &object), 0);
        ck_assert_int_eq(jwk_parse_private(object, &copy), 0);
        ck_assert_int_eq(jwk_to_private(copy, &again), 0);
        ck_assert(json_equal(object, again));
        ck_assert_int_eq(public_error(object), LK_JWK_PRIVATE);
        json_decref(object);
        json_decref(again);
        jwk_free(key);
        jwk_free(copy);
    }
}
END_TEST

START_TEST(a_public_key_has_no_private_form_and_does_not_sign)
{
    struct jwk *key = NULL;
    json_t *object = json_of("{" RFC7515_A3_PUBLIC "}"), *out = NULL;
    uint8_t signature[JWK_SIGNATURE_MAX];
    size_t n = 0;
    ck_assert_int_eq(jwk_parse_public(object, &key), 0);
    ck_assert(!jwk_is_private(key));
    ck_assert_int_eq(jwk_to_private(key, &out), LK_JWK_FORM);
    ck_assert_int_eq(jwk_sign(key, span_of("m"), signature, &n), LK_JWK_FORM);
    jwk_free(key);
    ck_assert_int_eq(jwk_parse_private(object, &key), LK_JWK_FORM); /* no d */
    json_decref(object);
}
END_TEST

static int private_error(const char *members, const char *member, const char *value)
{
    char text[4096];
    struct jwk *key = NULL;
    snprintf(text, sizeof text, "{%s}", members);
    json_t *object = json_of(text);
    if (value)
        json_object_set_new(object, member, json_string(value));
    else
        json_object_del(object, member);
    int error = jwk_parse_private(object, &key);
    ck_assert_uint_eq(ERR_peek_error(), 0);
    jwk_free(key);
    json_decref(object);
    return error;
}

START_TEST(a_private_key_must_belong_to_its_public_key)
{
    static const char zero[] = "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";
    static const char order[] = "_____wAAAAD__________7zm-q2nF56E87nKwvxjJVE";
    ck_assert_int_eq(private_error(RFC7515_A3_PRIVATE, "kid", "k"), 0);
    ck_assert_int_eq(private_error(RFC7515_A3_PRIVATE, "d", "jpsQnnGQmL-YBIffH1136cspYG6-0iY7X1fCE9-E9LM"),
                     LK_JWK_FORM);
    ck_assert_int_eq(private_error(RFC7515_A3_PRIVATE, "d", zero), LK_JWK_FORM);
    ck_assert_int_eq(private_error(RFC7515_A3_PRIVATE, "d", order), LK_JWK_FORM);
    ck_assert_int_eq(private_error(RFC7515_A3_PRIVATE, "d", "AQ"), LK_JWK_FORM);
    /* d = 256: without its last octet, which is zero, d is another spelling */
    static const char small[] =
        "\"kty\":\"EC\",\"crv\":\"P-256\",\"x\":\"NKLUo7AJFlmH_9FShgPtYRkNC3ENalZMLbLjXxLQRBs\","
        "\"y\":\"vqrtalOh48IrynEEbnd_wOfXZrne3dgdtCTnhF6TsUY\"";
    ck_assert_int_eq(private_error(small, "d", "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAQA"), 0);
    ck_assert_int_eq(private_error(small, "d", "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAQ"), LK_JWK_FORM);
    ck_assert_int_eq(private_error(RFC8037_A1_PRIVATE, "kid", "k"), 0);
    ck_assert_int_eq(private_error(RFC8037_A1_PRIVATE, "d", zero), LK_JWK_FORM);
    ck_assert_int_eq(private_error(RFC8037_A1_PRIVATE, "d", "AQ"), LK_JWK_FORM);
    ck_assert_int_eq(private_error(RFC7515_A4_PRIVATE, "kid", "k"), 0);
    ck_assert_int_eq(private_error(RFC7515_A4_PRIVATE, "d", zero), LK_JWK_FORM);
    ck_assert_int_eq(
        private_error(RFC7515_A4_PRIVATE, "d", /* d + n: the same point */
                      "A45pb7A0UFiB3RELSD64fTLOSV_jazdF7fLYyuTw8lOfQGcncRJqgkosRbbGFv5bK3kjcRGXNbllljc8rX_HHqGL"),
        LK_JWK_FORM);
}
END_TEST

START_TEST(the_parts_of_an_rsa_key_must_agree)
{
    static const char *const names[] = {"n", "d", "p", "q", "dp", "dq", "qi"};
    ck_assert_int_eq(private_error(RFC7515_A2_PRIVATE, "kid", "k"), 0);
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        const char *other = strcmp(names[i], "p") == 0 ? RFC7515_A2_Q : RFC7515_A2_P;
        int want = strcmp(names[i], "n") == 0 ? LK_JWK_WEAK : LK_JWK_FORM;
        ck_assert_int_eq(private_error(RFC7515_A2_PRIVATE, names[i], other), want);
        ck_assert_int_eq(private_error(RFC7515_A2_PRIVATE, names[i], NULL), LK_JWK_FORM);
    }
    static const char other_n[] =
        "pfgWCuLjybRlzo0tZWJjNiuSfb4p4fAkd_wWJcyQoTbji9k0l8W26mPddxHmfHQp-Vaw-4qPCJrcS2mJPMEzP1Pt0Bm4d4QlL-yRT-SFd2lZS-"
        "pCgNMsD1W_YpRPEwOWvG6b32690r2jZ47soMZo9wGzjb_7OMg0LOL-bSf63kpaSHSXndS5z5rexMdbBYUsLA9e-KXBdQOS-"
        "UTo7WTBEMa2R2CapHg665xsmtdVMTBQY4uDZlxvb3qCo5ZwKh9kG4LT6_I5IhlJH7aGhyxXFvUK-DWNmoudF8NAco9_"
        "h9iaGNj8q2ethFkMLs91kzk2PAcDTW9gb54h4FRWyuXpoQ";
    static const char d_modulo_q_only[] =
        "Eq5xpGnNCivDflJsRQBXHx1hdR1k6Ulwe2JZD50LpXyWPEAeP88vLNO97IjlA7_GQ5sLKMgvfTeXZx9SE-7YwVol2NXOoAJe46sui395IW_GO-"
        "pWJ1O0BkTGoVEn2bKVRUCgu-GjBVaYLU6f3l9kJfFNS3E0QbVdxzubSu3Mkq2clkK1_"
        "xLDMFLIrqxE7ihdvwkl9UjYluPBBTEKfXANOnbFgOT3uGCPaHfkLIYxCduHEk93p3rXkwD0tFFpNS_yoTJA7NVMYpU1rc3OukF3CK_"
        "ztM9MFMybpuvQ9bRQywXgO4iK-414HNoF2ttmi-nunZNsoAppgjRRy1eBedvNcw";
    static const char d_modulo_p_only[] =
        "Eq5xpGnNCivDflJsRQBXHx1hdR1k6Ulwe2JZD50LpXyWPEAeP88vLNO97IjlA7_GQ5sLKMgvfTeXZx9SE-7YwVol2NXOoAJe46sui395IW_GO-"
        "pWJ1O0BkTGoVEn2bKVRUCgu-GjBVaYLU6f3l9kJfFNS3E0QbVdxzubSu3Mkq3Dr0JI4MWzYrvJyEdb0Uq3AmJdwvWfUdhmcNJdeDck1mU_"
        "hMvMTSjlVjKUqwG7H4ettZzAZV-F8GO-H2nJWYvV5JNTE4tiQS5a9VxUWDl_V2b-BS2YGFGmvH49wMh0wWlo86J_"
        "X7MZOpxLPlAXDipn9xWqmJJuSCbIeQdHq3qM4w";
    ck_assert_int_eq(private_error(RFC7515_A2_PRIVATE, "n", other_n), LK_JWK_FORM);
    ck_assert_int_eq(private_error(RFC7515_A2_PRIVATE, "d", d_modulo_q_only), LK_JWK_FORM);
    ck_assert_int_eq(private_error(RFC7515_A2_PRIVATE, "d", d_modulo_p_only), LK_JWK_FORM);
    ck_assert_int_eq(private_error(RFC7515_A2_PRIVATE, "e", "Aw"), LK_JWK_FORM);
    ck_assert_int_eq(private_error(RFC7515_A2_PRIVATE, "p", "AA"), LK_JWK_FORM);
    ck_assert_int_eq(private_error(RFC7515_A2_PRIVATE, "oth", "x"), LK_JWK_UNSUPPORTED);
}
END_TEST

START_TEST(a_private_key_may_be_kept_from_signing)
{
    ck_assert_int_eq(private_error(RFC7515_A3_PRIVATE, "use", "sig"), 0);
    ck_assert_int_eq(private_error(RFC7515_A3_PRIVATE, "use", "enc"), LK_JWK_USE);
    ck_assert_int_eq(private_error(RFC7515_A3_PRIVATE, "alg", "ES512"), LK_JWK_USE);
    char text[1024];
    struct jwk *key = NULL;
    snprintf(text, sizeof text, "{%s,\"key_ops\":[\"verify\"]}", RFC7515_A3_PRIVATE);
    json_t *object = json_of(text);
    ck_assert_int_eq(jwk_parse_private(object, &key), LK_JWK_USE);
    json_array_append_new(json_object_get(object, "key_ops"), json_string("sign"));
    ck_assert_int_eq(jwk_parse_private(object, &key), 0);
    jwk_free(key);
    json_decref(object);
}
END_TEST

START_TEST(generated_keys_are_named_by_their_thumbprint)
{
    for (size_t i = 0; i < jwa_count; i++) {
        char thumbprint[JWK_THUMBPRINT_SIZE];
        json_t *object = NULL;
        struct jwk *key = NULL;
        ck_assert_int_eq(jwk_generate(&jwa_table[i], &key), 0);
        ck_assert_int_eq(jwk_thumbprint(key, thumbprint), 0);
        ck_assert_str_eq(jwk_kid(key), thumbprint);
        ck_assert_ptr_eq(jwk_alg(key), &jwa_table[i]);
        ck_assert_int_eq(jwk_to_public(key, &object), 0);
        ck_assert_int_eq(public_error(object), 0);
        ck_assert_str_eq(json_text(object, "alg"), jwa_table[i].name);
        if (jwa_table[i].kty == JWA_RSA)
            ck_assert_uint_eq(strlen(json_text(object, "n")), B64_ENCODED(3072 / 8));
        json_decref(object);
        jwk_free(key);
    }
}
END_TEST

START_TEST(a_kid_can_be_set_within_its_limits)
{
    char kid[JWK_KID_MAX + 2];
    struct jwk *key = private_key(RFC8037_A1_PRIVATE);
    ck_assert_str_eq(jwk_kid(key), "");
    memset(kid, 'a', sizeof kid);
    kid[JWK_KID_MAX + 1] = '\0';
    ck_assert_int_eq(jwk_set_kid(key, kid), LK_SYNTAX);
    ck_assert_int_eq(jwk_set_kid(key, "a\nb"), LK_SYNTAX);
    ck_assert_str_eq(jwk_kid(key), "");
    kid[JWK_KID_MAX] = '\0';
    ck_assert_int_eq(jwk_set_kid(key, kid), 0);
    ck_assert_str_eq(jwk_kid(key), kid);
    jwk_free(key);
}
END_TEST

/* A key of OpenSSL's as PEM: PKCS#8, or the older form of its type. */
static void write_pem(const char *type, const char *group, bool traditional, struct buf *out)
{
    EVP_PKEY *pkey = group            ? EVP_PKEY_Q_keygen(NULL, NULL, type, group)
                     : type[0] == 'R' ? EVP_PKEY_Q_keygen(NULL, NULL, type, (size_t)2048)
                                      : EVP_PKEY_Q_keygen(NULL, NULL, type);
    char *text = NULL;
    BIO *bio = BIO_new(BIO_s_mem());
    ck_assert_ptr_nonnull(pkey);
    int ok = traditional ? PEM_write_bio_PrivateKey_traditional(bio, pkey, NULL, NULL, 0, NULL, NULL)
                         : PEM_write_bio_PrivateKey(bio, pkey, NULL, NULL, 0, NULL, NULL);
    ck_assert_int_eq(ok, 1);
    long n = BIO_get_mem_data(bio, &text);
    ck_assert_int_eq(buf_add(out, text, (size_t)n), 0);
    BIO_free(bio);
    EVP_PKEY_free(pkey);
}

static int pem_error(const struct buf *pem, const struct jwa *alg, const char *want_alg)
{
    struct jwk *key = NULL;
    int error = jwk_parse_pem(buf_all(pem), alg, &key);
    ck_assert_uint_eq(ERR_peek_error(), 0);
    if (!error) {
        char thumbprint[JWK_THUMBPRINT_SIZE];
        uint8_t signature[JWK_SIGNATURE_MAX];
        size_t n = 0;
        ck_assert_int_eq(jwk_thumbprint(key, thumbprint), 0);
        ck_assert_str_eq(jwk_kid(key), thumbprint);
        ck_assert_str_eq(jwk_alg(key)->name, want_alg);
        ck_assert_int_eq(jwk_sign(key, span_of("m"), signature, &n), 0);
        ck_assert_int_eq(jwk_verify(key, jwk_alg(key), span_of("m"), (struct span){(char *)signature, n}), 0);
    }
    jwk_free(key);
    return error;
}

START_TEST(pem_keys_are_imported)
{
    const struct jwa *ps256 = jwa_find(span_of("PS256"));
    static const struct {
        const char *type, *group, *alg;
    } rows[] = {{"EC", "P-256", "ES256"}, {"EC", "P-521", "ES512"}, {"RSA", NULL, "RS256"}, {"ED25519", NULL, "EdDSA"}};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        for (int traditional = 0; traditional < (rows[i].alg[1] == 'd' ? 1 : 2); traditional++) {
            struct buf pem = BUF_INIT(65536);
            write_pem(rows[i].type, rows[i].group, traditional, &pem);
            ck_assert_int_eq(pem_error(&pem, NULL, rows[i].alg), 0);
            if (rows[i].type[0] == 'R')
                ck_assert_int_eq(pem_error(&pem, ps256, "PS256"), 0);
            buf_free(&pem);
        }
}
END_TEST

START_TEST(pem_of_another_kind_is_refused)
{
    struct buf pem = BUF_INIT(65536), empty = BUF_INIT(8);
    write_pem("EC", "P-384", false, &pem);
    ck_assert_int_eq(pem_error(&pem, NULL, ""), LK_JWK_UNSUPPORTED);
    buf_reset(&pem);
    write_pem("RSA", NULL, false, &pem);
    ck_assert_int_eq(pem_error(&pem, jwa_find(span_of("ES256")), ""), LK_JWK_USE);
    pem.n /= 2;
    ck_assert_int_eq(pem_error(&pem, NULL, ""), LK_JWK_FORM);
    buf_reset(&pem);
    buf_str(&pem, "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n");
    ck_assert_int_eq(pem_error(&pem, NULL, ""), LK_JWK_FORM);
    ck_assert_int_eq(pem_error(&empty, NULL, ""), LK_JWK_FORM);
    buf_free(&pem);
}
END_TEST

START_TEST(pem_with_a_passphrase_never_asks)
{
    EVP_PKEY *pkey = EVP_PKEY_Q_keygen(NULL, NULL, "EC", "P-256");
    BIO *bio = BIO_new(BIO_s_mem());
    char *text = NULL;
    struct jwk *key = NULL;
    ck_assert_int_eq(PEM_write_bio_PrivateKey(bio, pkey, EVP_aes_256_cbc(), NULL, 0, NULL, (char[]){"secret"}), 1);
    long n = BIO_get_mem_data(bio, &text);
    ck_assert_int_eq(jwk_parse_pem((struct span){text, (size_t)n}, NULL, &key), LK_JWK_FORM);
    ck_assert_uint_eq(ERR_peek_error(), 0);
    BIO_free(bio);
    EVP_PKEY_free(pkey);
}
END_TEST

UNIT_MAIN("jose_jwk", thumbprints_are_those_of_the_rfcs, the_public_form_has_public_members_in_one_order,
          the_private_form_reads_back_to_the_same_bytes, a_public_key_has_no_private_form_and_does_not_sign,
          a_private_key_must_belong_to_its_public_key, the_parts_of_an_rsa_key_must_agree,
          a_private_key_may_be_kept_from_signing, generated_keys_are_named_by_their_thumbprint,
          a_kid_can_be_set_within_its_limits, pem_keys_are_imported, pem_of_another_kind_is_refused,
          pem_with_a_passphrase_never_asks)
