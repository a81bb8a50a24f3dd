#ifndef LK_AUTH_CLAIMS_IMPL_H
#define LK_AUTH_CLAIMS_IMPL_H

#include "auth/claims.h"

/* What the files of the claims policy share; nobody else includes this. */

struct claims_policy {
    json_t *root; /* valid from end to end once it is here */
};

/* NULL, or what is wrong with the member `name` of "copy"; adds what it can need at most to `*bytes`. */
const char *claims_copy_fault(const char *name, const json_t *rule, size_t *bytes);

/* The text of a JSON object with what `policy` copies of `claims`; "" for nothing. LK_NOMEM. */
int claims_pick(const struct claims_policy *policy, const json_t *claims, char out[IDENTITY_COPIED_SIZE]);

#endif
