#ifndef LK_KEYS_KEYBACKUP_H
#define LK_KEYS_KEYBACKUP_H

#include "keys/keydir.h"

/* What a backup holds, before it is sealed: state.json, signing.jwk and standby.jwk in one JSON object. Private keys of
 * retired keys are not in it: they are on their way out. */

#define BACKUP_MAX (6U << 20)

int keydir_backup(struct keydir *kd, struct buf *out, struct buf *fault);

/* Puts a backup back. Into a directory without keys: as it was. Over keys: what the directory knows is newer and stays;
 * a key that either side knows as removed or revoked is dead; a key that only the backup knows verifies until the gate
 * of a key retired now, and a private key that the directory has lost comes back. Something signs afterwards.
 * LK_SYNTAX: not a backup. */
int keydir_restore(struct keydir *kd, struct span text, gid_t gid, int64_t now, struct buf *fault);

/* The public JWK of a live key, or the private one when `private` is set and the directory has it. LK_NOT_FOUND. */
int keydir_export(struct keydir *kd, const char *kid, bool private, struct buf *out, struct buf *fault);

#endif
