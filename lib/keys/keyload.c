#include "keys/keydir_impl.h"

#include <dirent.h>
#include <errno.h>
#include <unistd.h>

#include "base/error.h"
#include "base/json.h"
#include "keys/state.h"

int keydir_judge(const char *dir, struct buf *fault)
{
    struct stat st;
    if (stat(dir, &st)) {
        if (errno != ENOENT)
            return keyfile_fault(dir, LK_SYSTEM, KEYDIR_MODE, fault);
        buf_printf(fault, "%s: there is no such directory: keytool init makes it", dir);
        return LK_NOT_FOUND;
    }
    if (!S_ISDIR(st.st_mode)) {
        buf_printf(fault, "%s: not a directory", dir);
        return LK_SYSTEM;
    }
    if (st.st_mode & KEYDIR_FORBIDDEN) {
        buf_printf(fault, "%s: mode %04o lets others replace the keys: chmod go-w %s", dir,
                   (unsigned)(st.st_mode & 07777), dir);
        return LK_UNSAFE_FILE;
    }
    if (st.st_uid != 0 && st.st_uid != geteuid() && geteuid() != 0) {
        buf_printf(fault, "%s: owned by uid %u: run keytool as that user or as root", dir, (unsigned)st.st_uid);
        return LK_UNSAFE_FILE;
    }
    return 0;
}

/* A lock that root makes in somebody's directory is that owner's too. */
static void give_lock(const struct keydir *kd)
{
    struct stat dir, own;
    if (geteuid() != 0 || stat(kd->dir, &dir) || fstat(kd->lock, &own) || own.st_uid == dir.st_uid || own.st_uid != 0)
        return;
    if (fchown(kd->lock, dir.st_uid, dir.st_gid))
        return; /* then its owner is told by the next command */
}

int keydir_lock(struct keydir *kd, struct buf *fault)
{
    char path[PATH_MAX];
    int error = file_path(path, sizeof path, kd->dir, KEYRING_LOCK);
    if (!error)
        error = file_lock(path, LOCK_MODE, KEYDIR_LOCK_MS, &kd->lock);
    if (!error)
        give_lock(kd);
    if (error == LK_BUSY)
        buf_printf(fault, "%s: another keytool is at work: try again when it has ended", path);
    else if (error)
        error = keyfile_fault(path, error, LOCK_MODE, fault);
    return error;
}

static bool is_leftover(const char *name)
{
    static const char *const ours[] = {KEYRING_SIGNING, KEYRING_STANDBY, KEYRING_STATE, KEYRING_JWKS};
    size_t n = strlen(name);
    if (n < 4 || strcmp(name + n - 4, ".tmp") != 0)
        return false;
    for (size_t i = 0; i < sizeof ours / sizeof ours[0]; i++) {
        size_t prefix = strlen(ours[i]);
        if (strncmp(name, ours[i], prefix) == 0 && name[prefix] == '.')
            return true;
    }
    return strncmp(name, RETIRED_PREFIX, sizeof RETIRED_PREFIX - 1) == 0;
}

size_t keydir_leftovers(const char *dir, void (*each)(const char *path))
{
    char path[PATH_MAX];
    size_t count = 0;
    DIR *d = opendir(dir);
    if (!d)
        return 0;
    for (const struct dirent *e; (e = readdir(d));) {
        if (!is_leftover(e->d_name) || file_path(path, sizeof path, dir, e->d_name))
            continue;
        count++;
        if (each)
            each(path);
    }
    closedir(d);
    return count;
}

bool keydir_has(const char *dir, const char *name)
{
    char path[PATH_MAX];
    struct stat st;
    return file_path(path, sizeof path, dir, name) == 0 && (lstat(path, &st) == 0 || errno != ENOENT);
}

json_t *keydir_served(const struct keydir *kd)
{
    json_t *set = NULL;
    if (!kd->jwks.there || json_read_object(buf_all(&kd->jwks.text), JWKS_MAX_BYTES, KEYDIR_JWKS_DEPTH, &set))
        return NULL;
    return set;
}

bool keydir_serves(const json_t *set, const char *kid)
{
    const json_t *key;
    size_t i;
    json_array_foreach(json_object_get(set, "keys"), i, key)
    {
        const char *listed = json_text(key, "kid");
        if (listed && strcmp(listed, kid) == 0)
            return true;
    }
    return false;
}

const char *keyfile_kid(const struct keyfile *f)
{
    return f->key ? jwk_kid(f->key) : "";
}

static int load_state(struct keydir *kd, struct buf *fault)
{
    struct buf why = BUF_INIT(256);
    int error = keyfile_read(&kd->state, kd->dir, KEYRING_STATE, FILE_PRIVATE, STATE_MODE, STATE_MAX, fault);
    if (!error && kd->state.there) {
        error = state_parse(buf_all(&kd->state.text), &kd->history, kd->pub, &why);
        if (error)
            buf_printf(fault, "%s: %s: restore it from a backup", kd->state.path,
                       why.n ? buf_cstr(&why) : lk_error_text(error));
    }
    buf_free(&why);
    return error;
}

/* The file of a key that is elsewhere has nothing that state.json has not: when it is lost it can be written again. */
static int read_lost(struct keydir *kd, struct keyfile *f, enum key_state state)
{
    const struct key_entry *e = history_in_state(&kd->history, state);
    json_t *public = NULL;
    if (f->there || !e || !e->external)
        return 0;
    int error = jwk_to_public(kd->pub[e - kd->history.entry], &public);
    if (!error)
        error = jwk_parse_public(public, &f->key);
    json_decref(public);
    return error;
}

int keydir_load(struct keydir *kd, struct buf *fault)
{
    int error = load_state(kd, fault);
    kd->opened_n = kd->history.n;
    kd->stored_token = kd->history.marks.token;
    for (size_t i = 0; i < kd->history.n; i++)
        kd->opened_state[i] = kd->history.entry[i].state;
    if (!error)
        error = keyfile_read_private(&kd->signing, kd->dir, KEYRING_SIGNING, SIGNING_MODE, fault);
    if (!error)
        error = keyfile_read_private(&kd->standby, kd->dir, KEYRING_STANDBY, STANDBY_MODE, fault);
    if (!error)
        error = read_lost(kd, &kd->signing, KEY_ACTIVE);
    if (!error)
        error = read_lost(kd, &kd->standby, KEY_PUBLISHED);
    if (!error)
        error = keyfile_read(&kd->jwks, kd->dir, KEYRING_JWKS, FILE_TRUSTED, JWKS_MODE, JWKS_MAX_BYTES, fault);
    return error;
}
