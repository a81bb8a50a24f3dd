#ifndef LK_WEB_AHEAD_H
#define LK_WEB_AHEAD_H

#include "web/web.h"

/* A key that is elsewhere may fail to sign, and a session that was changed without an answer would be lost to its
 * client. So with such a key the token is made before, while no lock is held, for the session as it is going to be;
 * web_tokens then takes it (site->ahead). With a key that is here nothing is done. The site's signer, claims policy and
 * database are open. LK_UNAVAILABLE: it does not sign; LK_BUSY, LK_STORE, LK_CONFIG: as web_tokens. */
int ahead_of_rotation(struct site *site, struct span token, int64_t now_us);

/* `id` gets what session_create is to be given: a new session's id, or "". */
int ahead_of_exchange(struct site *site, const struct identity *who, struct span proof, int64_t now_us,
                      char id[SESSION_ID_SIZE]);

#endif
