#include "base/error.h"
#include "keys/keydir_impl.h"
#include "keys/state.h"

/* Writing the key directory in the order that keydir.h promises. */

static int announce(struct keydir *kd, struct buf *fault)
{
    int error = kd->announced || !kd->on_change ? 0 : kd->on_change(kd->on_change_context, fault);
    kd->announced = !error;
    return error;
}

int keydir_write(struct keydir *kd, struct keyfile *f, struct span text, mode_t mode, gid_t gid, struct buf *fault)
{
    if (keyfile_holds(f, text))
        return 0;
    int error = announce(kd, fault);
    return error ? error : keyfile_write(f, text, mode, gid, &kd->changed, fault);
}

int keydir_write_jwks(struct keydir *kd, bool dropped, struct buf *fault)
{
    struct buf text = BUF_INIT(JWKS_MAX_BYTES);
    int error = state_render_jwks(&kd->history, kd->pub, dropped, &text);
    if (!error)
        error = keydir_write(kd, &kd->jwks, buf_all(&text), JWKS_MODE, (gid_t)-1, fault);
    buf_free(&text);
    return error;
}

static int write_key(struct keydir *kd, struct keyfile *f, const struct jwk *key, mode_t mode, gid_t gid,
                     struct buf *fault)
{
    struct buf text = BUF_INIT(KEYFILE_PRIVATE_MAX);
    int error = private_key_render(key, f == &kd->signing ? kd->stored_token : 0, &text);
    if (!error)
        error = keydir_write(kd, f, buf_all(&text), mode, gid, fault);
    buf_free(&text);
    return error;
}

static int write_private(struct keydir *kd, struct keyfile *f, struct jwk **key, mode_t mode, gid_t gid,
                         struct buf *fault)
{
    int error = *key ? write_key(kd, f, *key, mode, gid, fault) : 0;
    if (!error && *key) {
        jwk_free(f->key);
        f->key = *key;
        *key = NULL; /* owned by the file now */
    }
    return error;
}

/* A file that was lost, but whose key is known. */
static int write_lost(struct keydir *kd, struct keyfile *f, enum key_state state, mode_t mode, gid_t gid,
                      struct buf *fault)
{
    const struct key_entry *e = history_in_state(&kd->history, state);
    if (f->there || !f->key || !e || strcmp(keyfile_kid(f), e->kid) != 0)
        return 0;
    return write_key(kd, f, f->key, mode, gid, fault);
}

/* Signers may make longer tokens only when the gates count with them for good. */
static int tell_signers(struct keydir *kd, struct buf *fault)
{
    if (!kd->signing.key || kd->repair.signing_lost)
        return 0;
    return write_key(kd, &kd->signing, kd->signing.key, SIGNING_MODE, (gid_t)-1, fault);
}

int keydir_write_state(struct keydir *kd, struct buf *fault)
{
    struct buf text = BUF_INIT(STATE_MAX);
    int error = state_render(&kd->history, kd->pub, &text);
    if (!error)
        error = keydir_write(kd, &kd->state, buf_all(&text), STATE_MODE, (gid_t)-1, fault);
    if (!error)
        kd->stored_token = kd->history.marks.token;
    buf_free(&text);
    return error;
}

int keydir_commit(struct keydir *kd, gid_t gid, struct buf *fault)
{
    int error = keydir_write_jwks(kd, true, fault);
    if (!error && kd->next_signing)
        error = keydir_keep_retired(kd, fault);
    if (!error)
        error = write_private(kd, &kd->signing, &kd->next_signing, SIGNING_MODE, gid, fault);
    if (!error)
        error = write_lost(kd, &kd->signing, KEY_ACTIVE, SIGNING_MODE, gid, fault);
    if (!error)
        error = write_lost(kd, &kd->standby, KEY_PUBLISHED, STANDBY_MODE, (gid_t)-1, fault);
    if (!error)
        error = write_private(kd, &kd->standby, &kd->next_standby, STANDBY_MODE, (gid_t)-1, fault);
    if (!error)
        error = keydir_write_state(kd, fault);
    if (!error)
        error = tell_signers(kd, fault);
    if (!error)
        error = keydir_write_jwks(kd, false, fault);
    return error ? error : keydir_sweep(kd, fault);
}

int keydir_add(struct keydir *kd, const struct jwk *key, int64_t now, struct buf *fault)
{
    json_t *public = NULL;
    size_t at = kd->history.n;
    int error = jwk_to_public(key, &public);
    if (!error)
        error = history_add(&kd->history, jwk_kid(key), jwk_alg(key), now);
    if (!error) {
        kd->history.entry[at].external = !jwk_is_private(key);
        error = jwk_parse_public(public, &kd->pub[at]);
    }
    if (error == LK_TOO_LARGE)
        buf_printf(fault, "%s: too many keys are in the JWKS still: keytool status says when the next one leaves",
                   kd->dir);
    else if (error == LK_EXISTS)
        buf_printf(fault, "%s: the key %s was here before (%s): no key comes back", kd->dir, jwk_kid(key),
                   key_state_name(history_find(&kd->history, jwk_kid(key))->state));
    json_decref(public);
    return error;
}

int keydir_generate(const struct jwa *alg, struct jwk **out)
{
    struct jwk *key = NULL;
    int error = 0;
    do {
        jwk_free(key);
        key = NULL;
        error = jwk_generate(alg, &key);
    } while (!error && jwk_kid(key)[0] == '-');
    if (!error)
        *out = key;
    return error;
}

int keydir_add_standby(struct keydir *kd, const struct jwa *alg, int64_t now, struct buf *fault)
{
    int error = keydir_generate(alg, &kd->next_standby);
    return error ? error : keydir_add(kd, kd->next_standby, now, fault);
}

/* The new key could not be put to work: the set that was there before tells the truth. */
static void put_back_jwks(struct keydir *kd, struct span before)
{
    struct buf ignored = BUF_INIT(256);
    if (before.n)
        keyfile_write(&kd->jwks, before, JWKS_MODE, (gid_t)-1, &kd->changed, &ignored);
    buf_free(&ignored);
}

int keydir_commit_rotation(struct keydir *kd, struct buf *fault)
{
    struct buf before = BUF_INIT(JWKS_MAX_BYTES);
    int error = buf_span(&before, buf_all(&kd->jwks.text));
    if (!error)
        error = keydir_commit(kd, (gid_t)-1, fault);
    if (error && kd->next_signing)
        put_back_jwks(kd, buf_all(&before));
    else if (error)
        buf_str(fault, "; the new key signs already, keytool publish finishes the rotation");
    buf_free(&before);
    return error;
}
