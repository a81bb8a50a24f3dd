#include "base/secret.h"

#include <errno.h>
#include <jansson.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <sys/random.h>

#include "base/algorithms.h"
#include "base/error.h"

int secret_init(void)
{
    const uint64_t options = OPENSSL_INIT_NO_LOAD_CONFIG | OPENSSL_INIT_NO_ADD_ALL_CIPHERS |
                             OPENSSL_INIT_NO_ADD_ALL_DIGESTS | OPENSSL_INIT_NO_LOAD_CRYPTO_STRINGS |
                             OPENSSL_INIT_NO_ATEXIT;
    size_t seed = 0;
    if (secret_random(&seed, sizeof seed) || OPENSSL_init_crypto(options, NULL) != 1)
        return LK_CRYPTO;
    json_object_seed(seed | 1); /* Jansson would read /dev/urandom, or do with the time where there is none */
    return algorithms_init();
}

int secret_random(void *out, size_t n)
{
    for (size_t done = 0; done < n;) {
        ssize_t got = getrandom((char *)out + done, n - done, 0);
        if (got < 0 && errno != EINTR)
            return LK_CRYPTO;
        done += got > 0 ? (size_t)got : 0;
    }
    return 0;
}

void secret_wipe(void *p, size_t n)
{
    explicit_bzero(p, n);
}

bool secret_equal(const void *a, const void *b, size_t n)
{
    return CRYPTO_memcmp(a, b, n) == 0;
}

int secret_sha256(struct span s, uint8_t out[SHA256_SIZE])
{
    size_t n = SHA256_SIZE;
    return EVP_Q_digest(NULL, "SHA256", NULL, s.p, s.n, out, &n) == 1 ? 0 : LK_CRYPTO;
}
