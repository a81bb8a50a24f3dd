#ifndef LK_JOSE_JWA_H
#define LK_JOSE_JWA_H

#include <stdbool.h>
#include <stddef.h>

#include "base/span.h"

/* The signature algorithms (RFC 7518 section 3, RFC 8037). One row binds everything that an algorithm means; there is
 * no HMAC, no "none" and no way to name one. */
enum jwa_kty { JWA_EC, JWA_OKP, JWA_RSA };

struct jwa {
    const char *name; /* "ES256" */
    enum jwa_kty kty;
    const char *crv;    /* JWK `crv`, NULL for RSA */
    const char *group;  /* OpenSSL's name of the curve or key type */
    const char *digest; /* OpenSSL's name, NULL for EdDSA */
    bool pss;
    size_t coordinate; /* bytes of one coordinate, 0 for RSA */
    size_t signature;  /* bytes of a signature, 0 for RSA: the modulus */
    unsigned bit;      /* of a jwa_set */
};

extern const struct jwa jwa_table[];
extern const size_t jwa_count;

/* A set of algorithms. */
typedef unsigned jwa_set;
#define JWA_ALL (~0U)

const struct jwa *jwa_find(struct span name); /* exact, case-sensitive; NULL when unknown */
jwa_set jwa_set_of(const char *list);         /* space separated names; unknown ones give 0 bits */

#endif
