#ifndef LK_PROVIDER_IDENTITY_H
#define LK_PROVIDER_IDENTITY_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

/* What a verified proof says of its user: the only parts of BetterAuth's payload that leave this room. */
#define IDENTITY_COPIED_SIZE 1025
struct identity {
    char subject[256];
    char email[321]; /* "" when absent; lower case is not forced */
    bool email_verified;
    char role[256];    /* as given, comma separated; "" when absent */
    int64_t issued_at; /* seconds; our `auth_time` */
    int64_t expires_at;
    char copied[IDENTITY_COPIED_SIZE]; /* a JSON object of more claims, for who knows which; "" from identity_read */
};

/* Takes them out of a claims set that has passed jwt_check. A null counts as absent; any other type than BetterAuth's,
 * a control character or a value too long for its place is LK_JWT_CLAIMS: nothing is cut or guessed. `iat` is required.
 */
int identity_read(const json_t *claims, struct identity *out);

#endif
