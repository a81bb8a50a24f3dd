#ifndef LK_KEYS_KEYDIR_H
#define LK_KEYS_KEYDIR_H

#include "keys/keyring.h"
#include "keys/lifecycle.h"

/* The key directory as keytool changes it: locked, read, changed in memory, committed crash-safe.
 *
 * The commit order is: jwks.json with every key that may be needed, signing.jwk, standby.jwk, state.json, jwks.json
 * without the keys that left. A key is thus in the JWKS before its private file is written, and stays there until
 * nothing names it any more: killed at any instant, the kid of signing.jwk is in jwks.json. `init` writes a state.json
 * without keys before everything else, so that a directory whose init was cut short is told from one that lost its
 * state.
 * On open the kids of signing.jwk and standby.jwk are compared with state.json (keys/reconcile.h has the table); what
 * was cut short is finished by the next keydir_init, keydir_rotate or keydir_publish before it does its own work, with
 * the time of finishing as the time of the transition. Temporary files of a killed command are removed then too.
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

/* Drops what is due and writes jwks.json again if its bytes differ. `*changed` says whether any file was written. */
int keydir_publish(struct keydir *kd, int64_t now, bool *changed, struct buf *fault);

/* Every finding is one call with a sentence. Returns 0 when nothing failed, else LK_UNSAFE_FILE (owners, modes),
 * LK_CONFIG (state.json) or LK_JWK_FORM (keys and JWKS). A warning is no failure. */
enum keydir_finding { KEYDIR_OK, KEYDIR_WARN, KEYDIR_FAIL };
typedef void keydir_finding_fn(void *context, enum keydir_finding finding, const char *sentence);
int keydir_check(const char *dir, keydir_finding_fn *say, void *context);

#endif
