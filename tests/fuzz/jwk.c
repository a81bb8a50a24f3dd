/* One JWK, read as a public and as a private key. What is read has one spelling, comes back the same from what is
 * written, never takes a made-up signature, and signs what it verifies. */
#include "jose/jwk.h"
#include "base/error.h"
#include "mutate_json.h"

#define JWK_MAX 16384
#define DEPTH   8

static const char *const private_members[] = {"d", "p", "q", "dp", "dq", "qi", "oth", "k"};
static const char *const public_members[] = {"kty", "crv", "x", "y", "n", "e"};

static void same_thumbprint(const struct jwk *a, const struct jwk *b)
{
    char one[JWK_THUMBPRINT_SIZE], other[JWK_THUMBPRINT_SIZE];
    HOLDS(jwk_thumbprint(a, one) == 0 && jwk_thumbprint(b, other) == 0);
    HOLDS(strcmp(one, other) == 0);
}

/* Each member is written as it was read: base64url, kty and crv have one form each. */
static void same_spelling(const json_t *in, const json_t *out)
{
    for (size_t i = 0; i < sizeof public_members / sizeof public_members[0]; i++) {
        const json_t *member = json_object_get(out, public_members[i]);
        HOLDS(!member || json_equal(json_object_get(in, public_members[i]), member));
    }
}

/* RFC 7518 6.2.1.2, RFC 8037 section 2: a coordinate has its full length, in characters here. */
static void has_full_coordinates(const json_t *in)
{
    static const char *const coordinates[] = {"x", "y"};
    const char *crv = json_text(in, "crv");
    size_t full = crv && strcmp(crv, "P-521") == 0 ? 88 : 43;
    for (size_t i = 0; i < sizeof coordinates / sizeof coordinates[0]; i++) {
        const json_t *member = json_object_get(in, coordinates[i]);
        HOLDS(!member || json_string_length(member) == full);
    }
}

static void may_be_used(const json_t *in, const char *operation)
{
    const json_t *use = json_object_get(in, "use"), *ops = json_object_get(in, "key_ops");
    bool listed = ops == NULL;
    for (size_t i = 0; i < json_array_size(ops); i++)
        listed = listed || strcmp(json_string_value(json_array_get(ops, i)), operation) == 0;
    HOLDS(listed && (!use || strcmp(json_string_value(use), "sig") == 0));
}

static void writes_back(const json_t *in, const struct jwk *key)
{
    json_t *out = NULL, *again = NULL;
    struct jwk *copy = NULL;
    HOLDS(jwk_to_public(key, &out) == 0);
    for (size_t i = 0; i < sizeof private_members / sizeof private_members[0]; i++)
        HOLDS(!json_object_get(out, private_members[i]));
    same_spelling(in, out);
    has_full_coordinates(out);
    HOLDS(jwk_parse_public(out, &copy) == 0);
    HOLDS(!jwk_is_private(copy));
    HOLDS(strcmp(jwk_kid(copy), jwk_kid(key)) == 0);
    HOLDS(jwk_alg(copy) == jwk_alg(key));
    same_thumbprint(key, copy);
    HOLDS(jwk_to_public(copy, &again) == 0);
    HOLDS(json_equal(out, again));
    json_decref(out);
    json_decref(again);
    jwk_free(copy);
}

/* Signatures that weak keys would take: zeros, ones, the neutral point of Ed25519 with s = 0. */
static void takes_no_made_up_signature(const struct jwk *key)
{
    uint8_t signature[JWK_SIGNATURE_MAX];
    for (size_t a = 0; a < jwa_count; a++) {
        const struct jwa *alg = &jwa_table[a];
        for (size_t n = alg->signature ? alg->signature : 256; n <= JWK_SIGNATURE_MAX; n += 1) {
            struct span made = {(const char *)signature, n};
            memset(signature, 0, sizeof signature);
            HOLDS(jwk_verify(key, alg, span_of("message"), made) != 0);
            signature[0] = 1;
            HOLDS(jwk_verify(key, alg, span_of("message"), made) != 0);
            signature[n - 1] = 1;
            HOLDS(jwk_verify(key, alg, span_of("message"), made) != 0);
            if (alg->signature)
                break;
        }
    }
}

static void read_public(const json_t *object)
{
    struct jwk *key = NULL;
    if (jwk_parse_public(object, &key))
        return;
    HOLDS(!jwk_is_private(key));
    may_be_used(object, "verify");
    HOLDS(jwk_fits(key, jwk_alg(key)));
    for (size_t i = 0; i < sizeof private_members / sizeof private_members[0]; i++)
        HOLDS(!json_object_get(object, private_members[i]));
    writes_back(object, key);
    takes_no_made_up_signature(key);
    jwk_free(key);
}

static void signs(const struct jwk *key)
{
    uint8_t signature[JWK_SIGNATURE_MAX];
    size_t n = 0;
    HOLDS(jwk_sign(key, span_of("message"), signature, &n) == 0);
    struct span made = {(const char *)signature, n};
    HOLDS(jwk_verify(key, jwk_alg(key), span_of("message"), made) == 0);
    HOLDS(jwk_verify(key, jwk_alg(key), span_of("messagf"), made) == LK_JWS_SIGNATURE);
}

static void read_private(const json_t *object)
{
    struct jwk *key = NULL, *copy = NULL;
    json_t *out = NULL;
    if (jwk_parse_private(object, &key))
        return;
    HOLDS(jwk_is_private(key));
    may_be_used(object, "sign");
    writes_back(object, key);
    HOLDS(jwk_to_private(key, &out) == 0);
    HOLDS(jwk_parse_private(out, &copy) == 0);
    same_thumbprint(key, copy);
    signs(key);
    json_decref(out);
    jwk_free(copy);
    jwk_free(key);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    json_t *object = NULL;
    openssl_begin();
    if (json_read(input_of(data, size), JWK_MAX, DEPTH, &object) == 0) {
        read_public(object);
        read_private(object);
        json_decref(object);
    }
    openssl_end();
    return 0;
}
