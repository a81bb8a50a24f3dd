#include "keys/keyring.h"

#include "base/conf.h"
#include "base/error.h"
#include "jose/jws.h"
#include "keys/keyfile.h"

#define FROM_ENV "JWT_PRIVATE_KEY"

/* LK_NOT_FOUND when it is not set. */
static int key_from_env(char *const env[], struct jwk **out, struct buf *fault)
{
    const char *text = env_get(env, FROM_ENV);
    if (!text || !*text)
        return LK_NOT_FOUND;
    int error = private_key_parse(span_of(text), true, out);
    if (error)
        buf_printf(fault, FROM_ENV ": not a usable private key (PEM or JWK): %s", lk_error_text(error));
    return error == LK_NOT_FOUND ? LK_SYNTAX : error;
}

static int missing(const struct keyfile *f, struct buf *fault)
{
    buf_printf(fault, "%s: not there: keytool init makes the keys", f->path);
    return LK_NOT_FOUND;
}

int keyring_signing_key(const char *dir, char *const env[], struct jwk **out, int64_t *longest, struct buf *fault)
{
    struct keyfile f = {0};
    struct jwk *injected = NULL;
    int error = key_from_env(env, &injected, fault);
    if (error && error != LK_NOT_FOUND)
        return error;
    error = keyfile_read_private(&f, dir, KEYRING_SIGNING, 0640, fault);
    if (!error && !f.there && !injected)
        error = missing(&f, fault);
    if (!error) {
        *out = injected ? injected : f.key;
        if (longest)
            *longest = f.there ? f.longest_token : INT64_MAX;
        *(injected ? &injected : &f.key) = NULL; /* owned by the caller now */
    }
    keyfile_free(&f);
    jwk_free(injected);
    return error;
}

static int set_from_file(const char *dir, bool may_be_absent, struct jwks **out, struct buf *fault)
{
    struct keyfile f = {0};
    int error = keyfile_read(&f, dir, KEYRING_JWKS, FILE_TRUSTED, 0644, JWKS_MAX_BYTES, fault);
    if (!error && !f.there && !may_be_absent)
        error = missing(&f, fault);
    else if (!error) {
        error = jwks_parse(f.there ? buf_all(&f.text) : span_of("{\"keys\":[]}"), NULL, NULL, out);
        if (error)
            buf_printf(fault, "%s: not a JWK Set: keytool publish writes it again", f.path);
    }
    keyfile_free(&f);
    return error;
}

int keyring_verifying_keys(const char *dir, char *const env[], struct jwks **out, struct buf *fault)
{
    struct jwk *injected = NULL;
    struct jwks *set = NULL;
    int error = key_from_env(env, &injected, fault);
    if (error && error != LK_NOT_FOUND)
        return error;
    error = set_from_file(dir, injected != NULL, &set, fault);
    if (!error && injected)
        error = jwks_add(set, injected); /* harmless when jwks.json has it already */
    if (!error) {
        *out = set;
        set = NULL; /* owned by the caller now */
    }
    jwks_free(set);
    jwk_free(injected);
    return error;
}

int keyring_pair(const struct jwk *key, struct jwks *set)
{
    struct buf token = BUF_INIT(JWS_MAX);
    struct jws jws;
    json_t *claims = json_pack("{s:s}", "sub", "latchkey");
    int error = claims ? jws_sign(key, "JWT", claims, &token) : LK_NOMEM;
    if (!error)
        error = jws_parse(buf_all(&token), JWA_ALL, &jws);
    if (!error)
        error = jws_verify(&jws, set);
    json_decref(claims);
    buf_free(&token);
    return error;
}
