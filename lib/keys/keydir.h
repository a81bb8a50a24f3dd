#ifndef LK_KEYS_KEYDIR_H
#define LK_KEYS_KEYDIR_H

#include "keys/keyring.h"
#include "keys/lifecycle.h"

/* The key directory as keytool changes it: locked, read, changed in memory, committed crash-safe.
 *
 * The commit order is: jwks.json with every key that may be needed, the private key that retires as retired-KID.jwk,
 * signing.jwk, standby.jwk, state.json, signing.jwk again if T has risen, jwks.json without the keys that left, removal
 * of the private keys that nobody needs any more. A key is thus in the JWKS before its private file is written, and
 * stays there until nothing names it any more: killed at any instant, the kid of signing.jwk is in jwks.json. `init`
 * writes a state.json without keys before everything else, and `restore` one with the tombstones alone, so that a
 * directory whose init was cut short is told from one that lost its state. On open the kids of signing.jwk and
 * standby.jwk are compared with state.json (keys/reconcile.h has the table); what was cut short is finished by the next
 * keydir_init, keydir_rotate or keydir_publish before it does its own work, with the time of finishing as the time of
 * the transition. Temporary files of a killed command are removed then too.
 *
 * In every function `fault` gets one line with the file, the reason and the mend; a system error that is a missing
 * permission is LK_UNSAFE_FILE. `now` is to be read after keydir_open, which may have waited for the lock. */
struct keydir;

/* Locks and reads. `create`: the directory may be absent (made 0755) or have no keys; not writable by group or others.
 * LK_NOT_FOUND; LK_EXISTS (create over existing keys); LK_BUSY; LK_UNSAFE_FILE; LK_SYNTAX (a broken state.json);
 * LK_CONFIG (files that do not belong together); LK_JWK_... (a broken private file); LK_SYSTEM. */
int keydir_open(const char *dir, bool create, struct keydir **out, struct buf *fault);
void keydir_close(struct keydir *kd); /* NULL is fine */

struct key_history *keydir_history(struct keydir *kd);

/* From now on nothing is written: every command computes its outcome and leaves the directory as it is. */
void keydir_set_dry(struct keydir *kd);

/* `fn` is called once, before the first byte is written; an error of it ends the command with nothing changed. */
typedef int keydir_change_fn(void *context, struct buf *fault);
void keydir_on_change(struct keydir *kd, keydir_change_fn *fn, void *context);

/* Each key whose state is not what it was when the directory was opened; `from` NULL: it is new. */
typedef void keydir_transition_fn(void *context, const char *from, const struct key_entry *e);
void keydir_transitions(const struct keydir *kd, keydir_transition_fn *fn, void *context);

/* A sentence about what the directory needs before all is well (an interrupted command, a lost signing.jwk), or about
 * what this call has finished; NULL when there is nothing to say. */
const char *keydir_needs(const struct keydir *kd);
const char *keydir_finished(const struct keydir *kd);

/* True when signing.jwk can be read by root alone: no web server can sign then. */
bool keydir_signs_for_root_only(const struct keydir *kd);

/* First keys: an active one and a published standby. `gid` owns the group right of signing.jwk (-1: as the process). */
int keydir_init(struct keydir *kd, const struct jwa *alg, gid_t gid, int64_t now, struct buf *fault);

/* Standby becomes active, a new standby of `alg` (NULL: the active key's) is published. LK_TOO_EARLY and `*opens`,
 * unless `force`; nothing is changed then. A rotation that was cut short is finished instead of a further one. */
int keydir_rotate(struct keydir *kd, const struct jwa *alg, bool force, int64_t now, int64_t *opens, struct buf *fault);

/* All that is due: destroys private keys, drops keys from the JWKS, rotates. Idempotent. */
int keydir_maintain(struct keydir *kd, int64_t now, bool *changed, struct buf *fault);

/* The key is dead at once and leaves the JWKS; if it is the active one the standby signs, whatever its gate. With
 * `and_standby` the standby dies too, and a new key signs that no verifier has seen. LK_NOT_FOUND: no such key;
 * LK_EXISTS: it is dead already. */
int keydir_revoke(struct keydir *kd, const char *kid, bool and_standby, int64_t now, struct buf *fault);

/* Takes a key in (and owns it from then on): in a directory without keys (`create` of keydir_open) it is active at
 * once, else it is the standby and the old standby is discarded. A public key stands for one that another program signs
 * with. LK_EXISTS: this key was here before, dead or alive. */
int keydir_import(struct keydir *kd, struct jwk *key, gid_t gid, int64_t now, struct buf *fault);

/* The same for a key that signs already (JWT_PRIVATE_KEY): it is active now, and what was active is retired. Nothing
 * happens when it is active. */
int keydir_adopt(struct keydir *kd, struct jwk *key, gid_t gid, int64_t now, bool *changed, struct buf *fault);

/* Drops what is due and writes jwks.json again if its bytes differ. `*changed` says whether any file was written. */
int keydir_publish(struct keydir *kd, int64_t now, bool *changed, struct buf *fault);

/* Every finding is one call with a sentence. Returns 0 when nothing failed, else LK_UNSAFE_FILE (owners, modes),
 * LK_CONFIG (state.json) or LK_JWK_FORM (keys and JWKS). A warning is no failure. */
enum keydir_finding { KEYDIR_OK, KEYDIR_WARN, KEYDIR_FAIL };
typedef void keydir_finding_fn(void *context, enum keydir_finding finding, const char *sentence);
int keydir_check(const char *dir, keydir_finding_fn *say, void *context);

#endif
