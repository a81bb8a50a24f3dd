#ifndef LK_AUTH_FORESEE_H
#define LK_AUTH_FORESEE_H

#include "auth/session.h"

/* What a change of a session is going to give, as far as an access token says it (id, who, auth_time; the rest of
 * `*out` is empty), by a plain read that changes nothing: so that a token can be made before the session is changed,
 * if making it may fail. What comes between is for session_rotate and session_create to see.
 * LK_NOT_FOUND: there is going to be none; LK_BUSY, LK_STORE. */
int foresee_rotation(struct db *db, const struct conf *conf, struct span token, int64_t now_us, struct session *out);

/* `out->id` of a proof that was not used yet is a new one, to be given to session_create. */
int foresee_exchange(struct db *db, const struct conf *conf, const struct identity *who, struct span proof,
                     int64_t now_us, struct session *out);

#endif
