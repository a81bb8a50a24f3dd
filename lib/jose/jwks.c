#include "jose/jwks.h"

#include "base/error.h"
#include "base/json.h"
#include "jose/jwk_impl.h"

#define JWKS_DEPTH 8

struct jwks {
    json_t *keys;
    struct jwk *made[JWKS_MAX_KEYS]; /* by place in `keys`; NULL until looked for */
};

static const json_t *object_at(const struct jwks *set, size_t i)
{
    return json_array_get(set->keys, i);
}

static int key_at(struct jwks *set, size_t i, const struct jwk **out)
{
    int error = set->made[i] ? 0 : jwk_parse_public(object_at(set, i), &set->made[i]);
    if (!error)
        *out = set->made[i];
    return error;
}

static bool has_kid(const json_t *object, struct span kid)
{
    const json_t *value = json_object_get(object, "kid");
    return json_is_string(value) && json_string_length(value) == kid.n && kid.n &&
           memcmp(json_string_value(value), kid.p, kid.n) == 0;
}

static bool has_type(const json_t *object, const char *kty)
{
    const char *own = json_text(object, "kty");
    return own && strcmp(own, kty) == 0;
}

/* What one kid and kty stand for. A key for another use is no rival of a key that verifies. */
struct candidates {
    size_t of_kid;
    size_t of_type; /* of this kid, too */
    size_t verifying;
    size_t last; /* the place of a verifying one */
};

static struct candidates candidates_for(const struct jwks *set, struct span kid, const char *kty)
{
    struct candidates c = {0};
    for (size_t i = 0; i < json_array_size(set->keys); i++) {
        const json_t *object = object_at(set, i);
        if (!has_kid(object, kid))
            continue;
        c.of_kid++;
        if (!has_type(object, kty))
            continue;
        c.of_type++;
        if (jwk_allows(object, "verify") == LK_JWK_USE)
            continue;
        c.verifying++;
        c.last = i;
    }
    return c;
}

static bool is_ambiguous(const struct jwks *set, size_t i)
{
    const json_t *kid = json_object_get(object_at(set, i), "kid");
    const char *kty = json_text(object_at(set, i), "kty");
    struct span s = {json_string_value(kid), json_string_length(kid)};
    return kty && candidates_for(set, s, kty).verifying > 1;
}

/* A key that is good and not ambiguous. */
static int usable_at(struct jwks *set, size_t i, const struct jwk **out)
{
    int error = key_at(set, i, out);
    return !error && is_ambiguous(set, i) ? LK_JWS_AMBIGUOUS : error;
}

static void report_bad(struct jwks *set, jwks_skip_fn *skip, void *context)
{
    const struct jwk *key = NULL;
    for (size_t i = 0; i < json_array_size(set->keys); i++) {
        char kid[JWK_KID_MAX + 1] = "";
        int error = usable_at(set, i, &key);
        if (!error)
            continue;
        if (jwk_kid_read(json_object_get(object_at(set, i), "kid"), kid))
            kid[0] = '\0';
        skip(context, i, kid, error);
    }
}

int jwks_parse(struct span text, jwks_skip_fn *skip, void *context, struct jwks **out)
{
    json_t *object = NULL;
    struct jwks *set = NULL;
    int error = json_read_object(text, JWKS_MAX_BYTES, JWKS_DEPTH, &object);
    if (error)
        return error;
    json_t *keys = json_object_get(object, "keys");
    if (!json_is_array(keys))
        error = LK_SYNTAX;
    else if (json_array_size(keys) > JWKS_MAX_KEYS)
        error = LK_TOO_LARGE;
    else if (!(set = calloc(1, sizeof *set)))
        error = LK_NOMEM;
    else
        set->keys = json_incref(keys);
    json_decref(object);
    if (error)
        return error;
    if (skip)
        report_bad(set, skip, context);
    *out = set;
    return 0;
}

void jwks_free(struct jwks *set)
{
    if (!set)
        return;
    for (size_t i = 0; i < JWKS_MAX_KEYS; i++)
        jwk_free(set->made[i]);
    json_decref(set->keys);
    free(set);
}

size_t jwks_usable(struct jwks *set)
{
    size_t n = 0;
    const struct jwk *key = NULL;
    for (size_t i = 0; i < json_array_size(set->keys); i++)
        n += usable_at(set, i, &key) == 0;
    return n;
}

/* The same key under the same kid is there already. */
static bool has_key(struct jwks *set, const struct jwk *key)
{
    char ours[JWK_THUMBPRINT_SIZE], theirs[JWK_THUMBPRINT_SIZE];
    const struct jwk *other = NULL;
    if (jwk_thumbprint(key, ours))
        return false;
    for (size_t i = 0; i < json_array_size(set->keys); i++)
        if (has_kid(object_at(set, i), span_of(jwk_kid(key))) && key_at(set, i, &other) == 0 &&
            jwk_thumbprint(other, theirs) == 0 && strcmp(ours, theirs) == 0)
            return true;
    return false;
}

int jwks_add(struct jwks *set, const struct jwk *key)
{
    json_t *object = NULL;
    if (has_key(set, key))
        return 0;
    if (json_array_size(set->keys) >= JWKS_MAX_KEYS)
        return LK_TOO_LARGE;
    int error = jwk_to_public(key, &object);
    if (!error && json_array_append_new(set->keys, object))
        error = LK_NOMEM;
    return error;
}

/* A key that is bad is as good as absent; running out of memory is not the token's fault. */
static int absent(int error)
{
    return error == LK_NOMEM || error == LK_CRYPTO ? error : LK_JWS_NO_KEY;
}

static int find_only(struct jwks *set, const struct jwa *alg, bool first, const struct jwk **out)
{
    const struct jwk *found = NULL, *key = NULL;
    for (size_t i = 0; i < json_array_size(set->keys); i++) {
        if (!has_type(object_at(set, i), jwk_ktys[alg->kty].name) || usable_at(set, i, &key) || !jwk_fits(key, alg))
            continue;
        if (found)
            return LK_JWS_AMBIGUOUS;
        found = key;
        if (first)
            break;
    }
    if (!found)
        return LK_JWS_NO_KEY;
    *out = found;
    return 0;
}

int jwks_find(struct jwks *set, struct span kid, const struct jwa *alg, const struct jwk **out)
{
    const struct jwk *key = NULL;
    if (kid.n == 0)
        return find_only(set, alg, false, out);
    struct candidates c = candidates_for(set, kid, jwk_ktys[alg->kty].name);
    if (c.verifying > 1)
        return LK_JWS_AMBIGUOUS;
    if (c.verifying == 0)
        return c.of_kid && !c.of_type ? LK_JWS_KEY_MISMATCH : LK_JWS_NO_KEY;
    int error = key_at(set, c.last, &key);
    if (error)
        return absent(error);
    if (!jwk_fits(key, alg))
        return LK_JWS_KEY_MISMATCH;
    *out = key;
    return 0;
}

int jwks_first(struct jwks *set, const struct jwa *alg, const struct jwk **out)
{
    return find_only(set, alg, true, out);
}
