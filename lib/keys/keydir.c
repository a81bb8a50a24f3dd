#include "keys/keydir.h"

#include <errno.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/error.h"
#include "keys/keydir_impl.h"

/* ---- opening ----------------------------------------------------------------------------------------------------- */

static int make_directory(const char *dir, struct buf *fault)
{
    if (mkdir(dir, KEYDIR_MODE)) {
        if (errno == EEXIST)
            return 0;
        if (errno == ENOENT) {
            buf_printf(fault, "%s: the directory above it is missing: mkdir -p it first", dir);
            return LK_NOT_FOUND;
        }
        return keyfile_fault(dir, LK_SYSTEM, KEYDIR_MODE, fault);
    }
    if (chmod(dir, KEYDIR_MODE) || file_sync_dir(dir))
        return keyfile_fault(dir, LK_SYSTEM, KEYDIR_MODE, fault);
    return 0;
}

static bool has_any_key(const char *dir)
{
    return keydir_has(dir, KEYRING_SIGNING) || keydir_has(dir, KEYRING_STANDBY) || keydir_has(dir, KEYRING_JWKS);
}

static int refuse_existing(const char *dir, struct buf *fault)
{
    buf_printf(fault, "%s: there are keys already, nothing was changed: keytool rotate replaces them", dir);
    return LK_EXISTS;
}

/* Before the lock, so that a wrong directory does not even get a lock file. */
static int find_keys(const char *dir, bool create, struct buf *fault)
{
    if (keydir_has(dir, KEYRING_STATE))
        return 0;
    if (!has_any_key(dir)) {
        if (!create)
            buf_printf(fault, "%s: there are no keys: keytool init makes them", dir);
        return create ? 0 : LK_NOT_FOUND;
    }
    if (create)
        return refuse_existing(dir, fault);
    buf_printf(fault, "%s/" KEYRING_STATE ": missing, though there are keys: restore it from a backup", dir);
    return LK_CONFIG;
}

static int compare(struct keydir *kd, struct buf *fault)
{
    json_t *served = keydir_served(kd);
    const struct key_files files = {
        keyfile_kid(&kd->signing), keyfile_kid(&kd->standby), keydir_serves(served, keyfile_kid(&kd->signing)),
        keydir_serves(served, keyfile_kid(&kd->standby)), kd->signing.key && !jwk_is_private(kd->signing.key)};
    json_decref(served);
    int error = reconcile(&kd->history, &files, &kd->repair);
    if (error)
        buf_printf(fault, "%s: a key that neither state.json nor jwks.json knows: remove it", kd->standby.path);
    return error;
}

static int open_locked(struct keydir *kd, bool create, struct buf *fault)
{
    int error = keydir_judge(kd->dir, fault);
    if (!error)
        error = find_keys(kd->dir, create, fault);
    if (!error)
        error = keydir_lock(kd, fault);
    if (!error)
        error = keydir_load(kd, fault);
    if (!error && create && history_in_state(&kd->history, KEY_ACTIVE))
        error = refuse_existing(kd->dir, fault);
    return error ? error : compare(kd, fault);
}

int keydir_open(const char *dir, bool create, struct keydir **out, struct buf *fault)
{
    struct keydir *kd = calloc(1, sizeof *kd);
    if (!kd)
        return LK_NOMEM;
    kd->lock = -1;
    int n = snprintf(kd->dir, sizeof kd->dir, "%s", dir);
    int error = n < 0 || (size_t)n >= sizeof kd->dir ? LK_TOO_LARGE : 0;
    if (!error && create)
        error = make_directory(dir, fault);
    if (!error)
        error = open_locked(kd, create, fault);
    if (error) {
        keydir_close(kd);
        return error;
    }
    *out = kd;
    return 0;
}

void keydir_close(struct keydir *kd)
{
    if (!kd)
        return;
    keyfile_free(&kd->state);
    keyfile_free(&kd->signing);
    keyfile_free(&kd->standby);
    keyfile_free(&kd->jwks);
    for (size_t i = 0; i < KEYS_MAX; i++)
        jwk_free(kd->pub[i]);
    jwk_free(kd->next_signing);
    jwk_free(kd->next_standby);
    if (kd->lock >= 0)
        file_unlock(kd->lock);
    free(kd);
}

