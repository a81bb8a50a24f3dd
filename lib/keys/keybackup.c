#include "keys/keybackup.h"

#include "base/error.h"
#include "base/json.h"
#include "base/secret.h"
#include "keys/keydir_impl.h"
#include "keys/state.h"

#define FORMAT       "latchkey-backup"
#define BACKUP_DEPTH 2

struct backup {
    struct key_history history;
    struct jwk *pub[KEYS_MAX];
    struct jwk *signing, *standby;
};

/* ---- writing ----------------------------------------------------------------------------------------------------- */

static json_t *text_of(const struct keyfile *f)
{
    return json_stringn(buf_cstr(&f->text), f->text.n);
}

int keydir_backup(struct keydir *kd, struct buf *out, struct buf *fault)
{
    const char *needs = keydir_needs(kd);
    if (needs) {
        buf_printf(fault, "%s: %s; then back it up", kd->dir, needs);
        return LK_CONFIG;
    }
    json_t *object = json_pack("{s:s,s:i,s:o,s:o,s:o}", "format", FORMAT, "version", 1, "state", text_of(&kd->state),
                               "signing", text_of(&kd->signing), "standby", text_of(&kd->standby));
    int error = object ? json_write(object, out) : LK_NOMEM;
    keyfile_forget(object);
    return error;
}

/* ---- reading ----------------------------------------------------------------------------------------------------- */

static int read_key(const json_t *object, const char *name, struct jwk **out)
{
    const char *text = json_text(object, name);
    int64_t unused;
    return text && *text ? keyfile_parse(span_of(text), out, &unused) : text ? 0 : LK_SYNTAX;
}

static int read_backup(struct span text, struct backup *b, struct buf *why)
{
    json_t *object = NULL;
    int64_t version = 0;
    int error = json_read_object(text, BACKUP_MAX, BACKUP_DEPTH, &object);
    const char *format = error ? NULL : json_text(object, "format"), *state = json_text(object, "state");
    if (!error &&
        (!format || strcmp(format, FORMAT) != 0 || json_seconds(object, "version", &version) || version != 1 || !state))
        error = LK_SYNTAX;
    if (!error)
        error = state_parse(span_of(state), &b->history, b->pub, why);
    if (!error)
        error = read_key(object, "signing", &b->signing);
    if (!error)
        error = read_key(object, "standby", &b->standby);
    keyfile_forget(object);
    return error;
}

static void free_backup(struct backup *b)
{
    for (size_t i = 0; b && i < KEYS_MAX; i++)
        jwk_free(b->pub[i]);
    if (b) {
        jwk_free(b->signing);
        jwk_free(b->standby);
    }
    free(b);
}

/* ---- merging ----------------------------------------------------------------------------------------------------- */

/* A key that only the backup knows. If it ever signed, its tokens may be about; its private key is not taken back. */
static int take_unknown(struct keydir *kd, struct backup *b, size_t i, int64_t now)
{
    struct key_entry e = b->history.entry[i];
    if (kd->history.n == KEYS_MAX)
        return LK_TOO_LARGE;
    if (e.state == KEY_PUBLISHED) {
        history_discard(&e, now);
    } else if (key_state_is_live(e.state)) {
        e.state = KEY_RETIRED;
        e.revoking = 0;
        history_restart(&kd->history, &e, now);
        e.destroyed = now;
        kd->pub[kd->history.n] = b->pub[i];
        b->pub[i] = NULL; /* owned by kd now */
    }
    kd->history.entry[kd->history.n++] = e;
    return 0;
}

/* Tombstones win on either side, and are written before anything else: whatever interrupts, no dead key comes back. */
static int take_tombstones(struct keydir *kd, const struct backup *b, int64_t now)
{
    for (size_t i = 0; i < b->history.n; i++) {
        const struct key_entry *old = &b->history.entry[i];
        struct key_entry *e = history_find(&kd->history, old->kid);
        if (key_state_is_live(old->state) || (e && !key_state_is_live(e->state)))
            continue;
        if (!e && kd->history.n == KEYS_MAX)
            return LK_TOO_LARGE;
        if (e && e->state == KEY_ACTIVE)
            history_revoke(&kd->history, e, now);
        else
            *(e ? e : &kd->history.entry[kd->history.n++]) = *old;
    }
    return 0;
}

/* `whole`: as it was. */
static int take_live(struct keydir *kd, struct backup *b, bool whole, int64_t now)
{
    int error = 0;
    for (size_t i = 0; !error && i < b->history.n; i++) {
        const struct key_entry *old = &b->history.entry[i];
        if (!key_state_is_live(old->state) || history_find(&kd->history, old->kid))
            continue;
        if (!whole)
            error = take_unknown(kd, b, i, now);
        else if (kd->history.n == KEYS_MAX)
            error = LK_TOO_LARGE;
        else {
            kd->pub[kd->history.n] = b->pub[i];
            b->pub[i] = NULL; /* owned by kd now */
            kd->history.entry[kd->history.n++] = *old;
        }
    }
    return error;
}

static bool is_of(const struct jwk *key, const struct key_entry *e)
{
    return key && e && strcmp(jwk_kid(key), e->kid) == 0;
}

/* Moves a key that is at hand out of the backup or the directory. */
static struct jwk *take(struct jwk **from)
{
    struct jwk *key = *from;
    *from = NULL;
    return key;
}

