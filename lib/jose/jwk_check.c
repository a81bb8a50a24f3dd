#include <openssl/bn.h>
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/obj_mac.h>

#include "base/error.h"
#include "base/secret.h"
#include "jose/jwk_impl.h"

/* ---- Ed25519 (RFC 8032 5.1) ---- */

/* The y coordinates of the eight points of small order, canonical, little-endian. */
static const uint8_t small_order[][32] = {
    {0x00},
    {0x01},
    {0xec, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
     0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f},
    {0x26, 0xe8, 0x95, 0x8f, 0xc2, 0xb2, 0x27, 0xb0, 0x45, 0xc3, 0xf4, 0x89, 0xf2, 0xef, 0x98, 0xf0,
     0xd5, 0xdf, 0xac, 0x05, 0xd3, 0xc6, 0x33, 0x39, 0xb1, 0x38, 0x02, 0x88, 0x6d, 0x53, 0xfc, 0x05},
    {0xc7, 0x17, 0x6a, 0x70, 0x3d, 0x4d, 0xd8, 0x4f, 0xba, 0x3c, 0x0b, 0x76, 0x0d, 0x10, 0x67, 0x0f,
     0x2a, 0x20, 0x53, 0xfa, 0x2c, 0x39, 0xcc, 0xc6, 0x4e, 0xc7, 0xfd, 0x77, 0x92, 0xac, 0x03, 0x7a},
};

/* True when y is below p = 2^255 - 19. */
static bool is_canonical(const uint8_t y[32])
{
    if (y[31] != 0x7f || y[0] < 0xed)
        return true;
    for (size_t i = 1; i < 31; i++)
        if (y[i] != 0xff)
            return true;
    return false;
}

/* x^2 = (y^2 - 1) / (d y^2 + 1) has a root when numerator times denominator is a square modulo p. */
static int has_x(const uint8_t y_le[32])
{
    int symbol = -2;
    BIGNUM *p = NULL, *d = NULL;
    BN_CTX *ctx = BN_CTX_new();
    BIGNUM *y = BN_lebin2bn(y_le, 32, NULL), *u = BN_new(), *v = BN_new();
    if (ctx && y && u && v && BN_hex2bn(&p, "7FFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFED") &&
        BN_hex2bn(&d, "52036CEE2B6FFE738CC740797779E89800700A4D4141D8AB75EB4DCA135978A3") && BN_mod_sqr(y, y, p, ctx) &&
        BN_mod_mul(v, y, d, p, ctx) && BN_add_word(v, 1) && BN_sub(u, y, BN_value_one()) && BN_mod_mul(u, u, v, p, ctx))
        symbol = BN_kronecker(u, p, ctx);
    BN_free(p);
    BN_free(d);
    BN_free(y);
    BN_free(u);
    BN_free(v);
    BN_CTX_free(ctx);
    return symbol == -2 ? LK_CRYPTO : symbol >= 0 ? 0 : LK_JWK_WEAK;
}

static int check_okp(const struct jwk *key)
{
    uint8_t y[32];
    if (key->part[OKP_X].n != sizeof y)
        return LK_JWK_FORM;
    memcpy(y, key->part[OKP_X].p, sizeof y);
    y[31] &= 0x7f; /* the sign of x */
    if (!is_canonical(y))
        return LK_JWK_WEAK;
    for (size_t i = 0; i < sizeof small_order / sizeof small_order[0]; i++)
        if (memcmp(y, small_order[i], sizeof y) == 0)
            return LK_JWK_WEAK;
    return has_x(y);
}

/* ---- EC: that the point is on its curve is checked by OpenSSL when it takes the key ---- */

static int check_ec(const struct jwk *key)
{
    size_t want = key->type->coordinate;
    return key->part[EC_X].n == want && key->part[EC_Y].n == want ? 0 : LK_JWK_FORM;
}

/* ---- RSA (RFC 7518 6.3.1) ---- */

static unsigned bits_of(const struct jwk_number *number)
{
    unsigned bits = (unsigned)(number->n - 1) * 8;
    for (unsigned top = number->p[0]; top; top >>= 1)
        bits++;
    return bits;
}

static unsigned modulo(const struct jwk_number *number, unsigned divisor)
{
    unsigned rest = 0;
    for (size_t i = 0; i < number->n; i++)
        rest = (rest << 8 | number->p[i]) % divisor;
    return rest;
}

static bool is_power(unsigned base, unsigned value, unsigned prime)
{
    unsigned power = 1;
    do {
        if (power == value)
            return true;
        power = power * base % prime;
    } while (power != 1);
    return false;
}

/* CVE-2017-15361 (ROCA): such a modulus is a power of 65537 modulo each small prime, and can be factored. */
static bool is_roca(const struct jwk_number *n)
{
    static const uint8_t primes[] = {3,   5,   7,   11,  13,  17,  19,  23,  29,  31,  37,  41,  43,
                                     47,  53,  59,  61,  67,  71,  73,  79,  83,  89,  97,  101, 103,
                                     107, 109, 113, 127, 131, 137, 139, 149, 151, 157, 163, 167};
    for (size_t i = 0; i < sizeof primes; i++)
        if (!is_power(65537 % primes[i], modulo(n, primes[i]), primes[i]))
            return false;
    return true;
}

