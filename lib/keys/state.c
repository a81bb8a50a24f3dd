#include "keys/state.h"

#include "base/error.h"
#include "base/json.h"

#define STATE_DEPTH 5

struct field {
    const char *name;
    size_t offset;
};

static const struct field mark_fields[] = {
    {"rotation", offsetof(struct key_policy, rotation)},
    {"lag", offsetof(struct key_policy, lag)},
    {"remote_cache", offsetof(struct key_policy, remote_cache)},
    {"margin", offsetof(struct key_policy, margin)},
    {"token", offsetof(struct key_policy, token)},
    {"leeway", offsetof(struct key_policy, leeway)},
    {"run", offsetof(struct key_policy, run)},
    {"skew", offsetof(struct key_policy, skew)}, /* since version 2 */
};
#define MARKS (sizeof mark_fields / sizeof mark_fields[0])

static const struct field time_fields[] = {
    {"created", offsetof(struct key_entry, created)},     {"published", offsetof(struct key_entry, published)},
    {"activated", offsetof(struct key_entry, activated)}, {"retired", offsetof(struct key_entry, retired)},
    {"ended", offsetof(struct key_entry, ended)},         {"not_before", offsetof(struct key_entry, not_before)},
    {"destroyed", offsetof(struct key_entry, destroyed)}, {"revoking", offsetof(struct key_entry, revoking)},
    {"hold", offsetof(struct key_entry, hold)},           {"boot", offsetof(struct key_entry, boot.seconds)},
};
#define TIMES (sizeof time_fields / sizeof time_fields[0])

/* ---- reading ----------------------------------------------------------------------------------------------------- */

/* Reads the fields that are there and counts them, so that the caller can tell whether there are others. */
static int read_fields(const json_t *object, const struct field *fields, size_t n, void *out, size_t *found)
{
    for (size_t i = 0; i < n; i++) {
        int error = json_seconds(object, fields[i].name, (int64_t *)(void *)((char *)out + fields[i].offset));
        if (error == LK_NOT_FOUND)
            continue;
        if (error)
            return error;
        ++*found;
    }
    return 0;
}

static int read_public(const json_t *object, const struct key_entry *e, struct jwk **out)
{
    char thumbprint[JWK_THUMBPRINT_SIZE];
    struct jwk *key = NULL;
    int error = jwk_parse_public(object, &key);
    if (!error)
        error = jwk_thumbprint(key, thumbprint);
    if (!error && (strcmp(thumbprint, e->kid) != 0 || strcmp(jwk_kid(key), e->kid) != 0 || jwk_alg(key) != e->alg))
        error = LK_SYNTAX;
    if (error) {
        jwk_free(key);
        return error == LK_NOMEM ? error : LK_SYNTAX;
    }
    *out = key;
    return 0;
}

/* What only some entries have. */
static int read_extras(const json_t *object, struct key_entry *e, size_t *found)
{
    const json_t *external = json_object_get(object, "external"), *boot = json_object_get(object, "boot_id");
    const char *id = json_string_value(boot);
    if ((external && !json_is_true(external)) || (boot && (!id || strlen(id) >= sizeof e->boot.id)))
        return LK_SYNTAX;
    if (id)
        memcpy(e->boot.id, id, strlen(id) + 1);
    e->external = external != NULL;
    *found += (external != NULL) + (boot != NULL);
    return 0;
}

static int read_entry(const json_t *object, struct key_entry *e, struct jwk **pub)
{
    const char *kid = json_text(object, "kid"), *alg = json_text(object, "alg"), *state = json_text(object, "state");
    const json_t *public = json_object_get(object, "jwk");
    size_t found = public ? 4 : 3;
    if (read_extras(object, e, &found))
        return LK_SYNTAX;
    if (!kid || strlen(kid) != JWK_THUMBPRINT_SIZE - 1 || !alg || !state)
        return LK_SYNTAX;
    memcpy(e->kid, kid, JWK_THUMBPRINT_SIZE);
    e->alg = jwa_find(span_of(alg));
    if (!e->alg || key_state_parse(state, &e->state) || read_fields(object, time_fields, TIMES, e, &found))
        return LK_SYNTAX;
    if (found != json_object_size(object) || key_since(e) == 0 || key_state_is_live(e->state) != (public != NULL))
        return LK_SYNTAX;
    return public ? read_public(public, e, pub) : 0;
}

static int read_keys(const json_t *keys, struct key_history *h, struct jwk *pub[KEYS_MAX], struct buf *fault)
{
    bool active = false;
    if (!json_is_array(keys) || json_array_size(keys) > KEYS_MAX) {
        buf_str(fault, "\"keys\" is not a usable array");
        return LK_SYNTAX;
    }
    for (size_t i = 0; i < json_array_size(keys); i++) {
        struct key_entry e = {0};
        int error = read_entry(json_array_get(keys, i), &e, &pub[i]);
        if (!error && (history_find(h, e.kid) || (e.state == KEY_ACTIVE && active)))
            error = LK_SYNTAX;
        if (error) {
            buf_printf(fault, "entry %zu of \"keys\" is not usable", i);
            return error;
        }
        active = active || e.state == KEY_ACTIVE;
        h->entry[h->n++] = e;
    }
    return 0;
}

