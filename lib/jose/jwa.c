#include "jose/jwa.h"

const struct jwa jwa_table[] = {
    {"ES256", JWA_EC, "P-256", "prime256v1", "SHA256", false, 32, 64, 1U << 0},
    {"ES512", JWA_EC, "P-521", "secp521r1", "SHA512", false, 66, 132, 1U << 1},
    {"EdDSA", JWA_OKP, "Ed25519", "ED25519", NULL, false, 32, 64, 1U << 2},
    {"RS256", JWA_RSA, NULL, "RSA", "SHA256", false, 0, 0, 1U << 3},
    {"PS256", JWA_RSA, NULL, "RSA", "SHA256", true, 0, 0, 1U << 4},
};
const size_t jwa_count = sizeof jwa_table / sizeof jwa_table[0];

const struct jwa *jwa_find(struct span name)
{
    for (size_t i = 0; i < jwa_count; i++)
        if (span_equals(name, jwa_table[i].name))
            return &jwa_table[i];
    return NULL;
}

jwa_set jwa_set_of(const char *list)
{
    jwa_set set = 0;
    struct span rest = span_of(list), name;
    while (span_next(&rest, ' ', &name)) {
        const struct jwa *alg = jwa_find(name);
        set |= alg ? alg->bit : 0;
    }
    return set;
}
