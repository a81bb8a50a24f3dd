#ifndef LK_KEYS_STATE_H
#define LK_KEYS_STATE_H

#include "base/buf.h"
#include "keys/lifecycle.h"

/* The text of state.json, both ways; pure.
 * {"version":2,"marks":{...},"keys":[{"kid","alg","state",times,"boot_id","jwk"}]}: a live key carries its public JWK,
 * so that a lost jwks.json can be written again; a tombstone does not. */

#define STATE_VERSION 2          /* 1 had no skew and is read too */
#define STATE_MAX     (4U << 20) /* bytes */

/* `pub[i]` gets the public key of entry i (NULL for tombstones); they belong to the caller, who frees them also after
 * a failure. LK_SYNTAX and `fault` with what is wrong and where (no path in front); LK_NOMEM. */
int state_parse(struct span text, struct key_history *h, struct jwk *pub[KEYS_MAX], struct buf *fault);

/* Appends the text, one line. The same history gives the same bytes. */
int state_render(const struct key_history *h, struct jwk *const pub[KEYS_MAX], struct buf *out);

/* Appends the JWK Set of the live keys, one line; with `dropped` also of those that have just left but still have
 * their public key in `pub`. */
int state_render_jwks(const struct key_history *h, struct jwk *const pub[KEYS_MAX], bool dropped, struct buf *out);

#endif
