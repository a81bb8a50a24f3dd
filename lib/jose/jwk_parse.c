#include "base/b64.h"
#include "base/error.h"
#include "base/json.h"
#include "base/secret.h"
#include "jose/jwk_impl.h"

/* RFC 7518 6.2.2, 6.3.2, 6.4 and RFC 8037 section 2: what must never be in a public set. */
static bool has_private_members(const json_t *object)
{
    static const char *const names[] = {"d", "p", "q", "dp", "dq", "qi", "oth", "k"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        if (json_object_get(object, names[i]))
            return true;
    return false;
}

/* RFC 7517 4.3: an array of strings, each once. A long one would cost its square to compare. */
static int ops_allow(const json_t *ops, const char *operation)
{
    bool allowed = false;
    if (!json_is_array(ops) || json_array_size(ops) > JWK_KEY_OPS_MAX)
        return LK_JWK_FORM;
    for (size_t i = 0; i < json_array_size(ops); i++) {
        const char *name = json_string_value(json_array_get(ops, i));
        if (!name)
            return LK_JWK_FORM;
        for (size_t j = 0; j < i; j++)
            if (strcmp(name, json_string_value(json_array_get(ops, j))) == 0)
                return LK_JWK_FORM;
        allowed = allowed || strcmp(name, operation) == 0;
    }
    return allowed ? 0 : LK_JWK_USE;
}

int jwk_allows(const json_t *object, const char *operation)
{
    const json_t *use = json_object_get(object, "use"), *ops = json_object_get(object, "key_ops");
    if (use && !json_is_string(use))
        return LK_JWK_FORM;
    if (use && strcmp(json_string_value(use), "sig") != 0)
        return LK_JWK_USE;
    return ops ? ops_allow(ops, operation) : 0;
}

static int read_type(const json_t *object, const struct jwa **out)
{
    const char *kty = json_text(object, "kty"), *crv = json_text(object, "crv");
    if (!kty)
        return LK_JWK_FORM;
    const struct jwa *type = jwk_type_of(kty, crv);
    bool curved = strcmp(kty, "EC") == 0 || strcmp(kty, "OKP") == 0;
    if (!type)
        return curved && !crv ? LK_JWK_FORM : LK_JWK_UNSUPPORTED;
    *out = type;
    return 0;
}

/* A draft of WebCrypto wrote ES521 for ES512, and keys in the field still do. Tokens never did. */
static const struct jwa *named_alg(struct span name)
{
    return jwa_find(span_equals(name, "ES521") ? span_of("ES512") : name);
}

static int read_alg(const json_t *object, struct jwk *key)
{
    const json_t *value = json_object_get(object, "alg");
    if (!value)
        return 0;
    if (!json_is_string(value))
        return LK_JWK_FORM;
    const struct jwa *alg = named_alg((struct span){json_string_value(value), json_string_length(value)});
    if (!alg)
        return LK_JWK_UNSUPPORTED;
    if (!jwk_fits(key, alg))
        return LK_JWK_USE;
    key->alg = alg;
    return 0;
}

static int read_number(const json_t *object, const char *name, struct jwk_number *out)
{
    const json_t *value = json_object_get(object, name);
    if (!json_is_string(value))
        return LK_JWK_FORM;
    struct span text = {json_string_value(value), json_string_length(value)};
    int error = b64_decode(text, out->p, sizeof out->p, &out->n);
    if (error)
        return error == LK_TOO_LARGE ? LK_JWK_UNSUPPORTED : LK_JWK_FORM;
    return out->n ? 0 : LK_JWK_FORM;
}

static int read_key(const json_t *object, bool is_private, struct jwk *key)
{
    int error = read_type(object, &key->type);
    if (!error)
        error = jwk_allows(object, is_private ? "sign" : "verify");
    if (!error)
        error = read_alg(object, key);
    if (!error && jwk_kid_read(json_object_get(object, "kid"), key->kid))
        error = LK_JWK_FORM;
    if (error)
        return error;
    const struct jwk_kty *kty = jwk_kty(key);
    key->is_private = is_private;
    for (size_t i = 0; !error && i < (is_private ? kty->parts : kty->public_parts); i++)
        error = read_number(object, kty->part[i].name, &key->part[i]);
    return error ? error : jwk_finish(key);
}

static int parse(const json_t *object, bool is_private, struct jwk **out)
{
    struct jwk *key = calloc(1, sizeof *key);
    if (!key)
        return LK_NOMEM;
    int error = read_key(object, is_private, key);
    if (error) {
        jwk_free(key);
        return error;
    }
    *out = key;
    return 0;
}

int jwk_parse_public(const json_t *object, struct jwk **out)
{
    if (!json_is_object(object))
        return LK_JWK_FORM;
    return has_private_members(object) ? LK_JWK_PRIVATE : parse(object, false, out);
}

int jwk_parse_private(const json_t *object, struct jwk **out)
{
    if (!json_is_object(object))
        return LK_JWK_FORM;
    return json_object_get(object, "oth") ? LK_JWK_UNSUPPORTED : parse(object, true, out);
}
