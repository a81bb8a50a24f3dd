#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/params.h>
#include <openssl/pem.h>

#include "base/error.h"
#include "base/secret.h"
#include "jose/jwk_impl.h"

/* ---- numbers to EVP_PKEY ---- */

struct material {
    OSSL_PARAM param[JWK_PARTS_MAX + 2];
    size_t params;
    uint8_t bytes[JWK_PARTS_MAX][JWK_NUMBER_MAX];
};

static void add_octets(struct material *m, const char *name, const void *bytes, size_t n)
{
    /* fromdata only reads; its parameters are shared with calls that write */
    m->param[m->params++] = OSSL_PARAM_construct_octet_string(name, (void *)(uintptr_t)bytes, n);
}

/* An integer parameter is in the machine's byte order. */
static void add_integer(struct material *m, const char *name, const struct jwk_number *number)
{
    uint8_t *to = m->bytes[m->params];
    for (size_t i = 0; i < number->n; i++)
        to[i] = number->p[__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__ ? number->n - 1 - i : i];
    m->param[m->params++] = OSSL_PARAM_construct_BN(name, to, number->n);
}

/* 04 || x || y, SEC 1 2.3.3. The group goes last: it takes no space of `bytes`. */
static void fill_ec(const struct jwk *key, struct material *m)
{
    size_t c = key->type->coordinate;
    uint8_t *point = m->bytes[0];
    point[0] = 4;
    memcpy(point + 1, key->part[EC_X].p, c);
    memcpy(point + 1 + c, key->part[EC_Y].p, c);
    add_octets(m, OSSL_PKEY_PARAM_PUB_KEY, point, 1 + 2 * c);
    if (key->is_private)
        add_integer(m, OSSL_PKEY_PARAM_PRIV_KEY, &key->part[EC_D]);
    m->param[m->params++] =
        OSSL_PARAM_construct_utf8_string(OSSL_PKEY_PARAM_GROUP_NAME, (char *)(uintptr_t)key->type->group, 0);
}

static void fill_okp(const struct jwk *key, struct material *m)
{
    for (size_t i = 0; i < (key->is_private ? OKP_PARTS : OKP_D); i++)
        add_octets(m, jwk_kty(key)->part[i].param, key->part[i].p, key->part[i].n);
}

static void fill_rsa(const struct jwk *key, struct material *m)
{
    for (size_t i = 0; i < (key->is_private ? RSA_PARTS : RSA_D); i++)
        add_integer(m, jwk_kty(key)->part[i].param, &key->part[i]);
}

int jwk_make_pkey(struct jwk *key)
{
    static void (*const fill[])(const struct jwk *,
                                struct material *) = {[JWA_EC] = fill_ec, [JWA_OKP] = fill_okp, [JWA_RSA] = fill_rsa};
    struct material m;
    m.params = 0;
    fill[key->type->kty](key, &m);
    m.param[m.params] = OSSL_PARAM_construct_end();

    int error = LK_CRYPTO;
    const char *type = key->type->kty == JWA_EC ? "EC" : key->type->group;
    EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_name(NULL, type, NULL);
    if (ctx && EVP_PKEY_fromdata_init(ctx) == 1)
        error =
            EVP_PKEY_fromdata(ctx, &key->pkey, key->is_private ? EVP_PKEY_KEYPAIR : EVP_PKEY_PUBLIC_KEY, m.param) == 1
                ? 0
                : LK_JWK_WEAK;
    EVP_PKEY_CTX_free(ctx);
    if (key->is_private)
        secret_wipe(&m, sizeof m);
    ERR_clear_error();
    return error;
}

/* ---- EVP_PKEY to numbers: keys that OpenSSL made or read ---- */

/* `width` 0: as few bytes as the number needs. */
static int take_integer(EVP_PKEY *pkey, const char *name, size_t width, struct jwk_number *out)
{
    BIGNUM *bn = NULL;
    if (EVP_PKEY_get_bn_param(pkey, name, &bn) != 1)
        return LK_JWK_FORM;
    out->n = width ? width : (size_t)BN_num_bytes(bn);
    bool ok = out->n <= sizeof out->p && BN_bn2binpad(bn, out->p, (int)out->n) >= 0;
    BN_clear_free(bn);
    return ok ? 0 : LK_JWK_UNSUPPORTED;
}

static int take_octets(EVP_PKEY *pkey, const char *name, struct jwk_number *out)
{
    return EVP_PKEY_get_octet_string_param(pkey, name, out->p, sizeof out->p, &out->n) == 1 ? 0 : LK_JWK_FORM;
}

