#ifndef LK_KEYS_SIGNER_H
#define LK_KEYS_SIGNER_H

#include "base/buf.h"
#include "jose/jwk.h"

/* Signing outside: [keys] signer = command:/path. The program, a client of an HSM or a key service, gets the JWS
 * signing input on standard input and writes the signature to standard output: the bytes of RFC 7518, or for ES256 DER.
 * Its environment has PATH, HOME, TMPDIR, LANG, what begins with AWS_, VAULT_, GOOGLE_, AZURE_, PKCS11_ or SOFTHSM2_,
 * and LATCHKEY_SIGNER_ALG, _KID and _KEY ([keys] signer_key); nothing of the request. Its address space is limited to
 * SIGNER_MEMORY, not to process.memory, and it is ended when the process that started it ends. */
#define SIGNER_OUTPUT_MAX 1024
#define SIGNER_MEMORY     (UINT64_C(4) << 30)

struct signer_conf {
    const char *command; /* "command:/path"; "": none */
    const char *key;     /* what the service calls the key */
    int64_t deadline;    /* seconds */
    char *const *env;
    struct buf *fault; /* gets a line when signing fails; outlives the key */
};

/* Makes a public key sign by the command; a private key is left alone. LK_CONFIG: there is no command, or not such a
 * one. Signing with it then fails with LK_UNAVAILABLE when the program cannot be started, fails, is late, or writes
 * what is not a signature by this key. The strings are used as long as the key is. */
int signer_attach(struct jwk *key, const struct signer_conf *conf);

#endif
