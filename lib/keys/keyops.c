#include <unistd.h>

#include "base/error.h"
#include "keys/keydir_impl.h"

/* The commands that change which keys there are. */

int keydir_put_to_work(struct keydir *kd, const struct jwa *alg, int64_t now, struct buf *fault)
{
    kd->next_signing = kd->standby.key;
    kd->standby.key = NULL; /* owned by next_signing now */
    int error = 0;
    if (jwk_is_private(kd->next_signing))
        error = keydir_add_standby(kd, keydir_alg(kd, alg), now, fault);
    if (!error)
        error = keydir_commit_rotation(kd, fault);
    if (!error)
        kd->repair.signing_lost = false;
    return error;
}

/* ---- maintain ---------------------------------------------------------------------------------------------------- */

int keydir_maintain(struct keydir *kd, int64_t now, bool *changed, struct buf *fault)
{
    int error = keydir_recover(kd, NULL, now, fault);
    if (!error && kd->repair.signing_lost) {
        buf_printf(fault, "%s: %s", kd->dir, keydir_needs(kd));
        error = LK_CONFIG;
    }
    if (error)
        return error;
    const struct key_entry *before = history_in_state(&kd->history, KEY_ACTIVE);
    history_maintain(&kd->history, now);
    bool rotated = history_in_state(&kd->history, KEY_ACTIVE) != before;
    error = rotated ? keydir_put_to_work(kd, NULL, now, fault) : keydir_commit(kd, (gid_t)-1, fault);
    if (!error)
        *changed = kd->changed;
    return error;
}

/* ---- revoke ------------------------------------------------------------------------------------------------------ */

static struct key_entry *revoking_active(struct keydir *kd)
{
    struct key_entry *active = history_in_state(&kd->history, KEY_ACTIVE);
    return active && active->revoking ? active : NULL;
}

int keydir_finish_revocation(struct keydir *kd, int64_t now, struct buf *fault)
{
    int error = 0;
    if (!revoking_active(kd))
        return 0;
    if (!history_in_state(&kd->history, KEY_PUBLISHED)) {
        error = keydir_add_standby(kd, keydir_alg(kd, NULL), now, fault);
        if (!error)
            error = keydir_commit(kd, (gid_t)-1, fault);
    }
    if (error)
        return error;
    const struct jwa *alg = keydir_alg(kd, NULL);
    history_promote(&kd->history, history_in_state(&kd->history, KEY_PUBLISHED), now);
    return keydir_put_to_work(kd, alg, now, fault);
}

static int find_revocable(struct keydir *kd, const char *kid, struct key_entry **out, struct buf *fault)
{
    *out = history_find(&kd->history, kid);
    if (!*out) {
        buf_printf(fault, "%s: there is no key %s: keytool status -v lists them", kd->dir, kid);
        return LK_NOT_FOUND;
    }
    if (!key_state_is_live((*out)->state)) {
        buf_printf(fault, "%s: the key %s is %s already", kd->dir, kid, key_state_name((*out)->state));
        return LK_EXISTS;
    }
    return 0;
}

int keydir_revoke(struct keydir *kd, const char *kid, bool and_standby, int64_t now, struct buf *fault)
{
    struct key_entry *e = NULL, *standby;
    int error = keydir_recover(kd, NULL, now, fault);
    if (!error)
        error = find_revocable(kd, kid, &e, fault);
    if (error)
        return error;
    bool lost_standby = e->state == KEY_PUBLISHED || (and_standby && history_in_state(&kd->history, KEY_PUBLISHED));
    history_revoke(&kd->history, e, now);
    if (and_standby && (standby = history_in_state(&kd->history, KEY_PUBLISHED)))
        history_revoke(&kd->history, standby, now);
    if (revoking_active(kd)) { /* said before it is done, so that a killed command is finished as what it was */
        error = keydir_write_state(kd, fault);
        return error ? error : keydir_finish_revocation(kd, now, fault);
    }
    const struct key_entry *active = history_in_state(&kd->history, KEY_ACTIVE);
    if (lost_standby && !(active && active->external))
        error = keydir_add_standby(kd, keydir_alg(kd, NULL), now, fault);
    return error ? error : keydir_commit(kd, (gid_t)-1, fault);
}

/* ---- import ------------------------------------------------------------------------------------------------------ */

/* The first key signs at once: nobody can have cached a set without it. */
static int begin_with(struct keydir *kd, struct jwk *key, gid_t gid, int64_t now, struct buf *fault)
{
    kd->next_signing = key;
    keydir_clean(kd);
    int error = keydir_judge_clock(&kd->history, now, fault);
    if (!error)
        error = keydir_write_state(kd, fault); /* no key that signs: the mark of an init that is under way */
    if (!error)
        error = keydir_add(kd, key, now, fault);
    if (!error) {
        history_promote(&kd->history, &kd->history.entry[kd->history.n - 1], now);
        error = jwk_is_private(key) ? keydir_add_standby(kd, jwk_alg(key), now, fault) : 0;
    }
    if (!error)
        error = keydir_commit(kd, gid, fault);
    if (!error)
        kd->repair.unborn = false;
    return error;
}

int keydir_import(struct keydir *kd, struct jwk *key, gid_t gid, int64_t now, struct buf *fault)
{
    if (kd->repair.unborn)
        return begin_with(kd, key, gid, now, fault);
    int error = keydir_recover(kd, NULL, now, fault);
    if (error) {
        jwk_free(key);
        return error;
    }
    struct key_entry *old = history_in_state(&kd->history, KEY_PUBLISHED);
    kd->next_standby = key; /* owned by kd now */
    error = keydir_add(kd, key, now, fault);
    if (error)
        return error;
    if (old)
        history_discard(old, now);
    return keydir_commit(kd, gid, fault);
}

int keydir_adopt(struct keydir *kd, struct jwk *key, gid_t gid, int64_t now, bool *changed, struct buf *fault)
{
    int error = 0;
    if (kd->repair.unborn) {
        *changed = true;
        return begin_with(kd, key, gid, now, fault);
    }
    error = keydir_recover(kd, NULL, now, fault);
    if (error) {
        jwk_free(key);
        return error;
    }
    kd->next_signing = key; /* owned by kd now */
    struct key_entry *e = history_find(&kd->history, jwk_kid(key));
    if (!e || !key_state_is_live(e->state) || e->state == KEY_RETIRED)
        error = keydir_add(kd, key, now, fault); /* refuses what was here before */
    if (error)
        return error;
    e = history_find(&kd->history, jwk_kid(key));
    if (e->state != KEY_ACTIVE)
        history_promote(&kd->history, e, now);
    error = keydir_commit(kd, gid, fault);
    if (!error)
        *changed = kd->changed;
    return error;
}
