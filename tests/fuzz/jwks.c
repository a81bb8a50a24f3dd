/* A JWK Set, as a provider sends it, and what is kept of it. Keys are counted, found and kept by one judgement. */
#include "base/error.h"
#include "mutate_json.h"
#include "provider/answer.h"

struct skips {
    size_t n;
    bool at[JWKS_MAX_KEYS];
};

static void on_skip(void *context, size_t index, const char *kid, int reason)
{
    struct skips *skips = context;
    HOLDS(index < JWKS_MAX_KEYS && !skips->at[index]);
    HOLDS(strlen(kid) <= JWK_KID_MAX);
    HOLDS(reason < 0 && reason != LK_NOMEM && reason != LK_CRYPTO);
    skips->at[index] = true;
    skips->n++;
}

/* A key fits by what its own members say, in a reading without jwk_fits. */
static void says_that_it_fits(const struct jwk *key, const struct jwa *alg)
{
    static const char *const kty[] = {[JWA_EC] = "EC", [JWA_OKP] = "OKP", [JWA_RSA] = "RSA"};
    json_t *object = NULL;
    HOLDS(jwk_to_public(key, &object) == 0);
    const char *named = json_text(object, "alg");
    HOLDS(!named || strcmp(named, alg->name) == 0);
    HOLDS(strcmp(json_text(object, "kty"), kty[alg->kty]) == 0);
    HOLDS(!alg->crv || strcmp(json_text(object, "crv"), alg->crv) == 0);
    json_decref(object);
}

/* A kid names one good key of a type. */
static bool is_the_only_one(const json_t *keys, const struct jwk *key)
{
    size_t n = 0;
    for (size_t i = 0; i < json_array_size(keys); i++) {
        struct jwk *other = NULL;
        if (jwk_parse_public(json_array_get(keys, i), &other) == 0)
            n += strcmp(jwk_kid(other), jwk_kid(key)) == 0 && jwk_alg(other)->kty == jwk_alg(key)->kty;
        jwk_free(other);
    }
    return n == 1;
}

/* A key found is one that may be used for this. */
static void finds(struct jwks *set, const json_t *keys, struct span kid, const struct jwa *alg)
{
    const struct jwk *key = NULL;
    int error = jwks_find(set, kid, alg, &key);
    HOLDS(error != LK_NOMEM && error != LK_CRYPTO);
    if (error)
        return;
    HOLDS(!jwk_is_private(key));
    says_that_it_fits(key, alg);
    HOLDS(kid.n == 0 || (span_equals(kid, jwk_kid(key)) && is_the_only_one(keys, key)));
}

static void finds_each(struct jwks *set, const json_t *keys)
{
    for (size_t a = 0; a < jwa_count; a++) {
        const struct jwk *first = NULL, *only = NULL;
        struct span none = {"", 0};
        int error = jwks_first(set, &jwa_table[a], &first);
        if (!error)
            says_that_it_fits(first, &jwa_table[a]);
        if (jwks_find(set, none, &jwa_table[a], &only) == 0)
            HOLDS(only == first);
        else
            HOLDS(error == 0 || error == LK_JWS_NO_KEY);
        for (size_t i = 0; i < json_array_size(keys); i++) {
            const json_t *kid = json_object_get(json_array_get(keys, i), "kid");
            if (json_is_string(kid))
                finds(set, keys, (struct span){json_string_value(kid), json_string_length(kid)}, &jwa_table[a]);
        }
    }
}

/* What is kept is as many keys as were usable, none of them skipped, and reads back to the same bytes. */
static void keeps(struct span text, size_t usable)
{
    struct buf kept = BUF_INIT(JWKS_MAX_BYTES), again = BUF_INIT(JWKS_MAX_BYTES);
    struct skips skips = {0};
    size_t n = 0;
    int error = answer_keys(text, NULL, NULL, &kept, &n);
    HOLDS((error == LK_NOT_FOUND) == (usable == 0));
    if (!error) {
        HOLDS(n == usable);
        HOLDS(answer_keys(buf_all(&kept), on_skip, &skips, &again, &n) == 0);
        HOLDS(n == usable && skips.n == 0);
        HOLDS(same(buf_all(&kept), buf_all(&again)));
    }
    buf_free(&kept);
    buf_free(&again);
}

static void read_set(struct span text)
{
    struct skips skips = {0};
    struct jwks *set = NULL, *lazy = NULL;
    json_t *root = NULL;
    int error = jwks_parse(text, NULL, NULL, &lazy);
    HOLDS(jwks_parse(text, on_skip, &skips, &set) == error);
    if (error)
        return;
    HOLDS(json_read_object(text, JWKS_MAX_BYTES, 8, &root) == 0);
    const json_t *keys = json_object_get(root, "keys");
    HOLDS(json_array_size(keys) <= JWKS_MAX_KEYS);
    finds_each(lazy, keys);
    size_t usable = jwks_usable(set);
    HOLDS(usable + skips.n == json_array_size(keys));
    HOLDS(jwks_usable(lazy) == usable);
    keeps(text, usable);
    json_decref(root);
    jwks_free(set);
    jwks_free(lazy);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    openssl_begin();
    read_set(input_of(data, size));
    openssl_end();
    return 0;
}
