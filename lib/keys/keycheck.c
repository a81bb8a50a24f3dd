#include <errno.h>
#include <stdarg.h>
#include <unistd.h>

#include "base/error.h"
#include "base/json.h"
#include "keys/keydir_impl.h"
#include "keys/state.h"

/* keytool check. Each check says what it found and goes on; the error that is returned is the first failure's. */

struct check {
    const char *dir;
    struct keydir *kd;
    keydir_finding_fn *say;
    void *context;
    int error;
};

static void say(struct check *c, int error, const char *format, ...) __attribute__((format(printf, 3, 4)));
static void say(struct check *c, int error, const char *format, ...)
{
    char sentence[PATH_MAX * 2 + 256];
    va_list args;
    va_start(args, format);
    vsnprintf(sentence, sizeof sentence, format, args);
    va_end(args);
    c->say(c->context, error ? KEYDIR_FAIL : KEYDIR_OK, sentence);
    if (!c->error)
        c->error = error;
}

/* ---- owners and modes -------------------------------------------------------------------------------------------- */

static bool check_directory(struct check *c)
{
    struct buf fault = BUF_INIT(PATH_MAX * 2);
    struct stat st = {0};
    int error = keydir_judge(c->dir, &fault);
    if (error)
        say(c, error, "%s", buf_cstr(&fault));
    else if (stat(c->dir, &st) || !(st.st_mode & S_IXOTH))
        say(c, LK_UNSAFE_FILE, "%s: mode %04o does not let the web server in: chmod a+x %s", c->dir,
            (unsigned)(st.st_mode & 07777), c->dir);
    else
        say(c, 0, "%s: others cannot change it", c->dir);
    buf_free(&fault);
    return !error;
}

struct expectation {
    const char *name;
    mode_t most, least; /* bits that may be there, and that must be */
    const char *absent; /* NULL: it may be absent */
};

static const struct expectation expectations[] = {
    {KEYRING_STATE, STATE_MODE, S_IRUSR, "restore it from a backup"},
    {KEYRING_SIGNING, SIGNING_MODE, S_IRUSR, "keytool rotate puts the standby in its place"},
    {KEYRING_STANDBY, STANDBY_MODE, S_IRUSR, NULL}, /* check_role knows whether there has to be one */
    {KEYRING_JWKS, JWKS_MODE, 0444, "keytool publish writes it again"},
    {KEYRING_LOCK, LOCK_MODE, 0, NULL},
};

static void check_one_file(struct check *c, const struct expectation *x, uid_t owner)
{
    char path[PATH_MAX];
    struct stat st;
    if (file_path(path, sizeof path, c->dir, x->name))
        return;
    if (lstat(path, &st)) {
        if (x->absent)
            say(c, errno == ENOENT ? LK_JWK_FORM : LK_UNSAFE_FILE, "%s: %s: %s", path, strerror(errno), x->absent);
        return;
    }
    unsigned mode = st.st_mode & 07777;
    if (!S_ISREG(st.st_mode))
        say(c, LK_UNSAFE_FILE, "%s: not a regular file: remove it", path);
    else if ((mode & ~x->most) || (mode & x->least) != x->least)
        say(c, LK_UNSAFE_FILE, "%s: mode %04o: chmod %04o %s", path, mode, (unsigned)x->most, path);
    else if (st.st_uid != 0 && st.st_uid != owner)
        say(c, LK_UNSAFE_FILE, "%s: owned by uid %u: chown %u %s", path, (unsigned)st.st_uid, (unsigned)owner, path);
    else
        say(c, 0, "%s: mode %04o", path, mode);
}

static void check_files(struct check *c)
{
    struct stat dir;
    if (stat(c->dir, &dir))
        return;
    for (size_t i = 0; i < sizeof expectations / sizeof expectations[0]; i++)
        check_one_file(c, &expectations[i], dir.st_uid);
    size_t left = keydir_leftovers(c->dir, NULL);
    if (left)
        say(c, LK_JWK_FORM, "%s: %zu temporary files of an interrupted command: keytool publish removes them", c->dir,
            left);
}

/* ---- content ----------------------------------------------------------------------------------------------------- */

static bool check_loads(struct check *c)
{
    struct buf fault = BUF_INIT(PATH_MAX * 2);
    int error = keydir_load(c->kd, &fault);
    if (error)
        say(c, error == LK_UNSAFE_FILE ? error : LK_CONFIG, "%s", buf_cstr(&fault));
    else if (c->kd->history.n == 0)
        say(c, LK_CONFIG, "%s: there are no keys: keytool init makes them", c->dir);
    else
        say(c, 0, "state.json: %zu keys and tombstones", c->kd->history.n);
    buf_free(&fault);
    return !error && c->kd->history.n != 0;
}

static void check_role(struct check *c, const struct keyfile *f, enum key_state state, const char *name,
                       const char *mend)
{
    const struct key_entry *e = history_in_state(&c->kd->history, state);
    const struct key_entry *active = history_in_state(&c->kd->history, KEY_ACTIVE);
    if (!e && state == KEY_PUBLISHED && active && active->external)
        c->say(c->context, KEYDIR_WARN, "there is no standby: import the next key (import --public FILE --signer)");
    else if (e && !f->there && f->key)
        say(c, LK_JWK_FORM, "%s: missing: keytool publish writes it again", name);
    else if (!f->there || !e)
        say(c, LK_JWK_FORM, "%s: there is no %s key: %s", name, key_state_name(state), mend);
    else if (strcmp(keyfile_kid(f), e->kid) != 0)
        say(c, LK_JWK_FORM, "%s: it is not the %s key %s: %s", name, key_state_name(state), e->kid, mend);
    else
        say(c, 0, "%s: the %s key %s", name, key_state_name(state), e->kid);
}

