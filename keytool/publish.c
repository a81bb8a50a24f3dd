#include "base/error.h"
#include "keys/keyring.h"
#include "tool.h"

/* The public part of JWT_PRIVATE_KEY, which signs already. */
static int key_of_env(struct tool *t, struct jwk **out)
{
    char thumbprint[JWK_THUMBPRINT_SIZE];
    struct jwk *key = NULL;
    json_t *public = NULL;
    const char *set = env_get(t->env, "JWT_PRIVATE_KEY");
    int error = set && *set ? keyring_signing_key(t->directory, t->env, &key, NULL, &t->fault) : LK_USAGE;
    if (error == LK_USAGE)
        buf_str(&t->fault, "--from-env: JWT_PRIVATE_KEY is not set");
    if (!error)
        error = jwk_thumbprint(key, thumbprint);
    if (!error && strcmp(thumbprint, jwk_kid(key)) != 0) {
        buf_str(&t->fault, "JWT_PRIVATE_KEY: its kid is not its thumbprint (RFC 7638): take the kid out of it");
        error = LK_USAGE;
    }
    if (!error)
        error = jwk_to_public(key, &public);
    if (!error)
        error = json_object_set_new(public, "alg", json_string(jwk_alg(key)->name)) ? LK_NOMEM : 0;
    if (!error)
        error = jwk_parse_public(public, out);
    json_decref(public);
    jwk_free(key);
    return error;
}

static int adopt(struct tool *t, struct keydir **kd, bool *changed)
{
    struct jwk *key = NULL;
    gid_t gid = (gid_t)-1;
    int64_t now = 0;
    int error = tool_find_group(t, &gid);
    if (!error)
        error = key_of_env(t, &key);
    if (!error)
        error = tool_begin_anywhere(t, kd, &now);
    if (!error) {
        error = keydir_adopt(*kd, key, gid, now, changed, &t->fault);
        key = NULL; /* owned by kd now */
    }
    jwk_free(key);
    return error;
}

int tool_publish(struct tool *t)
{
    struct keydir *kd = NULL;
    int64_t now = 0;
    bool changed = false;
    if (t->group && !t->from_env) {
        buf_str(&t->fault, "--group goes with --from-env: a signing.jwk that is there keeps its group");
        return LK_USAGE;
    }
    int error = t->from_env ? adopt(t, &kd, &changed) : tool_begin(t, false, &kd, &now);
    if (!error && !t->from_env)
        error = keydir_publish(kd, now, &changed, &t->fault);
    return tool_end(t, kd, error, changed, changed ? "jwks.json is up to date now" : "jwks.json was up to date");
}
