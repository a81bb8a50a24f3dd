/* Signatures: every algorithm both ways, and every way of bending one. */
#include "jose_keys.h"

#include <openssl/bn.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/rsa.h>

#include "jose/jwk_impl.h"

static const char *const all_private[] = {
    RFC7515_A3_PRIVATE ",\"alg\":\"ES256\"", RFC7515_A4_PRIVATE ",\"alg\":\"ES512\"",
    RFC8037_A1_PRIVATE ",\"alg\":\"EdDSA\"", RFC7515_A2_PRIVATE ",\"alg\":\"RS256\"",
    RFC7515_A2_PRIVATE ",\"alg\":\"PS256\""};
#define ALL (sizeof all_private / sizeof all_private[0])

struct signed_message {
    struct jwk *key;
    const struct jwa *alg;
    struct span message;
    uint8_t sig[JWK_SIGNATURE_MAX + 8];
    size_t n;
};

static struct signed_message sign(const char *members, const char *message)
{
    struct signed_message s = {.key = private_key(members), .message = span_of(message)};
    s.alg = jwk_alg(s.key);
    ck_assert_int_eq(jwk_sign(s.key, s.message, s.sig, &s.n), 0);
    return s;
}

static int verify_bytes(const struct signed_message *s, const uint8_t *sig, size_t n)
{
    int error = jwk_verify(s->key, s->alg, s->message, (struct span){(const char *)sig, n});
    ck_assert_uint_eq(ERR_peek_error(), 0);
    return error;
}

START_TEST(what_is_signed_verifies)
{
    for (size_t i = 0; i < ALL; i++) {
        struct signed_message s = sign(all_private[i], "message");
        ck_assert_int_eq(verify_bytes(&s, s.sig, s.n), 0);
        s.message = span_of("massage");
        ck_assert_int_eq(verify_bytes(&s, s.sig, s.n), LK_JWS_SIGNATURE);
        jwk_free(s.key);
    }
}
END_TEST

START_TEST(an_empty_message_can_be_signed)
{
    for (size_t i = 0; i < ALL; i++) {
        struct signed_message s = sign(all_private[i], NULL);
        ck_assert_int_eq(verify_bytes(&s, s.sig, s.n), 0);
        s.message = span_of("m");
        ck_assert_int_eq(verify_bytes(&s, s.sig, s.n), LK_JWS_SIGNATURE);
        jwk_free(s.key);
    }
}
END_TEST

START_TEST(no_bit_of_a_signature_may_change)
{
    for (size_t i = 0; i < ALL; i++) {
        struct signed_message s = sign(all_private[i], "message");
        for (size_t bit = 0; bit < s.n * 8; bit += 7) {
            s.sig[bit / 8] ^= (uint8_t)(1 << bit % 8);
            ck_assert_int_eq(verify_bytes(&s, s.sig, s.n), LK_JWS_SIGNATURE);
            s.sig[bit / 8] ^= (uint8_t)(1 << bit % 8);
        }
        ck_assert_int_eq(verify_bytes(&s, s.sig, s.n), 0);
        jwk_free(s.key);
    }
}
END_TEST

START_TEST(a_signature_has_its_exact_length)
{
    for (size_t i = 0; i < ALL; i++) {
        struct signed_message s = sign(all_private[i], "message");
        uint8_t longer[JWK_SIGNATURE_MAX + 8] = {0};
        memcpy(longer + 1, s.sig, s.n);
        ck_assert_int_eq(verify_bytes(&s, s.sig, s.n), 0);
        ck_assert_int_eq(verify_bytes(&s, longer, s.n + 1), LK_JWS_SIGNATURE); /* leading zero */
        memmove(longer, longer + 1, s.n + 1);
        ck_assert_int_eq(verify_bytes(&s, longer, s.n + 1), LK_JWS_SIGNATURE); /* trailing zero */
        ck_assert_int_eq(verify_bytes(&s, s.sig, s.n - 1), LK_JWS_SIGNATURE);
        ck_assert_int_eq(verify_bytes(&s, s.sig, 1), LK_JWS_SIGNATURE);
        ck_assert_int_eq(verify_bytes(&s, s.sig, 0), LK_JWS_SIGNATURE);
        jwk_free(s.key);
    }
}
END_TEST

