/* Public keys that nobody vouches for: what is taken, what is refused, and why. */
#include "jose_keys.h"

#include <openssl/bn.h>
#include <openssl/crypto.h>

struct edit {
    const char *member;
    const char *value; /* JSON; NULL takes the member away */
    int want;
};

static void try_edit(const char *base, const struct edit *e)
{
    char text[4096];
    snprintf(text, sizeof text, "{%s}", base);
    json_t *object = json_of(text);
    if (e->value)
        json_object_set_new(object, e->member, json_of(e->value));
    else
        json_object_del(object, e->member);
    int got = public_error(object);
    ck_assert_msg(got == e->want, "%s: %.40s: %s, not %s", e->member, e->value ? e->value : "(absent)",
                  lk_error_code(got), lk_error_code(e->want));
    json_decref(object);
}

#define TRY(base, edits)                                                                                               \
    for (size_t i = 0; i < sizeof edits / sizeof edits[0]; i++)                                                        \
    try_edit(base, &edits[i])

START_TEST(the_kind_of_key_is_checked)
{
    static const struct edit edits[] = {
        {"comment", "1", 0},
        {"kty", NULL, LK_JWK_FORM},
        {"kty", "1", LK_JWK_FORM},
        {"kty", "null", LK_JWK_FORM},
        {"kty", "\"ec\"", LK_JWK_UNSUPPORTED},
        {"kty", "\"oct\"", LK_JWK_UNSUPPORTED},
        {"kty", "\"RSA\"", LK_JWK_FORM},
        {"kty", "\"OKP\"", LK_JWK_UNSUPPORTED},
        {"crv", NULL, LK_JWK_FORM},
        {"crv", "5", LK_JWK_FORM},
        {"crv", "\"p-256\"", LK_JWK_UNSUPPORTED},
        {"crv", "\"P-384\"", LK_JWK_UNSUPPORTED},
        {"crv", "\"secp256k1\"", LK_JWK_UNSUPPORTED},
        {"crv", "\"Ed25519\"", LK_JWK_UNSUPPORTED},
        {"crv", "\"P-521\"", LK_JWK_FORM},
    };
    TRY(RFC7515_A3_PUBLIC, edits);
    ck_assert_int_eq(public_error(NULL), LK_JWK_FORM);
    json_t *array = json_array();
    ck_assert_int_eq(public_error(array), LK_JWK_FORM);
    json_decref(array);
}
END_TEST

START_TEST(use_key_ops_and_alg_bind)
{
    static const struct edit edits[] = {
        {"use", "\"sig\"", 0},
        {"use", "\"enc\"", LK_JWK_USE},
        {"use", "\"SIG\"", LK_JWK_USE},
        {"use", "\"\"", LK_JWK_USE},
        {"use", "1", LK_JWK_FORM},
        {"use", "[\"sig\"]", LK_JWK_FORM},
        {"key_ops", "[\"verify\"]", 0},
        {"key_ops", "[\"sign\",\"verify\"]", 0},
        {"key_ops", "[]", LK_JWK_USE},
        {"key_ops", "[\"sign\"]", LK_JWK_USE},
        {"key_ops", "[\"encrypt\"]", LK_JWK_USE},
        {"key_ops", "[\"sign, verify\"]", LK_JWK_USE},
        {"key_ops", "\"verify\"", LK_JWK_FORM},
        {"key_ops", "[\"verify\",1]", LK_JWK_FORM},
        {"key_ops", "[\"verify\",\"verify\"]", LK_JWK_FORM},
        {"alg", "\"ES256\"", 0},
        {"alg", "\"ES512\"", LK_JWK_USE},
        {"alg", "\"RS256\"", LK_JWK_USE},
        {"alg", "\"EdDSA\"", LK_JWK_USE},
        {"alg", "\"ES521\"", LK_JWK_USE},
        {"alg", "\"HS256\"", LK_JWK_UNSUPPORTED},
        {"alg", "\"none\"", LK_JWK_UNSUPPORTED},
        {"alg", "\"ECDH-ES\"", LK_JWK_UNSUPPORTED},
        {"alg", "\"\"", LK_JWK_UNSUPPORTED},
        {"alg", "256", LK_JWK_FORM},
    };
    TRY(RFC7515_A3_PUBLIC, edits);
}
END_TEST