struct key_history *keydir_history(struct keydir *kd)
{
    return &kd->history;
}

void keydir_set_dry(struct keydir *kd)
{
    kd->dry = kd->state.dry = kd->signing.dry = kd->standby.dry = kd->jwks.dry = true;
}

void keydir_on_change(struct keydir *kd, keydir_change_fn *fn, void *context)
{
    kd->on_change = fn;
    kd->on_change_context = context;
}

void keydir_transitions(const struct keydir *kd, keydir_transition_fn *fn, void *context)
{
    for (size_t i = 0; i < kd->history.n; i++) {
        const struct key_entry *e = &kd->history.entry[i];
        if (i >= kd->opened_n)
            fn(context, NULL, e);
        else if (kd->opened_state[i] != e->state)
            fn(context, key_state_name(kd->opened_state[i]), e);
    }
}

static bool is_lost(const struct keyfile *f)
{
    return f->key && !f->there;
}

const char *keydir_needs(const struct keydir *kd)
{
    const struct key_repair *r = &kd->repair;
    if (r->unborn && kd->history.n > 0)
        return "restore was interrupted: restore the backup again, or keytool init makes new keys";
    if (r->adopt_signing && kd->history.n > 0)
        return "a change of the key that signs was interrupted: keytool publish finishes it";
    if (r->unborn || r->adopt_signing)
        return "init was interrupted: keytool init finishes it";
    if (r->signing_lost)
        return "signing.jwk is missing or not the active key: restore it, or keytool rotate puts the standby there";
    if (r->swap || r->adopt_standby)
        return "a rotation was interrupted: keytool publish finishes it";
    if (r->new_standby)
        return "the standby is missing: keytool publish makes a new one";
    if (is_lost(&kd->signing) || is_lost(&kd->standby))
        return "the file of a key that is elsewhere is missing: keytool publish writes it again";
    return NULL;
}

const char *keydir_finished(const struct keydir *kd)
{
    return kd->finished;
}

bool keydir_signs_for_root_only(const struct keydir *kd)
{
    const struct stat *st = &kd->signing.st;
    return kd->signing.there && st->st_uid == 0 && (st->st_gid == 0 || !(st->st_mode & S_IRGRP));
}

/* ---- recovering -------------------------------------------------------------------------------------------------- */

const struct jwa *keydir_alg(struct keydir *kd, const struct jwa *alg)
{
    const struct key_entry *active = history_in_state(&kd->history, KEY_ACTIVE);
    return alg ? alg : active ? active->alg : jwa_find(span_of("ES256"));
}

static int repair_signing(struct keydir *kd, int64_t now, struct buf *fault)
{
    int error = kd->repair.adopt_signing ? keydir_add(kd, kd->signing.key, now, fault) : 0;
    if (!error && (kd->repair.adopt_signing || kd->repair.swap))
        history_promote(&kd->history, history_find(&kd->history, keyfile_kid(&kd->signing)), now);
    return error;
}

static int repair_standby(struct keydir *kd, const struct jwa *alg, int64_t now, struct buf *fault)
{
    for (size_t i = 0; i < kd->history.n; i++) {
        struct key_entry *e = &kd->history.entry[i];
        if (e->state == KEY_PUBLISHED && strcmp(e->kid, keyfile_kid(&kd->standby)) != 0)
            history_discard(e, now);
    }
    if (kd->repair.adopt_standby)
        return keydir_add(kd, kd->standby.key, now, fault);
    return kd->repair.new_standby ? keydir_add_standby(kd, keydir_alg(kd, alg), now, fault) : 0;
}

/* A key counts as published from when it is in the set that is served. True when a live key is not. */
static bool restart_unlisted(struct keydir *kd, int64_t now)
{
    json_t *served = keydir_served(kd);
    bool unlisted = false;
    for (size_t i = 0; i < kd->history.n; i++) {
        struct key_entry *e = &kd->history.entry[i];
        if (!key_state_is_live(e->state) || keydir_serves(served, e->kid))
            continue;
        unlisted = true;
        if (e->state == KEY_PUBLISHED)
            history_restart(&kd->history, e, now);
    }
    json_decref(served);
    return unlisted;
}

static void remove_leftover(const char *path)
{
    file_remove(path);
}

