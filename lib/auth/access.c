#include "auth/access.h"

#include "auth/claims.h"
#include "base/b64.h"
#include "base/error.h"
#include "base/json.h"
#include "base/parse.h"
#include "base/secret.h"
#include "jose/jwt.h"

#define COPIED_DEPTH 2
#define TYP          "at+jwt"
#define ALGORITHMS   "ES256 EdDSA RS256" /* what keytool can make keys for */

bool principal_has_role(const struct principal *p, const char *role)
{
    return conf_list_has(p->grants.roles, role);
}

bool principal_has_feature(const struct principal *p, const char *feature)
{
    return conf_list_has(p->grants.features, feature);
}

/* ---- issuing ---------------------------------------------------------------------------------------------------- */

static json_t *array_of(const char *list)
{
    json_t *array = json_array();
    struct span rest = span_of(list), part;
    while (array && rest.n && span_next(&rest, ' ', &part))
        if (json_array_append_new(array, json_stringn(part.p, part.n))) {
            json_decref(array);
            array = NULL;
        }
    return array;
}

/* Takes the value's reference; a NULL value is remembered as failure, so that calls need no looking at one by one. */
static void set(json_t *claims, const char *name, json_t *value, int *error)
{
    if (json_object_set_new(claims, name, value))
        *error = LK_NOMEM;
}

/* Never over one of ours, whatever the text says. */
static void add_copied(json_t *claims, const char *text, int *error)
{
    json_t *copied = NULL;
    if (json_read_object(span_of(text), IDENTITY_COPIED_SIZE, COPIED_DEPTH, &copied) ||
        json_object_update_missing(claims, copied))
        *error = LK_STORE;
    json_decref(copied);
}

static int build(const struct conf *conf, const struct session *session, const struct grants *grants, int64_t now,
                 int64_t lifetime, json_t *claims)
{
    char jti[B64_ENCODED(16) + 1];
    uint8_t unique[16];
    int error = secret_random(unique, sizeof unique);
    b64_encode(unique, sizeof unique, jti);
    set(claims, "iss", json_string(conf->site.issuer), &error);
    set(claims, "aud", json_string(conf->site.audience), &error);
    set(claims, "sub", json_string(session->who.subject), &error);
    set(claims, "client_id", json_string(conf->site.client_id), &error);
    set(claims, "iat", json_integer(now), &error);
    set(claims, "exp", json_integer(now + lifetime), &error);
    set(claims, "jti", json_string(jti), &error);
    set(claims, "sid", json_string(session->id), &error);
    set(claims, "auth_time", json_integer(session->auth_time), &error);
    if (session->who.email[0]) {
        set(claims, "email", json_string(session->who.email), &error);
        set(claims, "email_verified", json_boolean(session->who.email_verified), &error);
    }
    set(claims, "roles", array_of(grants->roles), &error);
    set(claims, "features", array_of(grants->features), &error);
    if (grants->copied[0])
        add_copied(claims, grants->copied, &error);
    if (grants->features[0])
        set(claims, "scope", json_string(grants->features), &error);
    return error;
}

int access_issue(const struct conf *conf, const struct jwk *key, const struct session *session,
                 const struct grants *grants, int64_t now, int64_t lifetime, struct buf *out)
{
    json_t *claims = json_object();
    int error = claims ? build(conf, session, grants, now, lifetime, claims) : LK_NOMEM;
    error = error ? error : jws_sign(key, TYP, claims, out);
    json_decref(claims);
    return error;
}

/* ---- verifying -------------------------------------------------------------------------------------------------- */

/* A required string of 1 to cap - 1 bytes without control characters. */
static int take_text(const json_t *claims, const char *name, char *out, size_t cap)
{
    const char *text = json_text(claims, name);
    size_t n = text ? strlen(text) : 0;
    if (n == 0 || n >= cap || parse_has_control(span_of(text)))
        return LK_JWT_CLAIMS;
    memcpy(out, text, n + 1);
    return 0;
}

