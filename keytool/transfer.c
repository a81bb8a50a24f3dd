#include <errno.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/error.h"
#include "base/file.h"
#include "base/json.h"
#include "keys/keybackup.h"
#include "keys/keyfile.h"
#include "keys/keypem.h"
#include "keys/sealed.h"
#include "tool.h"

/* import, export, backup, restore: keys that come from elsewhere or go there. "-" is standard input or output. */

#define ALGORITHMS "ES256 EdDSA RS256"

static int read_input(struct tool *t, enum file_trust trust, struct buf *out)
{
    bool standard = strcmp(t->operand, "-") == 0;
    int error = file_read(standard ? "/dev/stdin" : t->operand, standard ? FILE_ANY : trust, out, NULL);
    if (standard && error == LK_UNSAFE_FILE) { /* a pipe */
        char *to;
        ssize_t got = 1;
        error = 0;
        while (!error && got > 0 && (to = buf_reserve(out, 4096))) {
            got = read(STDIN_FILENO, to, 4096);
            if (got > 0)
                buf_grew(out, (size_t)got);
        }
        error = got < 0 ? LK_SYSTEM : out->error;
    }
    return error ? keyfile_fault(t->operand, error, 0600, &t->fault) : 0;
}

static int write_output(struct tool *t, struct span text)
{
    if (strcmp(t->operand, "-") == 0) {
        printf("%.*s", (int)text.n, text.p);
        return 0;
    }
    int error = file_replace(t->operand, text, 0600, (uid_t)-1, (gid_t)-1);
    return error ? keyfile_fault(t->operand, error, 0600, &t->fault) : 0;
}

static int seal(struct tool *t, struct span plain, struct buf *out)
{
    struct buf passphrase = BUF_INIT(PASSPHRASE_MAX);
    int error = tool_passphrase(t, true, &passphrase);
    if (!error)
        error = sealed_write(plain, buf_all(&passphrase), out);
    buf_free(&passphrase);
    return error;
}

static int unseal(struct tool *t, struct span text, struct buf *plain)
{
    struct buf passphrase = BUF_INIT(PASSPHRASE_MAX);
    int error = tool_passphrase(t, false, &passphrase);
    if (!error && (error = sealed_read(text, buf_all(&passphrase), plain)))
        buf_printf(&t->fault, "%s: %s", t->operand,
                   error == LK_FORBIDDEN ? "another passphrase, or a damaged file"
                   : error == LK_SYNTAX  ? "not a file that keytool has encrypted"
                                         : lk_error_text(error));
    buf_free(&passphrase);
    return error == LK_SYNTAX ? LK_FORBIDDEN : error;
}

/* ---- import --------------------------------------------------------------------------------------------------------
 */

static bool is_sealed(struct span text)
{
    json_t *object = NULL;
    bool sealed = json_read_object(text, SEALED_MAX, 1, &object) == 0 && json_object_get(object, "kdf");
    json_decref(object);
    return sealed;
}

static int parse_key(struct tool *t, struct span text, struct jwk **out)
{
    char kid[JWK_THUMBPRINT_SIZE];
    struct jwk *key = NULL;
    int error = t->public_key ? public_key_parse(text, &key) : private_key_parse(text, true, &key);
    if (!error && !conf_list_has(ALGORITHMS, jwk_alg(key)->name))
        error = LK_JWK_UNSUPPORTED;
    if (!error)
        error = jwk_thumbprint(key, kid);
    if (!error)
        error = jwk_set_kid(key, kid);
    if (error) {
        buf_printf(&t->fault, "%s: not a usable %s key (PEM or JWK; %s): %s", t->operand,
                   t->public_key ? "public" : "private", ALGORITHMS, lk_error_text(error));
        jwk_free(key);
        return error == LK_SYNTAX ? LK_JWK_FORM : error;
    }
    *out = key;
    return 0;
}

static int read_key(struct tool *t, struct jwk **out)
{
    struct buf text = BUF_INIT(SEALED_MAX), plain = BUF_INIT(SEALED_MAX);
    int error = read_input(t, t->public_key ? FILE_ANY : FILE_PRIVATE, &text);
    bool sealed = !error && is_sealed(buf_all(&text));
    if (sealed)
        error = unseal(t, buf_all(&text), &plain);
    if (!error)
        error = parse_key(t, buf_all(sealed ? &plain : &text), out);
    buf_free(&text);
    buf_free(&plain);
    return error;
}

int tool_import(struct tool *t)
{
    struct keydir *kd = NULL;
    struct jwk *key = NULL;
    int64_t now = 0;
    gid_t gid = (gid_t)-1;
    if (t->public_key != t->signer) {
        buf_str(&t->fault, "--public and --signer go together: a public key is of use only if another program signs");
        return LK_USAGE;
    }
    int error = tool_find_group(t, &gid);
    if (!error)
        error = read_key(t, &key);
    if (!error)
        error = tool_begin_anywhere(t, &kd, &now);
    if (!error) {
        error = keydir_import(kd, key, gid, now, &t->fault);
        key = NULL; /* owned by kd now */
    }
    jwk_free(key);
    return tool_end(t, kd, error, true, "the key was taken in");
}

/* ---- export --------------------------------------------------------------------------------------------------------
 */

int tool_export(struct tool *t)
{
    struct keydir *kd = NULL;
    struct buf text = BUF_INIT(KEYFILE_PRIVATE_MAX), sealed = BUF_INIT(SEALED_MAX);
    int64_t now = 0;
    int error = tool_open(t, false, &kd, &now);
    if (!error)
        error = keydir_export(kd, t->operand, t->private_key, &text, &t->fault);
    keydir_close(kd);
    if (!error && t->private_key)
        error = seal(t, buf_all(&text), &sealed);
    if (!error)
        fputs(buf_cstr(t->private_key ? &sealed : &text), stdout);
    buf_free(&text);
    buf_free(&sealed);
    return error;
}

/* ---- backup and restore --------------------------------------------------------------------------------------------
 */

int tool_backup(struct tool *t)
{
    struct keydir *kd = NULL;
    struct buf plain = BUF_INIT(BACKUP_MAX), sealed = BUF_INIT(SEALED_MAX);
    int64_t now = 0;
    int error = tool_open(t, false, &kd, &now);
    if (!error)
        error = keydir_backup(kd, &plain, &t->fault);
    keydir_close(kd); /* nobody waits while a passphrase is typed */
    if (!error)
        error = seal(t, buf_all(&plain), &sealed);
    if (!error)
        error = write_output(t, buf_all(&sealed));
    buf_free(&plain);
    buf_free(&sealed);
    return error;
}

int tool_restore(struct tool *t)
{
    struct keydir *kd = NULL;
    struct buf sealed = BUF_INIT(SEALED_MAX), plain = BUF_INIT(BACKUP_MAX);
    int64_t now = 0;
    gid_t gid = (gid_t)-1;
    int error = tool_find_group(t, &gid);
    if (!error)
        error = read_input(t, FILE_ANY, &sealed);
    if (!error)
        error = unseal(t, buf_all(&sealed), &plain);
    if (!error)
        error = tool_begin_anywhere(t, &kd, &now);
    if (!error && (error = keydir_restore(kd, buf_all(&plain), gid, now, &t->fault)) == LK_SYNTAX)
        error = LK_FORBIDDEN;
    buf_free(&sealed);
    buf_free(&plain);
    return tool_end(t, kd, error, true, "the backup was put back; what is revoked or removed stays dead");
}