static void check_longest_token(struct check *c)
{
    int64_t told = c->kd->signing.longest_token, known = c->kd->history.marks.token;
    if (!c->kd->signing.there)
        return;
    if (told > known)
        say(c, LK_JWK_FORM, "signing.jwk: tokens may live longer than the gates count with (%llds): keytool maintain",
            (long long)known);
    else
        say(c, 0, "signing.jwk: tokens live for %llds at most", (long long)told);
}

static void check_jwks_matches(struct check *c)
{
    struct buf expected = BUF_INIT(JWKS_MAX_BYTES);
    const struct keydir *kd = c->kd;
    if (state_render_jwks(&kd->history, kd->pub, false, &expected))
        say(c, LK_JWK_FORM, "jwks.json: cannot be compared");
    else if (!keyfile_holds(&kd->jwks, buf_all(&expected)))
        say(c, LK_JWK_FORM, "jwks.json: not what state.json says: keytool publish writes it again");
    else
        say(c, 0, "jwks.json: exactly the live keys of state.json");
    buf_free(&expected);
}

static bool has_private_member(const json_t *key)
{
    static const char *const members[] = {"d", "p", "q", "dp", "dq", "qi", "oth", "k"};
    for (size_t i = 0; i < sizeof members / sizeof members[0]; i++)
        if (json_object_get(key, members[i]))
            return true;
    return false;
}

static void check_jwks_public(struct check *c)
{
    json_t *set = NULL, *key;
    size_t i;
    bool private = false;
    if (json_read_object(buf_all(&c->kd->jwks.text), JWKS_MAX_BYTES, KEYDIR_JWKS_DEPTH, &set)) {
        say(c, LK_JWK_FORM, "jwks.json: not a JWK Set: keytool publish writes it again");
        return;
    }
    json_array_foreach(json_object_get(set, "keys"), i, key) private = private || has_private_member(key);
    json_decref(set);
    if (private)
        say(c, LK_JWK_FORM, "jwks.json: it has PRIVATE members: keytool publish writes it again; then rotate twice");
    else
        say(c, 0, "jwks.json: public parts only");
}

static int round_trip(const struct keydir *kd)
{
    struct jwks *set = NULL;
    int error = jwks_parse(buf_all(&kd->jwks.text), NULL, NULL, &set);
    if (!error)
        error = keyring_pair(kd->signing.key, set);
    jwks_free(set);
    return error;
}

static void check_round_trip(struct check *c)
{
    int error = c->kd->signing.key ? round_trip(c->kd) : LK_JWS_NO_KEY;
    if (c->kd->signing.key && !jwk_is_private(c->kd->signing.key))
        return; /* the caller knows the program that signs */
    if (error)
        say(c, LK_JWK_FORM, "what signing.jwk signs, jwks.json does not verify (%s): keytool publish",
            lk_error_text(error));
    else
        say(c, 0, "what signing.jwk signs, jwks.json verifies");
}

static void check_readers(struct check *c)
{
    if (keydir_signs_for_root_only(c->kd))
        c->say(c->context, KEYDIR_WARN,
               "signing.jwk: only root can read it: chgrp it to the web server's group (init has --group)");
}

static void check_retired(struct check *c)
{
    size_t overdue = keydir_overdue_private(c->kd);
    if (overdue)
        say(c, LK_JWK_FORM, "%zu private keys should be gone: keytool maintain destroys them", overdue);
    else
        say(c, 0, "no private key is kept longer than it must be");
}

static void check_content(struct check *c)
{
    if (!check_loads(c))
        return;
    check_role(c, &c->kd->signing, KEY_ACTIVE, KEYRING_SIGNING, "keytool status says what to do");
    check_role(c, &c->kd->standby, KEY_PUBLISHED, KEYRING_STANDBY, "keytool publish makes a new one");
    check_longest_token(c);
    check_retired(c);
    check_jwks_matches(c);
    check_jwks_public(c);
    check_round_trip(c);
    check_readers(c);
}

int keydir_check(const char *dir, keydir_finding_fn *on_finding, void *context)
{
    struct check c = {.dir = dir, .say = on_finding, .context = context, .kd = calloc(1, sizeof *c.kd)};
    struct buf fault = BUF_INIT(PATH_MAX * 2);
    if (!c.kd)
        return LK_NOMEM;
    c.kd->lock = -1;
    snprintf(c.kd->dir, sizeof c.kd->dir, "%s", dir);
    if (check_directory(&c)) {
        int error = keydir_has(dir, KEYRING_STATE) ? keydir_lock(c.kd, &fault) : 0;
        if (error)
            say(&c, error, "%s", buf_cstr(&fault));
        check_files(&c);
        check_content(&c);
    }
    keydir_close(c.kd);
    buf_free(&fault);
    return c.error;
}
