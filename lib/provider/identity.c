#include "provider/identity.h"

#include "base/error.h"
#include "base/json.h"
#include "base/parse.h"

static int take_text(const json_t *claims, const char *name, char *out, size_t cap)
{
    const json_t *value = json_object_get(claims, name);
    if (!value || json_is_null(value))
        return 0;
    if (!json_is_string(value))
        return LK_JWT_CLAIMS;
    struct span text = {json_string_value(value), json_string_length(value)};
    if (text.n >= cap || parse_has_control(text))
        return LK_JWT_CLAIMS;
    memcpy(out, text.p, text.n);
    out[text.n] = '\0';
    return 0;
}

static int take_flag(const json_t *claims, const char *name, bool *out)
{
    const json_t *value = json_object_get(claims, name);
    if (!value || json_is_null(value))
        return 0;
    if (!json_is_boolean(value))
        return LK_JWT_CLAIMS;
    *out = json_is_true(value);
    return 0;
}

int identity_read(const json_t *claims, struct identity *out)
{
    struct identity who = {0};
    if (take_text(claims, "sub", who.subject, sizeof who.subject) || !who.subject[0] ||
        take_text(claims, "email", who.email, sizeof who.email) ||
        take_flag(claims, "emailVerified", &who.email_verified) ||
        take_text(claims, "role", who.role, sizeof who.role) || json_seconds(claims, "iat", &who.issued_at) ||
        json_seconds(claims, "exp", &who.expires_at))
        return LK_JWT_CLAIMS;
    *out = who;
    return 0;
}