START_TEST(a_key_verifies_only_under_its_own_algorithm)
{
    for (size_t i = 0; i < ALL; i++) {
        struct signed_message s = sign(all_private[i], "message");
        for (size_t a = 0; a < jwa_count; a++) {
            s.alg = &jwa_table[a];
            int want = s.alg == jwk_alg(s.key) ? 0 : LK_JWS_KEY_MISMATCH;
            ck_assert_int_eq(jwk_fits(s.key, s.alg), want == 0);
            ck_assert_int_eq(verify_bytes(&s, s.sig, s.n), want);
        }
        jwk_free(s.key);
    }
}
END_TEST

START_TEST(an_rsa_key_that_names_no_alg_fits_both_but_not_each_others_signature)
{
    struct jwk *open = private_key(RFC7515_A2_PRIVATE);
    for (size_t i = 3; i < ALL; i++) {
        struct signed_message s = sign(all_private[i], "message");
        jwk_free(s.key);
        s.key = open;
        ck_assert_int_eq(verify_bytes(&s, s.sig, s.n), 0);
        s.alg = jwa_find(span_of(i == 3 ? "PS256" : "RS256"));
        ck_assert_int_eq(verify_bytes(&s, s.sig, s.n), LK_JWS_SIGNATURE);
    }
    jwk_free(open);
}
END_TEST

/* n of the curve, and what lies around it. */
static void order_of(const struct jwa *alg, int plus, uint8_t *out)
{
    BIGNUM *n = NULL;
    BN_hex2bn(&n, alg->coordinate == 32 ? "FFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551"
                                        : "01FFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFA"
                                          "51868783BF2F966B7FCC0148F709A5D03BB5C9B8899C47AEBB6FB71E91386409");
    if (plus < 0)
        BN_sub_word(n, (BN_ULONG)-plus);
    else
        BN_add_word(n, (BN_ULONG)plus);
    ck_assert_int_eq(BN_bn2binpad(n, out, (int)alg->coordinate), (int)alg->coordinate);
    BN_free(n);
}

START_TEST(ecdsa_r_and_s_lie_between_one_and_the_order)
{
    for (size_t i = 0; i < 2; i++) {
        struct signed_message s = sign(all_private[i], "message");
        size_t c = s.alg->coordinate;
        uint8_t edge[4][66] = {{0}}, forged[132];
        order_of(s.alg, 0, edge[1]);
        order_of(s.alg, 1, edge[2]);
        order_of(s.alg, -1, edge[3]);
        for (size_t r = 0; r < 4; r++)
            for (size_t k = 0; k < 4; k++) {
                memcpy(forged, edge[r], c);
                memcpy(forged + c, edge[k], c);
                ck_assert_int_eq(verify_bytes(&s, forged, s.n), LK_JWS_SIGNATURE);
            }
        for (size_t k = 0; k < 3; k++) {
            memcpy(forged, s.sig, s.n);
            memcpy(forged, edge[k], c);
            ck_assert_int_eq(verify_bytes(&s, forged, s.n), LK_JWS_SIGNATURE);
            memcpy(forged, s.sig, s.n);
            memcpy(forged + c, edge[k], c);
            ck_assert_int_eq(verify_bytes(&s, forged, s.n), LK_JWS_SIGNATURE);
        }
        ck_assert_int_eq(verify_bytes(&s, s.sig, s.n), 0);
        jwk_free(s.key);
    }
}
END_TEST

/* P-521 leaves seven spare bits, so r + n and s + n still fit: the same signature modulo n. */
START_TEST(ecdsa_r_and_s_are_not_reduced)
{
    struct signed_message s = sign(all_private[1], "message");
    for (size_t half = 0; half < 2; half++) {
        uint8_t order[66], forged[132];
        unsigned carry = 0;
        order_of(s.alg, 0, order);
        memcpy(forged, s.sig, s.n);
        for (size_t i = 66; i-- > 0;) {
            unsigned sum = (unsigned)forged[half * 66 + i] + order[i] + carry;
            forged[half * 66 + i] = (uint8_t)sum;
            carry = sum >> 8;
        }
        ck_assert_int_eq(verify_bytes(&s, forged, s.n), LK_JWS_SIGNATURE);
    }
    ck_assert_int_eq(verify_bytes(&s, s.sig, s.n), 0);
    jwk_free(s.key);
}
END_TEST

