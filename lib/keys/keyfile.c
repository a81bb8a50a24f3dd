#include "keys/keyfile.h"

#include <errno.h>
#include <unistd.h>

#include "base/error.h"
#include "base/json.h"
#include "base/secret.h"

#define PRIVATE_DEPTH 2

/* ---- faults ------------------------------------------------------------------------------------------------------ */

static void explain_unsafe(const char *path, mode_t mode, struct buf *fault)
{
    struct stat st;
    if (lstat(path, &st))
        buf_printf(fault, "%s: %s", path, lk_error_text(LK_UNSAFE_FILE));
    else if (!S_ISREG(st.st_mode))
        buf_printf(fault, "%s: not a regular file; remove it", path);
    else if (st.st_mode & 0777 & ~mode)
        buf_printf(fault, "%s: mode %04o is not safe: chmod %04o %s%s", path, (unsigned)(st.st_mode & 07777),
                   (unsigned)mode, path, mode & 04 ? "" : ", and rotate if somebody may have read it");
    else
        buf_printf(fault, "%s: owned by uid %u, which is neither root, you nor the directory's owner: chown it", path,
                   (unsigned)st.st_uid);
}

int keyfile_fault(const char *path, int error, mode_t mode, struct buf *fault)
{
    int system_error = errno;
    bool denied = error == LK_SYSTEM && (system_error == EACCES || system_error == EPERM);
    if (error == LK_UNSAFE_FILE)
        explain_unsafe(path, mode, fault);
    else if (denied)
        buf_printf(fault, "%s: %s: run keytool as the owner of the key directory or as root", path,
                   strerror(system_error));
    else
        buf_printf(fault, "%s: %s", path, error == LK_SYSTEM ? strerror(system_error) : lk_error_text(error));
    return denied ? LK_UNSAFE_FILE : error;
}

/* ---- private keys as text ---------------------------------------------------------------------------------------- */

void keyfile_forget(json_t *object)
{
    const char *name;
    json_t *value;
    json_object_foreach(object, name, value)
    {
        union {
            const char *shown;
            char *owned;
        } text = {json_string_value(value)};
        if (text.shown)
            secret_wipe(text.owned, json_string_length(value));
    }
    json_decref(object);
}

/* `longest` NULL: only a private key will do. */
static int jwk_text_parse(struct span text, struct jwk **out, int64_t *longest)
{
    json_t *object = NULL;
    int64_t seconds = INT64_MAX;
    int error = json_read_object(text, KEYFILE_PRIVATE_MAX, PRIVATE_DEPTH, &object);
    if (error)
        return error;
    if (longest && json_object_get(object, KEYFILE_LONGEST) && json_seconds(object, KEYFILE_LONGEST, &seconds))
        error = LK_JWK_FORM;
    bool public = longest && !json_object_get(object, "d");
    if (!error)
        error = public ? jwk_parse_public(object, out) : jwk_parse_private(object, out);
    if (!error && longest)
        *longest = seconds;
    keyfile_forget(object);
    return error;
}

static int ensure_kid(struct jwk *key)
{
    char kid[JWK_THUMBPRINT_SIZE];
    if (*jwk_kid(key))
        return 0;
    int error = jwk_thumbprint(key, kid);
    return error ? error : jwk_set_kid(key, kid);
}

static struct span without_leading_space(struct span s)
{
    while (s.n && strchr(" \t\r\n", s.p[0]) && s.p[0])
        s.p++, s.n--;
    return s;
}

static int parse(struct span text, bool pem, struct jwk **out, int64_t *longest)
{
    struct jwk *key = NULL;
    struct span s = without_leading_space(text);
    int error = s.n == 0        ? LK_SYNTAX
                : s.p[0] == '{' ? jwk_text_parse(s, &key, longest)
                : pem           ? jwk_parse_pem(s, NULL, &key)
                                : LK_SYNTAX;
    if (!error)
        error = ensure_kid(key);
    if (error) {
        jwk_free(key);
        return error;
    }
    *out = key;
    return 0;
}

int private_key_parse(struct span text, bool pem, struct jwk **out)
{
    return parse(text, pem, out, NULL);
}

