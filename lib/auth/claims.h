#ifndef LK_AUTH_CLAIMS_H
#define LK_AUTH_CLAIMS_H

#include "base/buf.h"
#include "provider/identity.h"

/* claims.json: how the provider's `role` becomes our roles, features and scope. Nothing of the payload is copied but
 * what `copy` names.
 *
 *   { "default_roles": ["user"],
 *     "roles":    { "admin": ["user", "admin"] },
 *     "features": { "user": ["todos"], "admin": ["todos", "reports"] },
 *     "grants":   { "email:ann@example.org": ["admin"], "sub:xyz": ["readonly"] },
 *     "copy":     { "name": { "type": "string", "max": 100 }, "premium": { "type": "boolean" } } }
 *
 * default_roles  what everybody has
 * roles          for each role of the provider (it sends a comma separated list): our roles
 * features       for each of our roles: its features, which are also the token's scope
 * grants         more roles for one user, by subject or by e-mail address; an address counts only when the provider has
 *                verified it, and is compared as the provider sends it (BetterAuth: lower case)
 * copy           claims of the proof that our token has too, by name; one that is of another type (string, number,
 *                boolean) or longer than `max` bytes is left out
 *
 * An absent member is empty; an unknown one is refused. Our names are 1 to 64 of A-Z a-z 0-9 - _ : and dot. */
struct claims_policy;

#define CLAIMS_FILE_MAX 65536
#define CLAIMS_NAME_MAX 64

struct grants {
    char roles[256];                   /* space separated, no duplicates */
    char features[512];                /* space separated, no duplicates */
    char copied[IDENTITY_COPIED_SIZE]; /* a JSON object of further claims; "" for none */
};

/* `path` "" gives the built-in policy: everybody is `user`; the provider's `admin` is `admin` too; `user` has the
 * feature `todos`. LK_CONFIG with `fault` naming file and JSON pointer, also when all roles or features together would
 * not fit in struct grants; LK_NOMEM. The caller frees. */
int claims_load(const char *path, struct claims_policy **out, struct buf *fault);
int claims_parse(const char *name, struct span text, struct claims_policy **out, struct buf *fault);
void claims_free(struct claims_policy *policy); /* NULL is fine */

/* Keeps in `who` what the policy copies of a proof, which was verified before. Errors of jws_parse and jwt_read;
 * LK_NOMEM. */
int claims_copy(const struct claims_policy *policy, struct span proof, struct identity *who);

/* In the order: default roles, the provider's roles, grants by subject, by e-mail. LK_NOMEM. */
int claims_apply(const struct claims_policy *policy, const struct identity *who, struct grants *out);

#endif
