/* A claims set, from its bytes to what the site grants. Accepted claims say what the rules ask, in a reading of its
 * own. */
#include "auth/claims.h"
#include "base/error.h"
#include "jose/jwt.h"
#include "mutate_json.h"

#define NOW         1700000000
#define LEEWAY      60
#define END_OF_TIME 9007199254740992 /* 2^53: a clock beyond it counts as this */
#define ISSUER      "https://auth.example"

static const struct jwt_rules rules = {.issuer = ISSUER, .audience = ISSUER, .now = NOW, .leeway = LEEWAY};

static bool is_issuer(const json_t *value)
{
    return json_is_string(value) && strcmp(json_string_value(value), ISSUER) == 0;
}

static bool has_audience(const json_t *aud)
{
    bool found = is_issuer(aud);
    for (size_t i = 0; i < json_array_size(aud); i++) {
        HOLDS(json_is_string(json_array_get(aud, i)));
        found = found || is_issuer(json_array_get(aud, i));
    }
    return found;
}

static double number(const json_t *claims, const char *name, double otherwise)
{
    const json_t *value = json_object_get(claims, name);
    HOLDS(!value || json_is_number(value));
    return value ? json_number_value(value) : otherwise;
}

static int check_at(const json_t *claims, int64_t now)
{
    struct jwt_rules other = rules;
    other.now = now;
    return jwt_check(claims, &other);
}

static void says_what_is_asked(const json_t *claims)
{
    double exp = number(claims, "exp", -1), nbf = number(claims, "nbf", 0), iat = number(claims, "iat", 0);
    HOLDS(is_issuer(json_object_get(claims, "iss")));
    HOLDS(has_audience(json_object_get(claims, "aud")));
    HOLDS(json_text(claims, "sub") && *json_text(claims, "sub"));
    HOLDS(exp > NOW - LEEWAY && nbf <= NOW + LEEWAY && iat <= NOW + LEEWAY);
    HOLDS(exp == floor(exp) && nbf == floor(nbf) && iat == floor(iat));
    HOLDS(exp + LEEWAY > END_OF_TIME || check_at(claims, (int64_t)exp + LEEWAY) == LK_JWT_EXPIRED);
}

/* A claim that is refused only for its time is accepted at another. */
static void refuses_by_the_clock_alone(const json_t *claims, int error)
{
    int64_t exp = 0;
    HOLDS(json_seconds(claims, "exp", &exp) == 0);
    if (error == LK_JWT_EXPIRED && exp > 0)
        HOLDS(check_at(claims, exp - 1) == 0 || check_at(claims, exp - 1) == LK_JWT_NOT_YET);
}

static void grants_fit(const struct identity *who)
{
    static struct claims_policy *policy;
    struct buf fault = BUF_INIT(256);
    struct grants grants;
    HOLDS(policy || claims_load("", &policy, &fault) == 0);
    HOLDS(claims_apply(policy, who, &grants) == 0);
    HOLDS(strcmp(grants.roles, "user") == 0 || strcmp(grants.roles, "user admin") == 0);
    HOLDS(strcmp(grants.features, "todos") == 0);
    HOLDS(strstr(who->role, "admin") || strcmp(grants.roles, "user") == 0);
    buf_free(&fault);
}

static void identifies(const json_t *claims)
{
    struct identity who;
    if (identity_read(claims, &who))
        return;
    HOLDS(strcmp(who.subject, json_text(claims, "sub")) == 0);
    HOLDS(who.issued_at >= 0 && who.expires_at >= 0);
    HOLDS(!who.email_verified || json_is_true(json_object_get(claims, "emailVerified")));
    grants_fit(&who);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    json_t *claims = NULL;
    if (jwt_read(input_of(data, size), &claims))
        return 0;
    HOLDS(!memchr(data, '\0', size));
    reads_back(claims, JWT_CLAIMS_MAX, JWT_DEPTH);
    int error = jwt_check(claims, &rules);
    if (!error)
        says_what_is_asked(claims);
    else if (error == LK_JWT_EXPIRED || error == LK_JWT_NOT_YET)
        refuses_by_the_clock_alone(claims, error);
    identifies(claims);
    json_decref(claims);
    return 0;
}