/* Comparing each with each other of as many as fit into a set took half a minute. */
START_TEST(key_ops_are_few)
{
    for (size_t n = JWK_KEY_OPS_MAX; n <= JWK_KEY_OPS_MAX + 1; n++) {
        json_t *object = json_of("{" RFC7515_A3_PUBLIC ",\"key_ops\":[\"verify\"]}");
        for (size_t i = 1; i < n; i++)
            json_array_append_new(json_object_get(object, "key_ops"), json_sprintf("op%zu", i));
        ck_assert_int_eq(public_error(object), n > JWK_KEY_OPS_MAX ? LK_JWK_FORM : 0);
        json_decref(object);
    }
}
END_TEST

/* Its misspelling in a draft of WebCrypto. */
START_TEST(es521_in_a_key_means_es512)
{
    static const struct edit edits[] = {
        {"alg", "\"ES512\"", 0},
        {"alg", "\"ES521\"", 0},
        {"alg", "\"ES256\"", LK_JWK_USE},
        {"alg", "\"ES5210\"", LK_JWK_UNSUPPORTED},
    };
    TRY(RFC7515_A4_PUBLIC, edits);
}
END_TEST

START_TEST(private_and_symmetric_members_refuse_the_key)
{
    static const char *const names[] = {"d", "p", "q", "dp", "dq", "qi", "oth", "k"};
    static const char *const bases[] = {RFC7515_A2_PUBLIC, RFC7515_A3_PUBLIC, RFC8037_A2_PUBLIC};
    static const struct edit nothing = {"x5t", "\"x\"", 0};
    for (size_t b = 0; b < 3; b++) {
        try_edit(bases[b], &nothing);
        for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
            struct edit text = {names[i], "\"AQ\"", LK_JWK_PRIVATE}, null = {names[i], "null", LK_JWK_PRIVATE};
            try_edit(bases[b], &text);
            try_edit(bases[b], &null);
        }
    }
}
END_TEST

START_TEST(a_kid_is_a_short_string_without_control_characters)
{
    char longest[JWK_KID_MAX + 4];
    memset(longest, 'k', sizeof longest);
    longest[0] = longest[JWK_KID_MAX + 1] = '"';
    longest[JWK_KID_MAX + 2] = '\0';
    struct edit fits = {"kid", longest, 0};
    try_edit(RFC7515_A3_PUBLIC, &fits);
    longest[JWK_KID_MAX + 1] = 'k';
    longest[JWK_KID_MAX + 2] = '"';
    longest[JWK_KID_MAX + 3] = '\0';
    struct edit over = {"kid", longest, LK_JWK_FORM};
    try_edit(RFC7515_A3_PUBLIC, &over);
    static const struct edit edits[] = {
        {"kid", "\"\"", 0},
        {"kid", "\"../../etc/passwd\"", 0},
        {"kid", "\"\\u00e9\"", 0},
        {"kid", "7", LK_JWK_FORM},
        {"kid", "null", LK_JWK_FORM},
        {"kid", "[\"a\"]", LK_JWK_FORM},
        {"kid", "\"a\\r\\nb\"", LK_JWK_FORM},
        {"kid", "\"a\\u007fb\"", LK_JWK_FORM},
    };
    TRY(RFC7515_A3_PUBLIC, edits);
}
END_TEST

