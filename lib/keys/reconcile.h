#ifndef LK_KEYS_RECONCILE_H
#define LK_KEYS_RECONCILE_H

#include "keys/lifecycle.h"

/* What a killed command left behind, told from the kids alone; pure. The commit order (keydir.h) makes each instant
 * recognisable, so there is exactly one way on from each:
 *
 *   state.json          signing.jwk   standby.jwk       what was cut short, and how it ends
 *   none active         absent        any               init or restore before its first key: it begins again
 *   none active         A             absent            init, restore: A is active, a new standby is made
 *   none active         A             B, listed         init, restore: A is active, B is the standby
 *   A active, B publ.   A             B                 nothing, or only the JWKS: written from the state
 *   A active, B publ.   B             B                 rotate: B is active, A retired now, a new standby is made
 *   A active, B publ.   B             C, listed         rotate: B is active, A retired now, C published now
 *   A active, B publ.   A             C, listed         the making of a standby: C published now, B discarded
 *   A active, B publ.   A             absent or dead    standby lost: a new one is made, B discarded
 *   A active, B publ.   X, listed     B                 another key took over: X is active, A retired now
 *   A active, B publ.   absent or X   B                 not ours: signing.jwk was lost; rotate replaces it
 *   A active, B publ.   any           X, not listed     not ours: refused
 *
 * "Listed" is: in jwks.json, which every new key enters before its private file is written. Times recorded for what is
 * finished later are those of finishing: late is always safe. */

struct key_files {
    const char *signing; /* kid of the file, "" when it is absent */
    const char *standby;
    bool signing_listed, standby_listed;
    bool signing_external; /* signing.jwk has a public key only: its successor cannot be made here, so none has to be */
};

struct key_repair {
    bool unborn;        /* no key signs, and none is there that could */
    bool adopt_signing; /* the key in signing.jwk becomes an entry, the active one */
    bool swap;          /* the published entry whose key is in signing.jwk becomes active */
    bool adopt_standby; /* standby.jwk becomes a published entry */
    bool new_standby;   /* a standby has to be made */
    bool signing_lost;  /* signing.jwk is not the active key: only rotate mends that */
};

/* LK_CONFIG: standby.jwk is a key that nothing here knows. */
int reconcile(struct key_history *h, const struct key_files *files, struct key_repair *out);
bool repair_is_due(const struct key_repair *r); /* something was cut short and can be finished */

#endif
