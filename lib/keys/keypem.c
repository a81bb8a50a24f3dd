#include "keys/keypem.h"

#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>

#include "base/b64.h"
#include "base/buf.h"
#include "base/error.h"
#include "base/json.h"

#define TEXT_MAX 16384

/* A number of the key as a JWK member; `width` 0: as long as it is. */
static int add_number(json_t *object, const char *name, const EVP_PKEY *pkey, const char *param, size_t width)
{
    uint8_t bytes[JWK_RSA_MAX_BITS / 8 + 1];
    struct buf text = BUF_INIT(2048);
    BIGNUM *number = NULL;
    int error = EVP_PKEY_get_bn_param(pkey, param, &number) == 1 ? 0 : LK_JWK_UNSUPPORTED;
    size_t n = error ? 0 : width ? width : (size_t)BN_num_bytes(number);
    if (!error && (n > sizeof bytes || BN_bn2binpad(number, bytes, (int)n) < 0))
        error = LK_JWK_UNSUPPORTED;
    if (!error)
        error = b64_add(&text, bytes, n);
    if (!error)
        error = json_object_set_new(object, name, json_string(buf_cstr(&text))) ? LK_NOMEM : 0;
    BN_free(number);
    buf_free(&text);
    return error;
}

static int add_text(json_t *object, const char *name, const char *value)
{
    return json_object_set_new(object, name, json_string(value)) ? LK_NOMEM : 0;
}

static int ed25519(json_t *object, const EVP_PKEY *pkey)
{
    uint8_t raw[32];
    char text[B64_ENCODED(32) + 1];
    size_t n = sizeof raw;
    if (EVP_PKEY_get_raw_public_key(pkey, raw, &n) != 1 || n != sizeof raw)
        return LK_JWK_UNSUPPORTED;
    b64_encode(raw, n, text);
    int error = add_text(object, "kty", "OKP");
    if (!error)
        error = add_text(object, "crv", "Ed25519");
    return error ? error : add_text(object, "x", text);
}

static int p256(json_t *object, const EVP_PKEY *pkey)
{
    char group[32];
    if (EVP_PKEY_get_group_name(pkey, group, sizeof group, NULL) != 1 || strcmp(group, "prime256v1") != 0)
        return LK_JWK_UNSUPPORTED;
    int error = add_text(object, "kty", "EC");
    if (!error)
        error = add_text(object, "crv", "P-256");
    if (!error)
        error = add_number(object, "x", pkey, OSSL_PKEY_PARAM_EC_PUB_X, 32);
    return error ? error : add_number(object, "y", pkey, OSSL_PKEY_PARAM_EC_PUB_Y, 32);
}

static int rsa(json_t *object, const EVP_PKEY *pkey)
{
    int error = add_text(object, "kty", "RSA");
    if (!error)
        error = add_number(object, "n", pkey, OSSL_PKEY_PARAM_RSA_N, 0);
    return error ? error : add_number(object, "e", pkey, OSSL_PKEY_PARAM_RSA_E, 0);
}

static const struct {
    const char *type, *alg;
    int (*describe)(json_t *object, const EVP_PKEY *pkey);
} types[] = {{"EC", "ES256", p256}, {"ED25519", "EdDSA", ed25519}, {"RSA", "RS256", rsa}};

static int describe(const EVP_PKEY *pkey, json_t *object)
{
    for (size_t i = 0; i < sizeof types / sizeof types[0]; i++)
        if (EVP_PKEY_is_a(pkey, types[i].type)) {
            int error = types[i].describe(object, pkey);
            return error ? error : add_text(object, "alg", types[i].alg);
        }
    return LK_JWK_UNSUPPORTED;
}

static int from_pem(struct span text, struct jwk **out)
{
    BIO *bio = BIO_new_mem_buf(text.p, (int)text.n);
    EVP_PKEY *pkey = bio ? PEM_read_bio_PUBKEY(bio, NULL, NULL, NULL) : NULL;
    json_t *object = json_object();
    int error = !pkey ? LK_SYNTAX : describe(pkey, object);
    if (!error)
        error = jwk_parse_public(object, out);
    json_decref(object);
    EVP_PKEY_free(pkey);
    BIO_free(bio);
    ERR_clear_error();
    return error;
}

static int with_alg(struct jwk **key, const json_t *object)
{
    json_t *named = json_copy((json_t *)(uintptr_t)object);
    int error = named ? add_text(named, "alg", jwk_alg(*key)->name) : LK_NOMEM;
    jwk_free(*key);
    *key = NULL;
    if (!error)
        error = jwk_parse_public(named, key);
    json_decref(named);
    return error;
}

int public_key_parse(struct span text, struct jwk **out)
{
    json_t *object = NULL;
    struct jwk *key = NULL;
    if (text.n > TEXT_MAX)
        return LK_TOO_LARGE;
    if (!text.n || text.p[0] != '{')
        return from_pem(text, out);
    int error = json_read_object(text, TEXT_MAX, 2, &object);
    if (!error)
        error = jwk_parse_public(object, &key);
    if (!error && !json_object_get(object, "alg"))
        error = with_alg(&key, object); /* as all our keys: bound to one algorithm */
    json_decref(object);
    if (!error)
        *out = key;
    return error;
}
