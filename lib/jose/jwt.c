#include "jose/jwt.h"

#include "base/error.h"
#include "base/json.h"
#include "base/parse.h"

#define SUB_MAX 255

int jwt_read(struct span payload, json_t **out)
{
    int error = json_read_object(payload, JWT_CLAIMS_MAX, JWT_DEPTH, out);
    return error == LK_SYNTAX ? LK_JWT_CLAIMS : error;
}

static bool is_text(const json_t *value, const char *text)
{
    return json_string_length(value) == strlen(text) && memcmp(json_string_value(value), text, strlen(text)) == 0;
}

static int check_issuer(const json_t *claims, const struct jwt_rules *rules)
{
    const json_t *iss = json_object_get(claims, "iss");
    if (!json_is_string(iss))
        return LK_JWT_CLAIMS;
    return is_text(iss, rules->issuer) ? 0 : LK_JWT_ISSUER;
}

/* RFC 7519 4.1.3. One element that is no string spoils the array, wherever it is. */
static int check_audience(const json_t *claims, const struct jwt_rules *rules)
{
    const json_t *aud = json_object_get(claims, "aud");
    bool found = false;
    if (json_is_string(aud))
        return is_text(aud, rules->audience) ? 0 : LK_JWT_AUDIENCE;
    if (!json_is_array(aud))
        return LK_JWT_CLAIMS;
    for (size_t i = 0; i < json_array_size(aud); i++) {
        const json_t *one = json_array_get(aud, i);
        if (!json_is_string(one))
            return LK_JWT_CLAIMS;
        found = found || is_text(one, rules->audience);
    }
    return found ? 0 : LK_JWT_AUDIENCE;
}

static int check_subject(const json_t *claims)
{
    const json_t *sub = json_object_get(claims, "sub");
    struct span s = {json_string_value(sub), json_string_length(sub)};
    return json_is_string(sub) && s.n > 0 && s.n <= SUB_MAX && !parse_has_control(s) ? 0 : LK_JWT_CLAIMS;
}

struct times {
    bool has_nbf, has_iat;
    int64_t exp, nbf, iat;
};

static int read_optional(const json_t *claims, const char *name, bool *has, int64_t *out)
{
    int error = json_seconds(claims, name, out);
    *has = error == 0;
    return error == 0 || error == LK_NOT_FOUND ? 0 : LK_JWT_CLAIMS;
}

static int read_times(const json_t *claims, struct times *out)
{
    if (json_seconds(claims, "exp", &out->exp))
        return LK_JWT_CLAIMS;
    int error = read_optional(claims, "nbf", &out->has_nbf, &out->nbf);
    return error ? error : read_optional(claims, "iat", &out->has_iat, &out->iat);
}

/* Claims lie between 0 and 2^53; with the clock and the rules held there too, no sum can overflow. */
static int64_t bounded(int64_t seconds)
{
    const int64_t most = INT64_C(1) << 53;
    return seconds < 0 ? 0 : seconds > most ? most : seconds;
}

static int check_times(const struct times *t, const struct jwt_rules *rules)
{
    int64_t now = bounded(rules->now), leeway = bounded(rules->leeway), max_age = bounded(rules->max_age);
    if (now >= t->exp + leeway)
        return LK_JWT_EXPIRED;
    if ((t->has_nbf && now + leeway < t->nbf) || (t->has_iat && now + leeway < t->iat))
        return LK_JWT_NOT_YET;
    if (!max_age)
        return 0;
    if (!t->has_iat)
        return LK_JWT_CLAIMS;
    return now - t->iat > max_age + leeway ? LK_JWT_EXPIRED : 0;
}

int jwt_check(const json_t *claims, const struct jwt_rules *rules)
{
    struct times times = {0};
    int error = check_issuer(claims, rules);
    if (!error)
        error = check_audience(claims, rules);
    if (!error)
        error = check_subject(claims);
    if (!error)
        error = read_times(claims, &times);
    return error ? error : check_times(&times, rules);
}
