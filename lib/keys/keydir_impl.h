#ifndef LK_KEYS_KEYDIR_IMPL_H
#define LK_KEYS_KEYDIR_IMPL_H

#include "keys/keydir.h"
#include "keys/keyfile.h"
#include "keys/reconcile.h"

/* The inside of the key directory, for keydir.c, keyload.c, keycommit.c and keycheck.c only: everything that is on
 * disk. */
#define KEYDIR_LOCK_MS    5000
#define KEYDIR_MODE       0755
#define KEYDIR_FORBIDDEN  022 /* a directory that others write to is not ours */
#define SIGNING_MODE      0640
#define STANDBY_MODE      0600
#define STATE_MODE        0600
#define JWKS_MODE         0644
#define LOCK_MODE         0600
#define KEYDIR_JWKS_DEPTH 4
#define RETIRED_PREFIX    "retired-" /* retired-KID.jwk: a retired private key, until its gate opens */
#define RETIRED_SUFFIX    ".jwk"
#define RETIRED_MODE      0600

struct keydir {
    char dir[PATH_MAX];
    int lock; /* -1: none */
    struct keyfile state, signing, standby, jwks;
    struct key_history history;
    int64_t stored_token;      /* T as state.json on disk has it: all that signing.jwk may tell */
    struct jwk *pub[KEYS_MAX]; /* of history.entry[i]; NULL for tombstones */
    struct key_repair repair;
    struct jwk *next_signing, *next_standby; /* what the commit will put into the files */
    const char *finished;
    bool changed, dry, announced;
    keydir_change_fn *on_change;
    void *on_change_context;
    size_t opened_n; /* what the history was when the directory was opened */
    enum key_state opened_state[KEYS_MAX];
};

int keydir_judge(const char *dir, struct buf *fault); /* owner and mode; LK_NOT_FOUND, LK_UNSAFE_FILE, LK_SYSTEM */
int keydir_lock(struct keydir *kd, struct buf *fault);

/* Reads the four files. An absent state.json is an empty history. A lost file of a key that is elsewhere has its key
 * all the same, and keydir_commit writes it again. */
int keydir_load(struct keydir *kd, struct buf *fault);
bool keydir_has(const char *dir, const char *name);

/* jwks.json as it is on disk, NULL when it cannot be read; whether the kid is in it. The caller owns the set. */
json_t *keydir_served(const struct keydir *kd);
bool keydir_serves(const json_t *set, const char *kid);

/* Temporary files that a killed command left: calls `each` (may be NULL) with its path, gives their number. */
size_t keydir_leftovers(const char *dir, void (*each)(const char *path));

/* Adds a key to the history and keeps its public part. LK_EXISTS, LK_TOO_LARGE. */
int keydir_add(struct keydir *kd, const struct jwk *key, int64_t now, struct buf *fault);
int keydir_generate(const struct jwa *alg, struct jwk **out); /* its kid does not look like an option */
int keydir_add_standby(struct keydir *kd, const struct jwa *alg, int64_t now, struct buf *fault); /* a new one */

/* Writes what differs. keydir_commit has the whole order; `gid` is for a signing.jwk that is not there yet (-1: the
 * process's). A rotation that fails before its signing.jwk is in place puts the old jwks.json back. */
int keydir_write_jwks(struct keydir *kd, bool dropped, struct buf *fault);
int keydir_write_state(struct keydir *kd, struct buf *fault);
int keydir_write(struct keydir *kd, struct keyfile *f, struct span text, mode_t mode, gid_t gid, struct buf *fault);
int keydir_commit(struct keydir *kd, gid_t gid, struct buf *fault);
int keydir_commit_rotation(struct keydir *kd, struct buf *fault);

void keydir_clean(struct keydir *kd); /* removes the leftovers */

/* Finishes what a killed command began, and puts the JWKS right, before a command does its own work. LK_CLOCK. */
int keydir_recover(struct keydir *kd, const struct jwa *alg, int64_t now, struct buf *fault);
int keydir_judge_clock(const struct key_history *h, int64_t now, struct buf *fault);
const struct jwa *keydir_alg(struct keydir *kd, const struct jwa *alg); /* `alg`, or the active key's */

/* The standby goes to work and a new one is made, unless it is external: nobody here can make its successor. */
int keydir_put_to_work(struct keydir *kd, const struct jwa *alg, int64_t now, struct buf *fault);
int keydir_finish_revocation(struct keydir *kd, int64_t now, struct buf *fault);

/* retired-KID.jwk: keeps the private key that is about to be replaced; removes those that are not to be held. */
int keydir_keep_retired(struct keydir *kd, struct buf *fault);
int keydir_sweep(struct keydir *kd, struct buf *fault);
size_t keydir_overdue_private(const struct keydir *kd); /* private keys that should be gone */

const char *keyfile_kid(const struct keyfile *f); /* "" when it has no key */

#endif
