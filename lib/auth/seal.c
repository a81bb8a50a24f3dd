#include "auth/seal.h"

#include <limits.h>
#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/kdf.h>
#include <openssl/params.h>

#include "base/error.h"
#include "base/secret.h"

#define KEY_SIZE   32
#define NONCE_SIZE 12
#define TAG_SIZE   16

static const char info[] = "latchkey refresh successor v1";

/* OpenSSL takes lengths as int and parameters without const; it writes to neither. */
static int derive(struct span presented, uint8_t key[KEY_SIZE])
{
    union {
        const char *in;
        void *param;
    } secret = {presented.p}, label = {info};
    char digest[] = "SHA256";
    EVP_KDF *kdf = EVP_KDF_fetch(NULL, "HKDF", NULL);
    EVP_KDF_CTX *ctx = kdf ? EVP_KDF_CTX_new(kdf) : NULL;
    const OSSL_PARAM params[] = {OSSL_PARAM_construct_utf8_string(OSSL_KDF_PARAM_DIGEST, digest, 0),
                                 OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_KEY, secret.param, presented.n),
                                 OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_INFO, label.param, sizeof info - 1),
                                 OSSL_PARAM_construct_end()};
    int error = ctx && EVP_KDF_derive(ctx, key, KEY_SIZE, params) == 1 ? 0 : LK_CRYPTO;
    EVP_KDF_CTX_free(ctx);
    EVP_KDF_free(kdf);
    return error;
}

/* Cipher, key, nonce and context in place; the text comes next. */
static int start(struct span presented, struct span context, const uint8_t *nonce, int encrypt, EVP_CIPHER_CTX **out)
{
    uint8_t key[KEY_SIZE];
    int n = 0, error = LK_CRYPTO;
    EVP_CIPHER *cipher = EVP_CIPHER_fetch(NULL, "AES-256-GCM", NULL);
    EVP_CIPHER_CTX *ctx = EVP_CIPHER_CTX_new();
    if (!cipher || !ctx || context.n > INT_MAX || derive(presented, key))
        goto out;
    if (EVP_CipherInit_ex2(ctx, cipher, key, nonce, encrypt, NULL) != 1 ||
        EVP_CipherUpdate(ctx, NULL, &n, (const uint8_t *)context.p, (int)context.n) != 1)
        goto out;
    *out = ctx;
    ctx = NULL; /* the caller's now */
    error = 0;
out:
    secret_wipe(key, sizeof key);
    EVP_CIPHER_CTX_free(ctx);
    EVP_CIPHER_free(cipher);
    return error;
}

int seal(struct span presented, struct span context, struct span plain, uint8_t *out)
{
    uint8_t *text = out + NONCE_SIZE, *tag = text + plain.n;
    EVP_CIPHER_CTX *ctx = NULL;
    int n = 0, rest = 0, error = plain.n > INT_MAX ? LK_CRYPTO : 0;
    error = error ? error : secret_random(out, NONCE_SIZE);
    error = error ? error : start(presented, context, out, 1, &ctx);
    if (!error && (EVP_EncryptUpdate(ctx, text, &n, (const uint8_t *)plain.p, (int)plain.n) != 1 ||
                   EVP_EncryptFinal_ex(ctx, text + n, &rest) != 1 ||
                   EVP_CIPHER_CTX_ctrl(ctx, EVP_CTRL_AEAD_GET_TAG, TAG_SIZE, tag) != 1))
        error = LK_CRYPTO;
    EVP_CIPHER_CTX_free(ctx);
    ERR_clear_error();
    return error;
}

/* Decrypts into memory of its own: unauthenticated text never reaches the caller. */
static int open_text(EVP_CIPHER_CTX *ctx, struct span text, uint8_t tag[TAG_SIZE], uint8_t *out)
{
    int n = 0, rest = 0, error = LK_CRYPTO;
    uint8_t *plain = malloc(text.n + 1);
    if (!plain)
        return LK_NOMEM;
    if (EVP_DecryptUpdate(ctx, plain, &n, (const uint8_t *)text.p, (int)text.n) == 1 &&
        EVP_CIPHER_CTX_ctrl(ctx, EVP_CTRL_AEAD_SET_TAG, TAG_SIZE, tag) == 1)
        error = EVP_DecryptFinal_ex(ctx, plain + n, &rest) == 1 ? 0 : LK_SYNTAX;
    if (!error)
        memcpy(out, plain, text.n);
    secret_wipe(plain, text.n + 1);
    free(plain);
    return error;
}

int unseal(struct span presented, struct span context, struct span sealed, uint8_t *out)
{
    uint8_t tag[TAG_SIZE];
    EVP_CIPHER_CTX *ctx = NULL;
    if (sealed.n < SEAL_OVERHEAD || sealed.n > INT_MAX)
        return LK_SYNTAX;
    struct span text = {sealed.p + NONCE_SIZE, sealed.n - SEAL_OVERHEAD};
    memcpy(tag, text.p + text.n, TAG_SIZE);
    int error = start(presented, context, (const uint8_t *)sealed.p, 0, &ctx);
    error = error ? error : open_text(ctx, text, tag, out);
    EVP_CIPHER_CTX_free(ctx);
    ERR_clear_error();
    return error;
}