START_TEST(ecdsa_in_der_is_refused)
{
    for (size_t i = 0; i < 2; i++) {
        struct signed_message s = sign(all_private[i], "message");
        uint8_t der[160], *end = der;
        int c = (int)s.alg->coordinate;
        ECDSA_SIG *sig = ECDSA_SIG_new();
        ECDSA_SIG_set0(sig, BN_bin2bn(s.sig, c, NULL), BN_bin2bn(s.sig + c, c, NULL));
        int n = i2d_ECDSA_SIG(sig, &end);
        ck_assert_int_gt(n, 0);
        ck_assert_int_eq(verify_bytes(&s, der, (size_t)n), LK_JWS_SIGNATURE);
        memset(der + n, 0, sizeof der - (size_t)n);
        ck_assert_int_eq(verify_bytes(&s, der, s.n), LK_JWS_SIGNATURE);
        ck_assert_int_eq(verify_bytes(&s, s.sig, s.n), 0);
        ECDSA_SIG_free(sig);
        jwk_free(s.key);
    }
}
END_TEST

/* L of RFC 8032 5.1, little-endian; S + L verifies where nobody compares S with L. */
START_TEST(ed25519_s_is_below_the_order)
{
    static const uint8_t order[32] = {0xed, 0xd3, 0xf5, 0x5c, 0x1a, 0x63, 0x12, 0x58,       0xd6,
                                      0x9c, 0xf7, 0xa2, 0xde, 0xf9, 0xde, 0x14, [31] = 0x10};
    struct signed_message s = sign(all_private[2], "message");
    for (size_t times = 1; times < 8; times++) {
        unsigned carry = 0;
        for (size_t i = 0; i < 32; i++) {
            unsigned sum = (unsigned)s.sig[32 + i] + order[i] + carry;
            s.sig[32 + i] = (uint8_t)sum;
            carry = sum >> 8;
        }
        ck_assert_uint_eq(carry, 0);
        ck_assert_int_eq(verify_bytes(&s, s.sig, s.n), LK_JWS_SIGNATURE);
    }
    ck_assert_int_eq(jwk_sign(s.key, s.message, s.sig, &s.n), 0);
    ck_assert_int_eq(verify_bytes(&s, s.sig, s.n), 0);
    jwk_free(s.key);
}
END_TEST

START_TEST(a_zero_signature_is_refused)
{
    for (size_t i = 0; i < ALL; i++) {
        struct signed_message s = sign(all_private[i], "message");
        uint8_t zero[JWK_SIGNATURE_MAX] = {0};
        ck_assert_int_eq(verify_bytes(&s, zero, s.n), LK_JWS_SIGNATURE);
        ck_assert_int_eq(verify_bytes(&s, s.sig, s.n), 0);
        jwk_free(s.key);
    }
}
END_TEST

/* One signature in 256 begins with a zero octet; it is part of the signature. */
START_TEST(an_rsa_signature_keeps_its_leading_zero)
{
    struct signed_message s = sign(all_private[3], "0");
    char message[32] = "0";
    for (unsigned i = 0; s.sig[0] != 0; i++) {
        snprintf(message, sizeof message, "%u", i);
        s.message = span_of(message);
        ck_assert_int_eq(jwk_sign(s.key, s.message, s.sig, &s.n), 0);
    }
    ck_assert_int_eq(verify_bytes(&s, s.sig, s.n), 0);
    ck_assert_int_eq(verify_bytes(&s, s.sig + 1, s.n - 1), LK_JWS_SIGNATURE);
    jwk_free(s.key);
}
END_TEST

START_TEST(an_rsa_signature_is_below_the_modulus)
{
    struct signed_message s = sign(all_private[3], "0");
    char message[32] = "0";
    uint8_t modulus[256];
    size_t n = 0;
    ck_assert_int_eq(b64_decode(span_of(RFC7515_A2_N), modulus, sizeof modulus, &n), 0);
    for (unsigned i = 0; s.sig[0] > 0xff - modulus[0] - 1; i++) { /* until signature + n fits */
        snprintf(message, sizeof message, "%u", i);
        s.message = span_of(message);
        ck_assert_int_eq(jwk_sign(s.key, s.message, s.sig, &s.n), 0);
    }
    ck_assert_int_eq(verify_bytes(&s, s.sig, s.n), 0);
    unsigned carry = 0;
    for (size_t i = n; i-- > 0;) {
        unsigned sum = (unsigned)s.sig[i] + modulus[i] + carry;
        s.sig[i] = (uint8_t)sum;
        carry = sum >> 8;
    }
    ck_assert_uint_eq(carry, 0);
    ck_assert_int_eq(verify_bytes(&s, s.sig, s.n), LK_JWS_SIGNATURE);
    jwk_free(s.key);
}
END_TEST