static int read_version(const json_t *root, int64_t *version, struct buf *fault)
{
    if (json_seconds(root, "version", version) || *version < 1 || *version > STATE_VERSION) {
        buf_str(fault, "its version is not one that this keytool knows");
        return LK_SYNTAX;
    }
    return 0;
}

static int read_marks(const json_t *root, int64_t version, struct key_history *h, struct buf *fault)
{
    const json_t *marks = json_object_get(root, "marks");
    size_t found = 0, wanted = version == 1 ? MARKS - 1 : MARKS;
    if (read_fields(marks, mark_fields, wanted, &h->marks, &found) || found != wanted ||
        json_object_size(marks) != wanted || json_object_size(root) != 3) {
        buf_printf(fault, "its members are not those of version %d", (int)version);
        return LK_SYNTAX;
    }
    return 0;
}

int state_parse(struct span text, struct key_history *h, struct jwk *pub[KEYS_MAX], struct buf *fault)
{
    json_t *root = NULL;
    int64_t version = 0;
    memset(h, 0, sizeof *h);
    int error = json_read_object(text, STATE_MAX, STATE_DEPTH, &root);
    if (error)
        buf_str(fault, "not a JSON object");
    else if (!(error = read_version(root, &version, fault)) && !(error = read_marks(root, version, h, fault)))
        error = read_keys(json_object_get(root, "keys"), h, pub, fault);
    json_decref(root);
    return error == 0 || error == LK_NOMEM ? error : LK_SYNTAX;
}

/* ---- writing ----------------------------------------------------------------------------------------------------- */

static int write_fields(json_t *object, const struct field *fields, size_t n, const void *from, bool zeros)
{
    int failed = 0;
    for (size_t i = 0; i < n; i++) {
        int64_t value = *(const int64_t *)(const void *)((const char *)from + fields[i].offset);
        if (value || zeros)
            failed |= json_object_set_new(object, fields[i].name, json_integer(value));
    }
    return failed ? LK_NOMEM : 0;
}

static int write_entry(json_t *keys, const struct key_entry *e, const struct jwk *pub)
{
    json_t *object = json_object(), *public = NULL;
    int error = 0;
    if (json_object_set_new(object, "kid", json_string(e->kid)) ||
        json_object_set_new(object, "alg", json_string(e->alg->name)) ||
        json_object_set_new(object, "state", json_string(key_state_name(e->state))))
        error = LK_NOMEM;
    if (!error)
        error = write_fields(object, time_fields, TIMES, e, false);
    if (!error && e->boot.id[0])
        error = json_object_set_new(object, "boot_id", json_string(e->boot.id)) ? LK_NOMEM : 0;
    if (!error && e->external)
        error = json_object_set_new(object, "external", json_true()) ? LK_NOMEM : 0;
    if (!error && key_state_is_live(e->state) && !(error = jwk_to_public(pub, &public)))
        error = json_object_set_new(object, "jwk", public) ? LK_NOMEM : 0;
    if (!error && json_array_append(keys, object))
        error = LK_NOMEM;
    json_decref(object);
    return error;
}

static int render(json_t *root, int error, struct buf *out)
{
    if (!error)
        error = json_write(root, out);
    if (!error)
        error = buf_str(out, "\n");
    json_decref(root);
    return error;
}

int state_render(const struct key_history *h, struct jwk *const pub[KEYS_MAX], struct buf *out)
{
    json_t *root = json_object(), *marks = json_object(), *keys = json_array();
    int error = write_fields(marks, mark_fields, MARKS, &h->marks, true);
    for (size_t i = 0; !error && i < h->n; i++)
        error = write_entry(keys, &h->entry[i], pub[i]);
    if (json_object_set_new(root, "version", json_integer(STATE_VERSION)) | json_object_set_new(root, "marks", marks) |
        json_object_set_new(root, "keys", keys))
        error = LK_NOMEM;
    return render(root, error, out);
}

int state_render_jwks(const struct key_history *h, struct jwk *const pub[KEYS_MAX], bool dropped, struct buf *out)
{
    json_t *root = json_object(), *keys = json_array();
    int error = json_object_set_new(root, "keys", keys) ? LK_NOMEM : 0;
    for (size_t i = 0; !error && i < h->n; i++) {
        json_t *public = NULL;
        if (!pub[i] || (!dropped && !key_state_is_live(h->entry[i].state)))
            continue;
        if (!(error = jwk_to_public(pub[i], &public)))
            error = json_array_append_new(keys, public) ? LK_NOMEM : 0;
    }
    return render(root, error, out);
}