int keyfile_parse(struct span text, struct jwk **out, int64_t *longest)
{
    char thumbprint[JWK_THUMBPRINT_SIZE];
    struct jwk *key = NULL;
    int64_t seconds = INT64_MAX;
    int error = parse(text, false, &key, &seconds);
    if (!error)
        error = jwk_thumbprint(key, thumbprint);
    if (!error && strcmp(thumbprint, jwk_kid(key)) != 0)
        error = LK_JWK_FORM;
    if (error) {
        jwk_free(key);
        return error;
    }
    *out = key;
    *longest = seconds;
    return 0;
}

int private_key_render(const struct jwk *key, int64_t longest, struct buf *out)
{
    json_t *object = NULL;
    int error = jwk_is_private(key) ? jwk_to_private(key, &object) : jwk_to_public(key, &object);
    if (error)
        return error;
    if (longest > 0 && json_object_set_new(object, KEYFILE_LONGEST, json_integer(longest)))
        error = LK_NOMEM;
    if (!error)
        error = json_write(object, out);
    if (!error)
        error = buf_str(out, "\n");
    keyfile_forget(object);
    return error;
}

/* ---- files ------------------------------------------------------------------------------------------------------- */

int keyfile_read(struct keyfile *f, const char *dir, const char *name, enum file_trust trust, mode_t mode, size_t max,
                 struct buf *fault)
{
    f->text = BUF_INIT(max);
    int error = file_path(f->path, sizeof f->path, dir, name);
    if (error) {
        buf_str(fault, "the path of the key directory is too long");
        return error;
    }
    error = file_read(f->path, trust, &f->text, &f->st);
    f->there = !error;
    if (error == LK_NOT_FOUND)
        return 0;
    return error ? keyfile_fault(f->path, error, mode, fault) : 0;
}

int keyfile_read_private(struct keyfile *f, const char *dir, const char *name, mode_t mode, struct buf *fault)
{
    int error = keyfile_read(f, dir, name, FILE_PRIVATE, mode, KEYFILE_PRIVATE_MAX, fault);
    if (error || !f->there)
        return error;
    error = keyfile_parse(buf_all(&f->text), &f->key, &f->longest_token);
    if (error)
        buf_printf(fault, "%s: not a usable private JWK: %s", f->path, lk_error_text(error));
    return error;
}

void keyfile_free(struct keyfile *f)
{
    buf_free(&f->text);
    jwk_free(f->key);
    f->key = NULL;
}

bool keyfile_holds(const struct keyfile *f, struct span text)
{
    return f->there && f->text.n == text.n && memcmp(buf_cstr(&f->text), text.p, text.n) == 0;
}

/* Who owns a new file: the process, but the owner of the directory when root makes it. */
static void owner_of_new(const char *path, uid_t *uid, gid_t *gid)
{
    char dir[PATH_MAX];
    struct stat st;
    const char *slash = strrchr(path, '/');
    snprintf(dir, sizeof dir, "%.*s", slash ? (int)(slash - path) : 1, slash ? path : ".");
    if (geteuid() != 0 || stat(dir, &st) || st.st_uid == 0)
        return;
    *uid = st.st_uid;
    *gid = *gid == (gid_t)-1 ? st.st_gid : *gid;
}

static int keep_text(struct keyfile *f, struct span text)
{
    f->there = true;
    buf_reset(&f->text);
    return buf_span(&f->text, text);
}

int keyfile_write(struct keyfile *f, struct span text, mode_t mode, gid_t gid, bool *changed, struct buf *fault)
{
    if (keyfile_holds(f, text))
        return 0;
    uid_t uid = f->there ? f->st.st_uid : (uid_t)-1;
    gid = f->there && gid == (gid_t)-1 ? f->st.st_gid : gid;
    bool public = mode & S_IROTH;
    mode = f->there && !public ? f->st.st_mode & mode : mode;
    *changed = true;
    if (f->dry)
        return keep_text(f, text);
    if (!f->there)
        owner_of_new(f->path, &uid, &gid);
    int error = file_replace(f->path, text, mode, uid, gid);
    if (!error && stat(f->path, &f->st))
        error = LK_SYSTEM;
    if (error)
        return keyfile_fault(f->path, error, mode, fault);
    return keep_text(f, text);
}