static int take_seconds(const json_t *claims, const char *name, int64_t *out)
{
    return json_seconds(claims, name, out) ? LK_JWT_CLAIMS : 0;
}

/* A required array of names, as a space separated list. */
static int take_names(const json_t *claims, const char *name, char *out, size_t cap)
{
    const json_t *array = json_object_get(claims, name), *item;
    size_t i, used = 0;
    if (!json_is_array(array))
        return LK_JWT_CLAIMS;
    out[0] = '\0';
    json_array_foreach(array, i, item)
    {
        const char *text = json_string_value(item);
        size_t n = text ? strlen(text) : 0;
        if (n == 0 || used + n + 2 > cap || strchr(text, ' ') || parse_has_control(span_of(text)))
            return LK_JWT_CLAIMS;
        if (used)
            out[used++] = ' ';
        memcpy(out + used, text, n + 1);
        used += n;
    }
    return 0;
}

/* The address and whether it is verified come together or not at all. */
static int take_email(const json_t *claims, struct principal *p)
{
    const json_t *verified = json_object_get(claims, "email_verified");
    p->email[0] = '\0';
    p->email_verified = json_is_true(verified);
    if (!verified && !json_object_get(claims, "email"))
        return 0;
    return json_is_boolean(verified) ? take_text(claims, "email", p->email, sizeof p->email) : LK_JWT_CLAIMS;
}

static int take_scope(const json_t *claims, const struct principal *p)
{
    const json_t *scope = json_object_get(claims, "scope");
    if (!scope)
        return p->grants.features[0] ? LK_JWT_CLAIMS : 0;
    return json_is_string(scope) && strcmp(json_string_value(scope), p->grants.features) == 0 ? 0 : LK_JWT_CLAIMS;
}

static int take(const json_t *claims, struct principal *p)
{
    char unused[256];
    int error = take_text(claims, "sub", p->subject, sizeof p->subject);
    error = error ? error : take_text(claims, "client_id", unused, sizeof unused);
    error = error ? error : take_text(claims, "jti", unused, sizeof unused);
    error = error ? error : take_text(claims, "sid", p->session, sizeof p->session);
    error = error ? error : take_seconds(claims, "iat", &p->issued_at);
    error = error ? error : take_seconds(claims, "exp", &p->expires_at);
    error = error ? error : take_seconds(claims, "auth_time", &p->auth_time);
    error = error ? error : take_email(claims, p);
    error = error ? error : take_names(claims, "roles", p->grants.roles, sizeof p->grants.roles);
    error = error ? error : take_names(claims, "features", p->grants.features, sizeof p->grants.features);
    error = error ? error : take_scope(claims, p);
    if (!error && strlen(p->session) != SESSION_ID_SIZE - 1)
        error = LK_JWT_CLAIMS;
    return error;
}

static int read_claims(const struct conf *conf, struct span payload, int64_t now, struct principal *out)
{
    const struct jwt_rules rules = {conf->site.issuer, conf->site.audience, now, conf->keys.leeway, 0};
    struct principal p = {.subject = ""};
    json_t *claims = NULL;
    int error = jwt_read(payload, &claims);
    error = error ? error : jwt_check(claims, &rules);
    error = error ? error : take(claims, &p);
    if (!error)
        *out = p;
    json_decref(claims);
    return error;
}

bool access_is_own(struct span token)
{
    struct jws jws;
    return jws_parse(token, JWA_ALL, &jws) == 0 && strcmp(jws.typ, TYP) == 0;
}

int access_verify(const struct conf *conf, struct jwks *keys, struct span token, int64_t now, struct principal *out)
{
    struct jws jws;
    struct buf payload = BUF_INIT(JWT_CLAIMS_MAX);
    int error = jws_parse(token, jwa_set_of(ALGORITHMS), &jws);
    if (!error && strcmp(jws.typ, TYP) != 0)
        error = LK_JWS_TYP;
    error = error ? error : jws_verify(&jws, keys);
    error = error ? error : jws_payload(&jws, &payload);
    error = error ? error : read_claims(conf, buf_all(&payload), now, out);
    buf_free(&payload);
    return error;
}