START_TEST(coordinates_have_their_exact_length_and_strict_base64url)
{
    static const struct edit edits[] = {
        {"x", "\"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU\"", 0},
        {"x", NULL, LK_JWK_FORM},
        {"x", "1", LK_JWK_FORM},
        {"x", "\"\"", LK_JWK_FORM},
        {"x", "\"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU=\"", LK_JWK_FORM},
        {"x", "\"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEV\"", LK_JWK_FORM}, /* unused bits */
        {"x", "\" f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU\"", LK_JWK_FORM},
        {"x", "\"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVE+\"", LK_JWK_FORM},
        {"x", "\"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVA\"", LK_JWK_FORM},   /* 31 bytes */
        {"x", "\"AH_Nzidw9sRdQYPL7m_bS3tYBzM1e-nvE7rPbjx70VRF\"", LK_JWK_FORM}, /* 33 bytes, same number */
        {"y", "\"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5Q\"", LK_JWK_FORM},
        {"y", NULL, LK_JWK_FORM},
    };
    TRY(RFC7515_A3_PUBLIC, edits);
    static const struct edit okp[] = {
        {"x", "\"" RFC8037_A2_X "\"", 0},
        {"x", NULL, LK_JWK_FORM},
        {"x", "\"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHUQ\"", LK_JWK_FORM},
        {"x", "\"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURoA\"", LK_JWK_FORM},
        {"crv", "\"Ed448\"", LK_JWK_UNSUPPORTED},
        {"crv", "\"X25519\"", LK_JWK_UNSUPPORTED},
    };
    TRY(RFC8037_A2_PUBLIC, okp);
}
END_TEST

#define ZERO_32 "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
/* The point of P-256 with x = 0, which has a second form x + p that fits 32 bytes. */
#define P256_X0                                                                                                        \
    "\"kty\":\"EC\",\"crv\":\"P-256\",\"x\":\"" ZERO_32 "\",\"y\":\"ZkhceA4vg9ckM71dhKBrtlQcKvMdrocXKL-FahdPk_Q\""

START_TEST(points_off_the_curve_are_refused)
{
    static const struct edit edits[] = {
        {"y", "\"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a4\"", LK_JWK_WEAK}, /* next number */
        {"y", "\"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU\"", LK_JWK_WEAK}, /* x again */
        {"y", "\"" ZERO_32 "\"", LK_JWK_WEAK},
        {"x", "\"" ZERO_32 "\"", LK_JWK_WEAK},
        {"x", "\"__________________________________________8\"", LK_JWK_WEAK},
    };
    TRY(RFC7515_A3_PUBLIC, edits);
    static const struct edit zero[] = {
        {"x", "\"" ZERO_32 "\"", 0},
        {"x", "\"_____wAAAAEAAAAAAAAAAAAAAAD_______________8\"", LK_JWK_WEAK}, /* p */
        {"y", "\"" ZERO_32 "\"", LK_JWK_WEAK},                                 /* (0, 0), how some write infinity */
    };
    TRY(P256_X0, zero);
}
END_TEST

/* The y of an Ed25519 key as hex, little-endian, as RFC 8032 writes it. */
static int ed25519_error(const char *hex)
{
    uint8_t y[32];
    char text[64];
    for (size_t i = 0; i < sizeof y; i++)
        y[i] = (uint8_t)((OPENSSL_hexchar2int((unsigned char)hex[2 * i]) << 4) |
                         OPENSSL_hexchar2int((unsigned char)hex[2 * i + 1]));
    b64_encode(y, sizeof y, text);
    json_t *object = json_pack("{s:s, s:s, s:s}", "kty", "OKP", "crv", "Ed25519", "x", text);
    int error = public_error(object);
    json_decref(object);
    return error;
}