static int check_rsa(const struct jwk *key)
{
    const struct jwk_number *n = &key->part[RSA_N], *e = &key->part[RSA_E];
    if (n->p[0] == 0 || e->p[0] == 0)
        return LK_JWK_FORM; /* not the shortest form: RFC 7518 section 2, Base64urlUInt */
    if (bits_of(e) > JWK_RSA_E_MAX_BITS)
        return LK_JWK_UNSUPPORTED;
    bool odd = n->p[n->n - 1] & e->p[e->n - 1] & 1;
    if (!odd || bits_of(n) < JWK_RSA_MIN_BITS || bits_of(e) < 2 || is_roca(n))
        return LK_JWK_WEAK;
    return 0;
}

int jwk_check_public(const struct jwk *key)
{
    static int (*const check[])(const struct jwk *) = {
        [JWA_EC] = check_ec, [JWA_OKP] = check_okp, [JWA_RSA] = check_rsa};
    return check[key->type->kty](key);
}

/* ---- pairs: our own keys, so that a damaged file is found before it signs ---- */

/* OpenSSL takes a `d` of 32 bytes only. */
static int pair_okp(const struct jwk *key)
{
    uint8_t x[32];
    size_t n = sizeof x;
    const struct jwk_number *d = &key->part[OKP_D];
    EVP_PKEY *pkey = EVP_PKEY_new_raw_private_key_ex(NULL, key->type->group, NULL, d->p, d->n);
    bool ok = pkey && EVP_PKEY_get_raw_public_key(pkey, x, &n) == 1 && secret_equal(x, key->part[OKP_X].p, n);
    EVP_PKEY_free(pkey);
    return ok ? 0 : LK_JWK_FORM;
}

/* d G = (x, y) with d below n; zero gives the point at infinity, which has no (x, y). */
static int pair_ec(const struct jwk *key)
{
    uint8_t point[1 + 2 * 66];
    size_t c = key->type->coordinate, n = 0;
    if (key->part[EC_D].n != c)
        return LK_JWK_FORM;
    BN_CTX *ctx = BN_CTX_secure_new();
    BIGNUM *d = BN_secure_new();
    EC_GROUP *group = EC_GROUP_new_by_curve_name(c == 32 ? NID_X9_62_prime256v1 : NID_secp521r1);
    EC_POINT *at = group ? EC_POINT_new(group) : NULL;
    if (ctx && d && at && BN_bin2bn(key->part[EC_D].p, (int)c, d) && BN_cmp(d, EC_GROUP_get0_order(group)) < 0 &&
        EC_POINT_mul(group, at, d, NULL, NULL, ctx))
        n = EC_POINT_point2oct(group, at, POINT_CONVERSION_UNCOMPRESSED, point, sizeof point, ctx);
    bool ok = n == 1 + 2 * c && secret_equal(point + 1, key->part[EC_X].p, c) &&
              secret_equal(point + 1 + c, key->part[EC_Y].p, c);
    EC_POINT_free(at);
    EC_GROUP_free(group);
    BN_clear_free(d);
    BN_CTX_free(ctx);
    return ok ? 0 : LK_JWK_FORM;
}

/* a b = 1 modulo m - 1. */
static bool inverse_below(const BIGNUM *a, const BIGNUM *b, const BIGNUM *m, BN_CTX *ctx)
{
    BIGNUM *below = BN_dup(m), *product = BN_secure_new();
    bool ok = below && product && BN_sub_word(below, 1) && BN_mod_mul(product, a, b, below, ctx) && BN_is_one(product);
    BN_clear_free(below);
    BN_clear_free(product);
    return ok;
}

/* n = p q, e d = e dp = 1 mod p - 1, e d = e dq = 1 mod q - 1, q qi = 1 mod p. That p and q are prime is not tested:
 * it takes longer than all else that a CGI does. */
static bool rsa_agrees(BIGNUM *const v[RSA_PARTS], BN_CTX *ctx)
{
    BIGNUM *t = BN_secure_new();
    bool ok = t && BN_mul(t, v[RSA_P], v[RSA_Q], ctx) && BN_cmp(t, v[RSA_N]) == 0 &&
              inverse_below(v[RSA_E], v[RSA_D], v[RSA_P], ctx) && inverse_below(v[RSA_E], v[RSA_D], v[RSA_Q], ctx) &&
              inverse_below(v[RSA_E], v[RSA_DP], v[RSA_P], ctx) && inverse_below(v[RSA_E], v[RSA_DQ], v[RSA_Q], ctx) &&
              BN_mod_mul(t, v[RSA_Q], v[RSA_QI], v[RSA_P], ctx) && BN_is_one(t);
    BN_clear_free(t);
    return ok;
}

static int pair_rsa(const struct jwk *key)
{
    BIGNUM *v[RSA_PARTS] = {NULL};
    BN_CTX *ctx = BN_CTX_secure_new();
    bool ok = ctx != NULL;
    for (size_t i = 0; ok && i < RSA_PARTS; i++) {
        v[i] = BN_secure_new();
        ok = v[i] && BN_bin2bn(key->part[i].p, (int)key->part[i].n, v[i]);
    }
    ok = ok && rsa_agrees(v, ctx);
    for (size_t i = 0; i < RSA_PARTS; i++)
        BN_clear_free(v[i]);
    BN_CTX_free(ctx);
    return ok ? 0 : LK_JWK_FORM;
}

int jwk_check_pair(const struct jwk *key)
{
    static int (*const check[])(const struct jwk *) = {[JWA_EC] = pair_ec, [JWA_OKP] = pair_okp, [JWA_RSA] = pair_rsa};
    int error = check[key->type->kty](key);
    ERR_clear_error();
    return error;
}
