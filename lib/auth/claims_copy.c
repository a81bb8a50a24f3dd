#include "auth/claims_impl.h"
#include "base/error.h"
#include "base/json.h"
#include "base/parse.h"
#include "jose/jws.h"
#include "jose/jwt.h"

#define STRING_MAX  512
#define NUMBER_ROOM 32 /* what a number or a boolean is at most, as JSON */

static const char ALGORITHMS[] = "EdDSA ES256 ES512 RS256 PS256";

/* ---- the rules -------------------------------------------------------------------------------------------------- */

/* Those that mean something in our token already (RFC 7519, 7800, 8693, 9068), and those that the proof must not lend.
 */
static bool is_reserved(const char *name)
{
    static const char *const reserved[] = {"iss",     "aud",           "sub",           "client_id", "iat",   "exp",
                                           "nbf",     "jti",           "sid",           "auth_time", "email", "roles",
                                           "role",    "groups",        "scope",         "features",  "cnf",   "act",
                                           "may_act", "entitlements",  "acr",           "amr",       "azp",   "nonce",
                                           "typ",     "emailVerified", "email_verified"};
    for (size_t i = 0; i < sizeof reserved / sizeof reserved[0]; i++)
        if (strcmp(name, reserved[i]) == 0)
            return true;
    return false;
}

static const char *type_of(const json_t *rule)
{
    static const char *const types[] = {"string", "number", "boolean"};
    const char *type = json_text(rule, "type");
    for (size_t i = 0; type && i < sizeof types / sizeof types[0]; i++)
        if (strcmp(type, types[i]) == 0)
            return types[i];
    return NULL;
}

const char *claims_copy_fault(const char *name, const json_t *rule, size_t *bytes)
{
    const char *type = type_of(rule);
    const json_t *max = json_object_get(rule, "max");
    if (!parse_is_ident(span_of(name), CLAIMS_NAME_MAX) || is_reserved(name))
        return "must be named after a claim of the provider that our tokens do not have already";
    if (!type)
        return "must be an object whose type is string, number or boolean";
    bool is_string = strcmp(type, "string") == 0;
    if (json_object_size(rule) != (is_string ? 2 : 1))
        return is_string ? "must have type and max, and nothing else" : "must have type, and nothing else";
    if (is_string && (!json_is_integer(max) || json_integer_value(max) < 1 || json_integer_value(max) > STRING_MAX))
        return "max must be a number of bytes from 1 to 512";
    /* A quote or a backslash is written as two characters. */
    *bytes += strlen(name) + 4 + (is_string ? 2 * (size_t)json_integer_value(max) + 2 : NUMBER_ROOM);
    return NULL;
}

/* ---- copying ---------------------------------------------------------------------------------------------------- */

static bool fits(const json_t *rule, const json_t *value)
{
    const char *type = type_of(rule);
    if (!type || !value)
        return false;
    if (strcmp(type, "number") == 0)
        return json_is_number(value);
    if (strcmp(type, "boolean") == 0)
        return json_is_boolean(value);
    struct span text = {json_string_value(value), json_string_length(value)};
    return json_is_string(value) && text.n <= (size_t)json_integer_value(json_object_get(rule, "max")) &&
           !parse_has_control(text);
}

static int pick(const json_t *rules, const json_t *claims, json_t *to)
{
    union {
        const json_t *in;
        json_t *iterable; /* Jansson's iterator takes no const */
    } object = {rules};
    const char *name;
    json_t *rule;
    json_object_foreach(object.iterable, name, rule)
    {
        json_t *value = json_object_get(claims, name);
        if (fits(rule, value) && json_object_set(to, name, value))
            return LK_NOMEM;
    }
    return 0;
}

int claims_pick(const struct claims_policy *policy, const json_t *claims, char out[IDENTITY_COPIED_SIZE])
{
    struct buf text = BUF_INIT(IDENTITY_COPIED_SIZE - 1);
    json_t *to = json_object();
    int error = to ? pick(json_object_get(policy->root, "copy"), claims, to) : LK_NOMEM;
    out[0] = '\0';
    if (!error && json_object_size(to))
        error = json_write(to, &text);
    if (!error && text.n)
        memcpy(out, buf_cstr(&text), text.n + 1);
    buf_free(&text);
    json_decref(to);
    return error;
}

int claims_copy(const struct claims_policy *policy, struct span proof, struct identity *who)
{
    struct jws jws;
    struct buf payload = BUF_INIT(JWT_CLAIMS_MAX);
    json_t *claims = NULL;
    if (!json_object_get(policy->root, "copy"))
        return 0;
    int error = jws_parse(proof, jwa_set_of(ALGORITHMS), &jws);
    error = error ? error : jws_payload(&jws, &payload);
    error = error ? error : jwt_read(buf_all(&payload), &claims);
    error = error ? error : claims_pick(policy, claims, who->copied);
    json_decref(claims);
    buf_free(&payload);
    return error;
}