START_TEST(ed25519_points_of_small_order_are_refused)
{
    static const char *const weak[] = {
        "0000000000000000000000000000000000000000000000000000000000000000", /* order 4 */
        "0000000000000000000000000000000000000000000000000000000000000080",
        "0100000000000000000000000000000000000000000000000000000000000000", /* identity */
        "0100000000000000000000000000000000000000000000000000000000000080",
        "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f", /* order 2 */
        "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
        "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05", /* order 8 */
        "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc85",
        "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
        "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac03fa",
    };
    for (size_t i = 0; i < sizeof weak / sizeof weak[0]; i++)
        ck_assert_msg(ed25519_error(weak[i]) == LK_JWK_WEAK, "%s", weak[i]);
    ck_assert_int_eq(ed25519_error("d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a"), 0);
    ck_assert_int_eq(ed25519_error("0300000000000000000000000000000000000000000000000000000000000000"), 0);
    ck_assert_int_eq(ed25519_error("0300000000000000000000000000000000000000000000000000000000000080"), 0);
}
END_TEST

START_TEST(ed25519_points_that_are_not_canonical_are_refused)
{
    /* y + p for every y that leaves room: ed is p itself; y = 3, 4, 5, 6, 9 ... are points */
    for (unsigned low = 0xed; low <= 0xff; low++) {
        char hex[65];
        snprintf(hex, sizeof hex, "%02xffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f", low);
        ck_assert_msg(ed25519_error(hex) == LK_JWK_WEAK, "%s", hex);
        hex[62] = 'f';
        ck_assert_msg(ed25519_error(hex) == LK_JWK_WEAK, "%s", hex);
    }
    /* the largest canonical y that is a point of the large order */
    ck_assert_int_eq(ed25519_error("eaffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f"), 0);
}
END_TEST

START_TEST(ed25519_points_off_the_curve_are_refused)
{
    ck_assert_int_eq(ed25519_error("0200000000000000000000000000000000000000000000000000000000000000"), LK_JWK_WEAK);
    ck_assert_int_eq(ed25519_error("0700000000000000000000000000000000000000000000000000000000000080"), LK_JWK_WEAK);
    ck_assert_int_eq(ed25519_error("0400000000000000000000000000000000000000000000000000000000000000"), 0);
}
END_TEST

START_TEST(rsa_exponents_are_odd_and_bounded)
{
    static const struct edit edits[] = {
        {"e", "\"AQAB\"", 0},
        {"e", "\"Aw\"", 0},
        {"e", "\"_____w\"", 0}, /* 2^32 - 1 */
        {"e", NULL, LK_JWK_FORM},
        {"e", "65537", LK_JWK_FORM},
        {"e", "\"\"", LK_JWK_FORM},
        {"e", "\"AAEAAQ\"", LK_JWK_FORM}, /* leading zero octet */
        {"e", "\"AA\"", LK_JWK_FORM},
        {"e", "\"AQ\"", LK_JWK_WEAK},
        {"e", "\"Ag\"", LK_JWK_WEAK},
        {"e", "\"AQAA\"", LK_JWK_WEAK},
        {"e", "\"AQAAAAE\"", LK_JWK_UNSUPPORTED}, /* 2^32 + 1 */
        {"e", "\"" RFC7515_A2_N "\"", LK_JWK_UNSUPPORTED},
    };
    TRY(RFC7515_A2_PUBLIC, edits);
}
END_TEST

/* A modulus of these bytes with e = 65537. */
static int modulus_error(const uint8_t *bytes, size_t n)
{
    char text[B64_ENCODED(600) + 1];
    b64_encode(bytes, n, text);
    json_t *object = json_pack("{s:s, s:s, s:s}", "kty", "RSA", "n", text, "e", "AQAB");
    int error = public_error(object);
    json_decref(object);
    return error;
}

