#include "jose/jwk.h"

#include <openssl/core_names.h>
#include <openssl/evp.h>

#include "base/b64.h"
#include "base/error.h"
#include "base/json.h"
#include "base/parse.h"
#include "base/secret.h"
#include "jose/jwk_impl.h"

static const struct jwk_part ec_parts[] = {{"x", NULL}, {"y", NULL}, {"d", OSSL_PKEY_PARAM_PRIV_KEY}};
static const struct jwk_part okp_parts[] = {{"x", OSSL_PKEY_PARAM_PUB_KEY}, {"d", OSSL_PKEY_PARAM_PRIV_KEY}};
static const struct jwk_part rsa_parts[] = {
    {"n", OSSL_PKEY_PARAM_RSA_N},          {"e", OSSL_PKEY_PARAM_RSA_E},
    {"d", OSSL_PKEY_PARAM_RSA_D},          {"p", OSSL_PKEY_PARAM_RSA_FACTOR1},
    {"q", OSSL_PKEY_PARAM_RSA_FACTOR2},    {"dp", OSSL_PKEY_PARAM_RSA_EXPONENT1},
    {"dq", OSSL_PKEY_PARAM_RSA_EXPONENT2}, {"qi", OSSL_PKEY_PARAM_RSA_COEFFICIENT1},
};

const struct jwk_kty jwk_ktys[] = {
    [JWA_EC] = {"EC", ec_parts, EC_D, EC_PARTS},
    [JWA_OKP] = {"OKP", okp_parts, OKP_D, OKP_PARTS},
    [JWA_RSA] = {"RSA", rsa_parts, RSA_D, RSA_PARTS},
};

const struct jwk_kty *jwk_kty(const struct jwk *key)
{
    return &jwk_ktys[key->type->kty];
}

const struct jwa *jwk_type_of(const char *kty, const char *crv)
{
    for (size_t i = 0; i < jwa_count; i++) {
        const struct jwa *row = &jwa_table[i];
        if (strcmp(jwk_ktys[row->kty].name, kty) == 0 && (!row->crv || (crv && strcmp(row->crv, crv) == 0)))
            return row;
    }
    return NULL;
}

int jwk_finish(struct jwk *key)
{
    int error = jwk_check_public(key);
    if (!error && key->is_private)
        error = jwk_check_pair(key);
    if (!error && !(key->verifier = calloc(1, sizeof *key->verifier)))
        error = LK_NOMEM;
    return error ? error : jwk_make_pkey(key);
}

void jwk_free(struct jwk *key)
{
    if (!key)
        return;
    if (key->verifier)
        jwk_verifier_reset(key->verifier);
    free(key->verifier);
    EVP_PKEY_free(key->pkey);
    free(key->sign_context);
    secret_wipe(key, sizeof *key);
    free(key);
}

const char *jwk_kid(const struct jwk *key)
{
    return key->kid;
}

int jwk_kid_read(const json_t *value, char out[JWK_KID_MAX + 1])
{
    struct span kid = {json_string_value(value), json_string_length(value)};
    if (value && (!json_is_string(value) || kid.n > JWK_KID_MAX || parse_has_control(kid)))
        return LK_SYNTAX;
    if (kid.n)
        memcpy(out, kid.p, kid.n);
    out[kid.n] = '\0';
    return 0;
}

int jwk_set_kid(struct jwk *key, const char *kid)
{
    struct span s = span_of(kid);
    if (s.n > JWK_KID_MAX || parse_has_control(s))
        return LK_SYNTAX;
    memcpy(key->kid, kid, s.n + 1);
    return 0;
}

bool jwk_is_private(const struct jwk *key)
{
    return key->is_private;
}

bool jwk_fits(const struct jwk *key, const struct jwa *alg)
{
    if (key->alg)
        return key->alg == alg;
    return alg->kty == key->type->kty && (!alg->crv || strcmp(alg->crv, key->type->crv) == 0);
}

const struct jwa *jwk_alg(const struct jwk *key)
{
    return key->alg ? key->alg : key->type;
}

static int set_number(json_t *object, const char *name, const struct jwk_number *number)
{
    char text[B64_ENCODED(JWK_NUMBER_MAX) + 1];
    b64_encode(number->p, number->n, text);
    int failed = json_object_set_new(object, name, json_string(text));
    secret_wipe(text, sizeof text);
    return failed ? LK_NOMEM : 0;
}

static int set_text(json_t *object, const char *name, const char *text)
{
    if (!text || !*text)
        return 0;
    return json_object_set_new(object, name, json_string(text)) ? LK_NOMEM : 0;
}

static int set_parts(json_t *object, const struct jwk *key, size_t from, size_t to)
{
    int error = 0;
    for (size_t i = from; !error && i < to; i++)
        error = set_number(object, jwk_kty(key)->part[i].name, &key->part[i]);
    return error;
}

static int to_object(const struct jwk *key, bool with_private, json_t **out)
{
    const struct jwk_kty *kty = jwk_kty(key);
    json_t *object = json_object();
    if (!object)
        return LK_NOMEM;
    if (set_text(object, "kty", kty->name) || set_text(object, "crv", key->type->crv) ||
        set_parts(object, key, 0, kty->public_parts) || set_text(object, "kid", key->kid) ||
        set_text(object, "alg", key->alg ? key->alg->name : NULL) || set_text(object, "use", "sig") ||
        (with_private && set_parts(object, key, kty->public_parts, kty->parts))) {
        json_decref(object);
        return LK_NOMEM;
    }
    *out = object;
    return 0;
}

int jwk_to_public(const struct jwk *key, json_t **out)
{
    return to_object(key, false, out);
}

int jwk_to_private(const struct jwk *key, json_t **out)
{
    return key->is_private ? to_object(key, true, out) : LK_JWK_FORM;
}

/* RFC 7638 3.2: the required members only, sorted by name. */
static json_t *thumbprint_members(const struct jwk *key)
{
    static const char *const sorted[] = {"crv", "e", "kty", "n", "x", "y"};
    json_t *all = NULL, *members = json_object();
    if (!members || to_object(key, false, &all)) {
        json_decref(members);
        return NULL;
    }
    int failed = 0;
    for (size_t i = 0; !failed && i < sizeof sorted / sizeof sorted[0]; i++)
        if (json_object_get(all, sorted[i]))
            failed = json_object_set(members, sorted[i], json_object_get(all, sorted[i]));
    json_decref(all);
    if (failed) {
        json_decref(members);
        return NULL;
    }
    return members;
}

int jwk_thumbprint(const struct jwk *key, char out[JWK_THUMBPRINT_SIZE])
{
    uint8_t digest[SHA256_SIZE];
    struct buf text = BUF_INIT(4096);
    json_t *members = thumbprint_members(key);
    int error = members ? json_write(members, &text) : LK_NOMEM;
    if (!error)
        error = secret_sha256(buf_all(&text), digest);
    if (!error)
        b64_encode(digest, sizeof digest, out);
    json_decref(members);
    buf_free(&text);
    return error;
}