static int repair(struct keydir *kd, const struct jwa *alg, int64_t now, struct buf *fault)
{
    int error = repair_signing(kd, now, fault);
    if (!error)
        error = repair_standby(kd, alg, now, fault);
    if (!error)
        error = keydir_commit(kd, (gid_t)-1, fault);
    return error;
}

static const char *what_finished(const struct keydir *kd)
{
    const struct key_repair *r = &kd->repair;
    return r->adopt_signing && kd->opened_n > 0 ? "an interrupted change of the key that signs was finished"
           : r->adopt_signing                   ? "an interrupted init was finished"
           : r->swap                            ? "an interrupted rotation was finished"
           : r->adopt_standby || r->new_standby ? "a standby was put in its place"
           : kd->changed                        ? "jwks.json was written again"
                                                : NULL;
}

int keydir_judge_clock(const struct key_history *h, int64_t now, struct buf *fault)
{
    char last[CLOCK_RFC3339_SIZE];
    if (now >= history_last(h))
        return 0;
    clock_rfc3339(history_last(h), last);
    buf_printf(fault, "the clock is earlier than the last event of the keys (%s), nothing was changed: set the clock",
               last);
    return LK_CLOCK;
}

void keydir_clean(struct keydir *kd)
{
    if (!kd->dry)
        keydir_leftovers(kd->dir, remove_leftover);
}

int keydir_recover(struct keydir *kd, const struct jwa *alg, int64_t now, struct buf *fault)
{
    int error = keydir_judge_clock(&kd->history, now, fault);
    if (error)
        return error;
    keydir_clean(kd);
    if (kd->repair.unborn) {
        buf_printf(fault, "%s: %s", kd->dir, keydir_needs(kd));
        return LK_NOT_FOUND;
    }
    bool due = restart_unlisted(kd, now) || repair_is_due(&kd->repair);
    error = due ? repair(kd, alg, now, fault) : keydir_write_jwks(kd, false, fault);
    if (!error) {
        kd->finished = what_finished(kd);
        kd->repair = (struct key_repair){.signing_lost = kd->repair.signing_lost};
        error = keydir_finish_revocation(kd, now, fault);
    }
    return error;
}

/* ---- commands ---------------------------------------------------------------------------------------------------- */

int keydir_init(struct keydir *kd, const struct jwa *alg, gid_t gid, int64_t now, struct buf *fault)
{
    struct jwk *first = NULL;
    if (!kd->repair.unborn)
        return keydir_recover(kd, alg, now, fault);
    int error = keydir_generate(alg, &first);
    return error ? error : keydir_import(kd, first, gid, now, fault);
}

/* A retired key that somebody put back into signing.jwk has signed until now. */
static void extend_foreign(struct keydir *kd, int64_t now)
{
    struct key_entry *e = history_find(&kd->history, keyfile_kid(&kd->signing));
    if (e && e->state == KEY_RETIRED)
        history_restart(&kd->history, e, now);
}

static int explain_rotate(const struct keydir *kd, int error, struct buf *fault)
{
    if (error == LK_NOT_FOUND)
        buf_printf(fault, "%s: there is no standby", kd->dir);
    return error;
}

int keydir_rotate(struct keydir *kd, const struct jwa *alg, bool force, int64_t now, int64_t *opens, struct buf *fault)
{
    bool was_cut_short = kd->repair.swap;
    int error = keydir_recover(kd, alg, now, fault);
    if (error || was_cut_short)
        return error;
    extend_foreign(kd, now);
    error = history_rotate(&kd->history, force, now, opens);
    if (error)
        return explain_rotate(kd, error, fault);
    history_destroy(&kd->history, now);
    history_expire(&kd->history, now);
    return keydir_put_to_work(kd, alg, now, fault);
}

int keydir_publish(struct keydir *kd, int64_t now, bool *changed, struct buf *fault)
{
    int error = keydir_recover(kd, NULL, now, fault);
    if (!error && kd->repair.signing_lost) {
        buf_printf(fault, "%s: %s", kd->dir, keydir_needs(kd));
        error = LK_CONFIG;
    }
    if (!error) {
        history_destroy(&kd->history, now);
        history_expire(&kd->history, now);
        error = keydir_commit(kd, (gid_t)-1, fault);
    }
    if (!error)
        *changed = kd->changed;
    return error;
}