/* Signs with another digest or padding than the algorithm's. */
static void sign_otherwise(const char *digest, const char *mgf1, int salt, struct signed_message *s)
{
    EVP_PKEY_CTX *pctx = NULL;
    EVP_MD_CTX *ctx = EVP_MD_CTX_new();
    s->n = sizeof s->sig;
    ck_assert_int_eq(EVP_DigestSignInit_ex(ctx, &pctx, digest, NULL, NULL, s->key->pkey, NULL), 1);
    if (mgf1) {
        ck_assert_int_eq(EVP_PKEY_CTX_set_rsa_padding(pctx, RSA_PKCS1_PSS_PADDING), 1);
        ck_assert_int_eq(EVP_PKEY_CTX_set_rsa_mgf1_md_name(pctx, mgf1, NULL), 1);
        ck_assert_int_eq(EVP_PKEY_CTX_set_rsa_pss_saltlen(pctx, salt), 1);
    }
    ck_assert_int_eq(EVP_DigestSign(ctx, s->sig, &s->n, (const uint8_t *)s->message.p, s->message.n), 1);
    EVP_MD_CTX_free(ctx);
}

START_TEST(ps256_has_mgf1_sha256_and_a_salt_of_32)
{
    static const struct {
        const char *digest, *mgf1;
        int salt, want;
    } rows[] = {{"SHA256", "SHA256", 32, 0},
                {"SHA256", "SHA256", 0, LK_JWS_SIGNATURE},
                {"SHA256", "SHA256", 20, LK_JWS_SIGNATURE},
                {"SHA256", "SHA256", 31, LK_JWS_SIGNATURE},
                {"SHA256", "SHA256", 33, LK_JWS_SIGNATURE},
                {"SHA256", "SHA256", 222, LK_JWS_SIGNATURE}, /* the longest */
                {"SHA256", "SHA1", 32, LK_JWS_SIGNATURE},
                {"SHA512", "SHA512", 32, LK_JWS_SIGNATURE},
                {"SHA512", "SHA256", 32, LK_JWS_SIGNATURE}};
    struct signed_message s = sign(all_private[4], "message");
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        sign_otherwise(rows[i].digest, rows[i].mgf1, rows[i].salt, &s);
        ck_assert_int_eq(verify_bytes(&s, s.sig, s.n), rows[i].want);
    }
    jwk_free(s.key);
}
END_TEST

START_TEST(the_digest_is_the_algorithms)
{
    static const struct {
        size_t key;
        const char *digest;
        int want;
    } rows[] = {{3, "SHA256", 0},
                {3, "SHA1", LK_JWS_SIGNATURE},
                {3, "SHA384", LK_JWS_SIGNATURE},
                {3, "SHA512", LK_JWS_SIGNATURE}};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct signed_message s = sign(all_private[rows[i].key], "message");
        sign_otherwise(rows[i].digest, NULL, 0, &s);
        ck_assert_int_eq(verify_bytes(&s, s.sig, s.n), rows[i].want);
        jwk_free(s.key);
    }
}
END_TEST

START_TEST(rs256_and_eddsa_are_deterministic)
{
    for (size_t i = 2; i < 4; i++) {
        struct signed_message a = sign(all_private[i], "message"), b = sign(all_private[i], "message");
        ck_assert_uint_eq(a.n, b.n);
        ck_assert_mem_eq(a.sig, b.sig, a.n);
        jwk_free(a.key);
        jwk_free(b.key);
    }
}
END_TEST

UNIT_MAIN("jose_jwk_sign", what_is_signed_verifies, an_empty_message_can_be_signed, no_bit_of_a_signature_may_change,
          a_signature_has_its_exact_length, a_key_verifies_only_under_its_own_algorithm,
          an_rsa_key_that_names_no_alg_fits_both_but_not_each_others_signature,
          ecdsa_r_and_s_lie_between_one_and_the_order, ecdsa_r_and_s_are_not_reduced, ecdsa_in_der_is_refused,
          ed25519_s_is_below_the_order, a_zero_signature_is_refused, an_rsa_signature_keeps_its_leading_zero,
          an_rsa_signature_is_below_the_modulus, ps256_has_mgf1_sha256_and_a_salt_of_32, the_digest_is_the_algorithms,
          rs256_and_eddsa_are_deterministic)
