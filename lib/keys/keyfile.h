#ifndef LK_KEYS_KEYFILE_H
#define LK_KEYS_KEYFILE_H

#include <limits.h>
#include <sys/stat.h>

#include "base/file.h"
#include "jose/jwk.h"

/* One file of the key directory: read under its trust, explained when refused, replaced with owner and group kept. */
struct keyfile {
    char path[PATH_MAX];
    bool there;
    bool dry; /* keyfile_write only pretends */
    struct stat st;
    struct buf text;
    struct jwk *key;       /* private files: what the text holds */
    int64_t longest_token; /* signing.jwk: KEYFILE_LONGEST; INT64_MAX: it does not say */
};

#define KEYFILE_PRIVATE_MAX 16384 /* bytes of a file with one private key */

/* The member of signing.jwk that says, in seconds, for how long a token lives at most that this key may sign: what the
 * gates count with. A signer that keeps to it makes no token that outlives its key in the JWKS, whatever the
 * configuration says by now. */
#define KEYFILE_LONGEST "latchkey_token_lifetime"

/* What a failure of file_read, file_replace or file_lock means for `path`, and its mend, as one line in `fault`.
 * Returns `error`, but LK_UNSAFE_FILE for a system error that is a missing permission. */
int keyfile_fault(const char *path, int error, mode_t mode, struct buf *fault);

/* Reads; an absent file is no failure, `there` is false then. `mode` is what the mend suggests. */
int keyfile_read(struct keyfile *f, const char *dir, const char *name, enum file_trust trust, mode_t mode, size_t max,
                 struct buf *fault);

/* The same with one private JWK in it, whose kid is its thumbprint; a public one stands for a key that is elsewhere. */
int keyfile_read_private(struct keyfile *f, const char *dir, const char *name, mode_t mode, struct buf *fault);
void keyfile_free(struct keyfile *f);
bool keyfile_holds(const struct keyfile *f, struct span text); /* exactly these bytes */

/* Replaces the file if its bytes differ; `*changed` is set to true then. `gid` -1 keeps the group that it has, or
 * takes the process's. A file that is there keeps its owner and, if private, a stricter mode; one that root makes gets
 * the owner of the directory. */
int keyfile_write(struct keyfile *f, struct span text, mode_t mode, gid_t gid, bool *changed, struct buf *fault);

/* Frees an object whose texts are secret. Jansson frees without wiping, so they are wiped before. */
void keyfile_forget(json_t *object);

/* Reads one private key from text (a JWK, or PEM if allowed); a JWK without kid gets its thumbprint. */
int private_key_parse(struct span text, bool pem, struct jwk **out);

/* Reads the text of a private file: a JWK, private or (for a key that is elsewhere) public, with its thumbprint as kid.
 * `*longest`: see longest_token. LK_JWK_FORM. */
int keyfile_parse(struct span text, struct jwk **out, int64_t *longest);

/* Appends a private JWK, one line; the public one of a key that has no private part. `longest` 0 or less: without that
 * member. */
int private_key_render(const struct jwk *key, int64_t longest, struct buf *out);

#endif
