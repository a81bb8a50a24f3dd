#include <grp.h>
#include <limits.h>
#include <pwd.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/error.h"
#include "base/file.h"
#include "keys/signer.h"
#include "tool.h"

struct findings {
    const struct tool *tool;
    json_t *list; /* NULL: text */
    size_t failed;
};

static const char *const words[] = {[KEYDIR_OK] = "ok", [KEYDIR_WARN] = "warn", [KEYDIR_FAIL] = "FAIL"};

static void on_finding(void *context, enum keydir_finding finding, const char *sentence)
{
    struct findings *f = context;
    f->failed += finding == KEYDIR_FAIL;
    if (f->list)
        json_array_append_new(f->list, json_pack("{s:s,s:s}", "result", words[finding], "finding", sentence));
    else if (finding != KEYDIR_OK || !f->tool->quiet)
        printf("%s: %s\n", words[finding], sentence);
}

/* ---- as the web server's user --------------------------------------------------------------------------------------
 */

struct reader {
    uid_t uid;
    gid_t gid;
    char name[64];
};

/* The user of --user, or the first one in /etc/passwd whose group is signing.jwk's. LK_NOT_FOUND. */
static int find_reader(const struct tool *t, struct reader *out)
{
    char path[PATH_MAX];
    struct stat st;
    const struct passwd *p;
    int error = LK_NOT_FOUND;
    if (file_path(path, sizeof path, t->directory, KEYRING_SIGNING) || stat(path, &st))
        return error;
    FILE *users = fopen("/etc/passwd", "re");
    while (users && error && (p = fgetpwent(users)))
        if (t->user ? strcmp(p->pw_name, t->user) == 0 : st.st_gid != 0 && p->pw_gid == st.st_gid) {
            out->uid = p->pw_uid;
            out->gid = p->pw_gid;
            snprintf(out->name, sizeof out->name, "%s", p->pw_name);
            error = 0;
        }
    if (users)
        fclose(users);
    return error;
}

static int read_keys(const char *dir, struct buf *fault)
{
    char *none[] = {NULL};
    struct jwk *key = NULL;
    struct jwks *set = NULL;
    int error = keyring_signing_key(dir, none, &key, NULL, fault);
    if (!error)
        error = keyring_verifying_keys(dir, none, &set, fault);
    jwk_free(key);
    jwks_free(set);
    return error;
}

/* In a process of its own, which gives up what root can do. */
static int read_as(const struct reader *r, const char *dir)
{
    struct buf fault = BUF_INIT(PATH_MAX * 2);
    int status = 0;
    pid_t pid = fork();
    if (pid == 0) {
        if (setgroups(0, NULL) || setgid(r->gid) || setuid(r->uid))
            _exit(2);
        _exit(read_keys(dir, &fault) ? 1 : 0);
    }
    return pid > 0 && waitpid(pid, &status, 0) == pid && WIFEXITED(status) && WEXITSTATUS(status) == 0 ? 0
                                                                                                       : LK_UNSAFE_FILE;
}

static int check_reader(struct tool *t, struct findings *f)
{
    char sentence[PATH_MAX + 256];
    struct reader r = {0};
    if (geteuid() != 0)
        return 0;
    if (find_reader(t, &r)) {
        on_finding(f, t->user ? KEYDIR_FAIL : KEYDIR_WARN,
                   t->user ? "--user: there is no such user in /etc/passwd"
                           : "no user has the group of signing.jwk: whether the web server can read it is not known");
        return t->user ? LK_USAGE : 0;
    }
    int error = read_as(&r, t->directory);
    snprintf(sentence, sizeof sentence, "%s %s", r.name,
             error ? "cannot read signing.jwk or jwks.json: chgrp signing.jwk to its group, chmod a+x what is above"
                   : "can read signing.jwk and jwks.json");
    on_finding(f, error ? KEYDIR_FAIL : KEYDIR_OK, sentence);
    return error;
}

/* A key that is elsewhere signs by its program, and jwks.json has to verify that. */
static int sign_outside(struct tool *t, struct jwk *key, struct buf *fault)
{
    struct jwks *set = NULL;
    char *none[] = {NULL}; /* what jwks.json says, without the injected key */
    int error = signer_attach(key, &(struct signer_conf){t->conf->keys.signer, t->conf->keys.signer_key,
                                                         t->conf->keys.signer_deadline, t->env, fault});
    if (!error)
        error = keyring_verifying_keys(t->directory, none, &set, fault);
    if (!error)
        error = keyring_pair(key, set);
    jwks_free(set);
    return error;
}

static int check_signer(struct tool *t, struct findings *f)
{
    struct buf fault = BUF_INIT(4096);
    struct jwk *key = NULL;
    const char *injected = env_get(t->env, "JWT_PRIVATE_KEY");
    int error = keyring_signing_key(t->directory, t->env, &key, NULL, &fault);
    bool outside = !error && (!jwk_is_private(key) || (injected && *injected));
    if (outside)
        error = sign_outside(t, key, &fault);
    if (outside)
        on_finding(f, error ? KEYDIR_FAIL : KEYDIR_OK,
                   !error    ? "what is signed outside, jwks.json verifies"
                   : fault.n ? buf_cstr(&fault)
                             : "what is signed outside, jwks.json does not verify: keytool publish --from-env");
    jwk_free(key);
    buf_free(&fault);
    return outside && error ? LK_JWK_FORM : 0;
}

int tool_check(struct tool *t)
{
    struct findings f = {.tool = t, .list = t->json ? json_array() : NULL};
    int error = keydir_check(t->directory, on_finding, &f);
    if (!error)
        error = check_signer(t, &f);
    if (!error)
        error = check_reader(t, &f);
    if (f.failed)
        buf_printf(&t->fault, "%s: %zu of the checks failed", t->directory, f.failed);
    if (f.list) {
        int printed = tool_print_json(
            json_pack("{s:s,s:b,s:o}", "directory", t->directory, "ok", f.failed == 0, "findings", f.list));
        error = error ? error : printed;
    }
    return error;
}