START_TEST(rsa_moduli_have_2048_to_4096_bits)
{
    uint8_t n[513];
    memset(n, 0xa5, sizeof n);
    ck_assert_int_eq(modulus_error(n, 128), LK_JWK_WEAK);
    ck_assert_int_eq(modulus_error(n, 255), LK_JWK_WEAK);
    ck_assert_int_eq(modulus_error(n, 256), 0);
    ck_assert_int_eq(modulus_error(n, 512), 0);
    ck_assert_int_eq(modulus_error(n, 513), LK_JWK_UNSUPPORTED);
    n[0] = 0x7f; /* 2047 bits */
    ck_assert_int_eq(modulus_error(n, 256), LK_JWK_WEAK);
    n[0] = 1; /* 2049 bits */
    ck_assert_int_eq(modulus_error(n, 257), 0);
    n[0] = 0; /* leading zero octet */
    ck_assert_int_eq(modulus_error(n, 257), LK_JWK_FORM);
    n[0] = 0xa5;
    n[255] = 0xa4; /* even */
    ck_assert_int_eq(modulus_error(n, 256), LK_JWK_WEAK);
}
END_TEST

/* n = 65537^5 mod M + M r, M the product of the primes to 167: what the broken library made. */
START_TEST(rsa_moduli_of_the_roca_form_are_refused)
{
    static const uint8_t primes[] = {2,   3,   5,   7,   11,  13,  17,  19,  23,  29,  31,  37,  41,
                                     43,  47,  53,  59,  61,  67,  71,  73,  79,  83,  89,  97,  101,
                                     103, 107, 109, 113, 127, 131, 137, 139, 149, 151, 157, 163, 167};
    uint8_t n[256];
    BN_CTX *ctx = BN_CTX_new();
    BIGNUM *m = BN_new(), *r = BN_new(), *power = BN_new(), *five = BN_new();
    BN_one(m);
    for (size_t i = 0; i < sizeof primes; i++)
        BN_mul_word(m, primes[i]);
    BN_set_word(power, 65537);
    BN_set_word(five, 5);
    BN_mod_exp(power, power, five, m, ctx);
    BN_set_bit(r, 2047 - (BN_num_bits(m) - 1));
    BN_mul(r, r, m, ctx);
    BN_add(r, r, power);
    ck_assert_int_eq(BN_bn2binpad(r, n, sizeof n), sizeof n);
    ck_assert_int_eq(modulus_error(n, sizeof n), LK_JWK_WEAK);
    n[255] ^= 2; /* another odd number, of no such form */
    ck_assert_int_eq(modulus_error(n, sizeof n), 0);
    BN_free(m);
    BN_free(r);
    BN_free(power);
    BN_free(five);
    BN_CTX_free(ctx);
}
END_TEST

START_TEST(rfc7517_a1_keys_are_read)
{
    json_t *ec = json_of("{\"kty\":\"EC\",\"crv\":\"P-256\",\"x\":\"MKBCTNIcKUSDii11ySs3526iDZ8AiTo7Tu6KPAqv7D4\","
                         "\"y\":\"4Etl6SRW2YiLUrN5vfvVHuhp7x8PxltmWWlbbM4IFyM\",\"use\":\"enc\",\"kid\":\"1\"}");
    ck_assert_int_eq(public_error(ec), LK_JWK_USE);
    json_object_del(ec, "use");
    ck_assert_int_eq(public_error(ec), 0);
    json_decref(ec);
}
END_TEST

UNIT_MAIN("jose_jwk_parse", the_kind_of_key_is_checked, use_key_ops_and_alg_bind, key_ops_are_few,
          es521_in_a_key_means_es512, private_and_symmetric_members_refuse_the_key,
          a_kid_is_a_short_string_without_control_characters, coordinates_have_their_exact_length_and_strict_base64url,
          points_off_the_curve_are_refused, ed25519_points_of_small_order_are_refused,
          ed25519_points_that_are_not_canonical_are_refused, ed25519_points_off_the_curve_are_refused,
          rsa_exponents_are_odd_and_bounded, rsa_moduli_have_2048_to_4096_bits, rsa_moduli_of_the_roca_form_are_refused,
          rfc7517_a1_keys_are_read)