/* The private key of `e`, if somebody has it. */
static struct jwk *find_private(struct keydir *kd, struct backup *b, const struct key_entry *e)
{
    struct jwk **places[] = {&kd->signing.key, &kd->standby.key, &b->signing, &b->standby};
    for (size_t i = 0; i < sizeof places / sizeof places[0]; i++)
        if (is_of(*places[i], e))
            return take(places[i]);
    return NULL;
}

static int make_active(struct keydir *kd, struct backup *b, int64_t now, struct buf *fault)
{
    struct key_entry *active = history_in_state(&kd->history, KEY_ACTIVE);
    struct key_entry *standby = history_in_state(&kd->history, KEY_PUBLISHED);
    if (active && active->revoking)
        active = NULL;
    if ((kd->next_signing = find_private(kd, b, active)))
        return 0;
    if ((kd->next_signing = find_private(kd, b, standby))) {
        history_promote(&kd->history, standby, now);
        return 0;
    }
    int error = keydir_generate(keydir_alg(kd, NULL), &kd->next_signing);
    if (!error)
        error = keydir_add(kd, kd->next_signing, now, fault);
    if (!error)
        history_promote(&kd->history, &kd->history.entry[kd->history.n - 1], now);
    return error;
}

static int make_standby(struct keydir *kd, struct backup *b, int64_t now, struct buf *fault)
{
    struct key_entry *standby = history_in_state(&kd->history, KEY_PUBLISHED);
    if (standby && (kd->next_standby = find_private(kd, b, standby)))
        return 0;
    if (standby)
        history_discard(standby, now);
    return jwk_is_private(kd->next_signing) ? keydir_add_standby(kd, keydir_alg(kd, NULL), now, fault) : 0;
}

static void raise_marks(struct keydir *kd, const struct key_policy *marks, bool whole)
{
    struct key_policy raised = whole ? *marks : kd->history.marks;
    raised.token = marks->token;
    raised.leeway = marks->leeway;
    raised.remote_cache = marks->remote_cache;
    history_raise(&kd->history, &raised);
}

/* What the backup knows, into the history; the tombstones onto the disk already. In a directory without a key that
 * signs it is as it was, but the JWKS is served from now only. */
static int take_over(struct keydir *kd, struct backup *b, int64_t now, struct buf *fault)
{
    struct key_policy policy = kd->history.marks;
    bool whole = !history_in_state(&kd->history, KEY_ACTIVE);
    raise_marks(kd, &b->history.marks, whole);
    int error = take_tombstones(kd, b, now);
    if (!error)
        error = keydir_write_state(kd, fault);
    if (!error)
        error = take_live(kd, b, whole, now);
    struct key_entry *standby = history_in_state(&kd->history, KEY_PUBLISHED);
    if (whole && standby)
        history_restart(&kd->history, standby, now);
    history_raise(&kd->history, &policy);
    return error;
}

static int put_back(struct keydir *kd, struct backup *b, gid_t gid, int64_t now, struct buf *fault)
{
    int error = keydir_judge_clock(&kd->history, now, fault);
    if (!error)
        error = keydir_judge_clock(&b->history, now, fault);
    if (!error)
        error = take_over(kd, b, now, fault);
    if (!error)
        error = make_active(kd, b, now, fault);
    if (!error)
        error = make_standby(kd, b, now, fault);
    if (!error)
        error = keydir_commit(kd, gid, fault);
    if (!error)
        kd->repair = (struct key_repair){0};
    return error;
}

int keydir_restore(struct keydir *kd, struct span text, gid_t gid, int64_t now, struct buf *fault)
{
    struct buf why = BUF_INIT(256);
    struct backup *b = calloc(1, sizeof *b);
    int error = b ? read_backup(text, b, &why) : LK_NOMEM;
    if (error)
        buf_printf(fault, "not a usable backup: %s", why.n ? buf_cstr(&why) : lk_error_text(error));
    else {
        keydir_clean(kd);
        error = put_back(kd, b, gid, now, fault);
    }
    free_backup(b);
    buf_free(&why);
    return error;
}

/* ---- exporting --------------------------------------------------------------------------------------------------- */

static int export_private(struct keydir *kd, const char *kid, struct buf *out, struct buf *fault)
{
    const struct keyfile *files[] = {&kd->signing, &kd->standby};
    for (size_t i = 0; i < 2; i++)
        if (files[i]->key && jwk_is_private(files[i]->key) && strcmp(keyfile_kid(files[i]), kid) == 0)
            return private_key_render(files[i]->key, 0, out);
    buf_printf(fault, "%s: there is no private key %s", kd->dir, kid);
    return LK_NOT_FOUND;
}

int keydir_export(struct keydir *kd, const char *kid, bool private, struct buf *out, struct buf *fault)
{
    if (private)
        return export_private(kd, kid, out, fault);
    const struct key_entry *e = history_find(&kd->history, kid);
    json_t *public = NULL;
    if (!e || !kd->pub[e - kd->history.entry]) {
        buf_printf(fault, "%s: there is no live key %s", kd->dir, kid);
        return LK_NOT_FOUND;
    }
    int error = jwk_to_public(kd->pub[e - kd->history.entry], &public);
    if (!error)
        error = json_write(public, out);
    if (!error)
        error = buf_str(out, "\n");
    json_decref(public);
    return error;
}