static int take_ec(EVP_PKEY *pkey, struct jwk *key)
{
    size_t c = key->type->coordinate;
    int error = take_integer(pkey, OSSL_PKEY_PARAM_EC_PUB_X, c, &key->part[EC_X]);
    if (!error)
        error = take_integer(pkey, OSSL_PKEY_PARAM_EC_PUB_Y, c, &key->part[EC_Y]);
    return error ? error : take_integer(pkey, OSSL_PKEY_PARAM_PRIV_KEY, c, &key->part[EC_D]);
}

static int take_okp(EVP_PKEY *pkey, struct jwk *key)
{
    int error = take_octets(pkey, OSSL_PKEY_PARAM_PUB_KEY, &key->part[OKP_X]);
    return error ? error : take_octets(pkey, OSSL_PKEY_PARAM_PRIV_KEY, &key->part[OKP_D]);
}

static int take_rsa(EVP_PKEY *pkey, struct jwk *key)
{
    int error = 0;
    for (size_t i = 0; !error && i < RSA_PARTS; i++)
        error = take_integer(pkey, jwk_kty(key)->part[i].param, 0, &key->part[i]);
    return error;
}

static bool is_of(EVP_PKEY *pkey, const struct jwa *row)
{
    char group[32];
    size_t n = 0;
    if (row->kty != JWA_EC)
        return EVP_PKEY_is_a(pkey, row->group);
    return EVP_PKEY_is_a(pkey, "EC") && EVP_PKEY_get_group_name(pkey, group, sizeof group, &n) == 1 &&
           strcmp(group, row->group) == 0;
}

static const struct jwa *type_of(EVP_PKEY *pkey)
{
    for (size_t i = 0; i < jwa_count; i++)
        if (is_of(pkey, &jwa_table[i]))
            return &jwa_table[i];
    return NULL;
}

static int take(EVP_PKEY *pkey, const struct jwa *rsa_alg, struct jwk *key)
{
    static int (*const numbers[])(EVP_PKEY *,
                                  struct jwk *) = {[JWA_EC] = take_ec, [JWA_OKP] = take_okp, [JWA_RSA] = take_rsa};
    key->type = type_of(pkey);
    if (!key->type)
        return LK_JWK_UNSUPPORTED;
    key->alg = key->type->kty == JWA_RSA && rsa_alg ? rsa_alg : key->type;
    key->is_private = true;
    int error = key->alg->kty == key->type->kty ? numbers[key->type->kty](pkey, key) : LK_JWK_USE;
    if (!error)
        error = jwk_finish(key);
    return error ? error : jwk_thumbprint(key, key->kid);
}

static int from_pkey(EVP_PKEY *pkey, const struct jwa *rsa_alg, struct jwk **out)
{
    struct jwk *key = calloc(1, sizeof *key);
    int error = key ? take(pkey, rsa_alg, key) : LK_NOMEM;
    ERR_clear_error();
    if (error) {
        jwk_free(key);
        return error;
    }
    *out = key;
    return 0;
}

int jwk_generate(const struct jwa *alg, struct jwk **out)
{
    EVP_PKEY *pkey = alg->kty == JWA_EC    ? EVP_PKEY_Q_keygen(NULL, NULL, "EC", alg->group)
                     : alg->kty == JWA_RSA ? EVP_PKEY_Q_keygen(NULL, NULL, "RSA", (size_t)3072)
                                           : EVP_PKEY_Q_keygen(NULL, NULL, alg->group);
    int error = pkey ? from_pkey(pkey, alg, out) : LK_CRYPTO;
    EVP_PKEY_free(pkey);
    ERR_clear_error();
    return error;
}

/* Never asks a terminal. */
static int no_passphrase(char *to, int size, int writing, void *context)
{
    (void)to, (void)size, (void)writing, (void)context;
    return -1;
}

int jwk_parse_pem(struct span pem, const struct jwa *alg, struct jwk **out)
{
    if (pem.n == 0 || pem.n > 65536)
        return LK_JWK_FORM;
    BIO *bio = BIO_new_mem_buf(pem.p, (int)pem.n);
    EVP_PKEY *pkey = bio ? PEM_read_bio_PrivateKey(bio, NULL, no_passphrase, NULL) : NULL;
    int error = pkey ? from_pkey(pkey, alg, out) : LK_JWK_FORM;
    EVP_PKEY_free(pkey);
    BIO_free(bio);
    ERR_clear_error();
    return error;
}
