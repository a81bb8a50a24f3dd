/* sign DIR [command:PATH]: loads the signing key as a CGI does, from DIR or JWT_PRIVATE_KEY, and signs one token with
 * it, or with the program. */
#include <unistd.h>

#include "base/error.h"
#include "base/secret.h"
#include "jose/jws.h"
#include "keys/keyring.h"
#include "keys/signer.h"

int main(int argc, char **argv)
{
    struct buf fault = BUF_INIT(1024), token = BUF_INIT(JWS_MAX);
    struct jwk *key = NULL;
    json_t *claims = json_pack("{s:s}", "sub", "bench");
    int error = argc < 2 ? LK_USAGE : secret_init();
    if (!error)
        error = keyring_signing_key(argv[1], environ, &key, NULL, &fault);
    if (!error)
        error = signer_attach(key, &(struct signer_conf){argc > 2 ? argv[2] : "", "", 30, environ, &fault});
    if (!error)
        error = jws_sign(key, "at+jwt", claims, &token);
    if (error)
        fprintf(stderr, "sign: %s\n", fault.n ? buf_cstr(&fault) : lk_error_text(error));
    json_decref(claims);
    jwk_free(key);
    buf_free(&fault);
    buf_free(&token);
    return error ? 1 : 0;
}
