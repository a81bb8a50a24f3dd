#include "keys/sealed.h"

#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/kdf.h>
#include <openssl/params.h>

#include "base/b64.h"
#include "base/error.h"
#include "base/json.h"
#include "base/secret.h"

#define FORMAT    "latchkey-sealed"
#define KEY_SIZE  32
#define SALT_SIZE 16
#define IV_SIZE   12
#define TAG_SIZE  16
#define SCRYPT_N  65536
#define SCRYPT_R  8
#define SCRYPT_P  1
#define MEMORY    (256ULL << 20) /* what a foreign text may make us use */

struct box {
    uint64_t n, r, p;
    uint8_t salt[SALT_SIZE], iv[IV_SIZE], key[KEY_SIZE];
};

static int derive(struct box *b, struct span passphrase)
{
    uint64_t memory = MEMORY;
    OSSL_PARAM params[] = {
        OSSL_PARAM_octet_string(OSSL_KDF_PARAM_PASSWORD, (void *)(uintptr_t)passphrase.p, passphrase.n),
        OSSL_PARAM_octet_string(OSSL_KDF_PARAM_SALT, b->salt, SALT_SIZE),
        OSSL_PARAM_uint64(OSSL_KDF_PARAM_SCRYPT_N, &b->n),
        OSSL_PARAM_uint64(OSSL_KDF_PARAM_SCRYPT_R, &b->r),
        OSSL_PARAM_uint64(OSSL_KDF_PARAM_SCRYPT_P, &b->p),
        OSSL_PARAM_uint64(OSSL_KDF_PARAM_SCRYPT_MAXMEM, &memory),
        OSSL_PARAM_END,
    };
    EVP_KDF *kdf = EVP_KDF_fetch(NULL, "SCRYPT", NULL);
    EVP_KDF_CTX *ctx = kdf ? EVP_KDF_CTX_new(kdf) : NULL;
    int ok = ctx && EVP_KDF_derive(ctx, b->key, KEY_SIZE, params) == 1;
    EVP_KDF_CTX_free(ctx);
    EVP_KDF_free(kdf);
    ERR_clear_error();
    return ok ? 0 : LK_CRYPTO;
}

/* ---- writing ----------------------------------------------------------------------------------------------------- */

static int encrypt(const struct box *b, struct span plain, uint8_t *out)
{
    int n = 0, rest = 0;
    EVP_CIPHER_CTX *ctx = EVP_CIPHER_CTX_new();
    int ok = ctx && EVP_EncryptInit_ex2(ctx, EVP_aes_256_gcm(), b->key, b->iv, NULL) == 1 &&
             EVP_EncryptUpdate(ctx, out, &n, (const uint8_t *)plain.p, (int)plain.n) == 1 &&
             EVP_EncryptFinal_ex(ctx, out + n, &rest) == 1 &&
             EVP_CIPHER_CTX_ctrl(ctx, EVP_CTRL_AEAD_GET_TAG, TAG_SIZE, out + plain.n) == 1;
    EVP_CIPHER_CTX_free(ctx);
    ERR_clear_error();
    return ok && (size_t)n == plain.n && rest == 0 ? 0 : LK_CRYPTO;
}

static json_t *b64_json(const void *bytes, size_t n)
{
    struct buf text = BUF_INIT(SEALED_MAX);
    json_t *value = b64_add(&text, bytes, n) == 0 ? json_stringn(buf_cstr(&text), text.n) : NULL;
    buf_free(&text);
    return value;
}

static int render(const struct box *b, const uint8_t *data, size_t n, struct buf *out)
{
    json_t *object =
        json_pack("{s:s,s:i,s:s,s:I,s:I,s:I,s:o,s:s,s:o,s:o}", "format", FORMAT, "version", 1, "kdf", "scrypt", "n",
                  (json_int_t)b->n, "r", (json_int_t)b->r, "p", (json_int_t)b->p, "salt", b64_json(b->salt, SALT_SIZE),
                  "enc", "A256GCM", "iv", b64_json(b->iv, IV_SIZE), "data", b64_json(data, n));
    int error = object ? json_write(object, out) : LK_NOMEM;
    json_decref(object);
    return error ? error : buf_str(out, "\n");
}

int sealed_write(struct span plain, struct span passphrase, struct buf *out)
{
    struct box b = {.n = SCRYPT_N, .r = SCRYPT_R, .p = SCRYPT_P};
    uint8_t *data = plain.n < SEALED_MAX / 2 ? malloc(plain.n + TAG_SIZE) : NULL;
    int error = data ? secret_random(b.salt, sizeof b.salt) : LK_TOO_LARGE;
    if (!error)
        error = secret_random(b.iv, sizeof b.iv);
    if (!error)
        error = derive(&b, passphrase);
    if (!error)
        error = encrypt(&b, plain, data);
    if (!error)
        error = render(&b, data, plain.n + TAG_SIZE, out);
    secret_wipe(&b, sizeof b);
    free(data);
    return error;
}

/* ---- reading ----------------------------------------------------------------------------------------------------- */

static int read_bytes(const json_t *object, const char *name, uint8_t *out, size_t wanted)
{
    size_t n = 0;
    const char *text = json_text(object, name);
    return text && b64_decode(span_of(text), out, wanted, &n) == 0 && n == wanted ? 0 : LK_SYNTAX;
}

/* A power of two, and no more memory than ours. */
static int read_cost(const json_t *object, struct box *b)
{
    int64_t n = 0, r = 0, p = 0;
    if (json_seconds(object, "n", &n) || json_seconds(object, "r", &r) || json_seconds(object, "p", &p))
        return LK_SYNTAX;
    if (n < 2 || (n & (n - 1)) || r < 1 || p < 1 || p > 4 || n > (1 << 20) || r > 32 ||
        (uint64_t)n * (uint64_t)r * 128 > MEMORY / 2)
        return LK_SYNTAX;
    b->n = (uint64_t)n;
    b->r = (uint64_t)r;
    b->p = (uint64_t)p;
    return 0;
}

static bool is_text(const json_t *object, const char *name, const char *wanted)
{
    const char *text = json_text(object, name);
    return text && strcmp(text, wanted) == 0;
}

static int read_box(const json_t *object, struct box *b, struct buf *data)
{
    int64_t version = 0;
    const char *text = json_text(object, "data");
    if (!is_text(object, "format", FORMAT) || json_seconds(object, "version", &version) || version != 1 ||
        !is_text(object, "kdf", "scrypt") || !is_text(object, "enc", "A256GCM") || !text)
        return LK_SYNTAX;
    if (read_cost(object, b) || read_bytes(object, "salt", b->salt, SALT_SIZE) ||
        read_bytes(object, "iv", b->iv, IV_SIZE) || b64_decode_add(span_of(text), data) || data->n < TAG_SIZE)
        return LK_SYNTAX;
    return 0;
}

static int decrypt(const struct box *b, struct buf *data, struct buf *plain)
{
    size_t size = data->n - TAG_SIZE;
    int n = 0, rest = 0;
    char *to = buf_reserve(plain, size + 1);
    EVP_CIPHER_CTX *ctx = to ? EVP_CIPHER_CTX_new() : NULL;
    int ok = ctx && EVP_DecryptInit_ex2(ctx, EVP_aes_256_gcm(), b->key, b->iv, NULL) == 1 &&
             EVP_DecryptUpdate(ctx, (uint8_t *)to, &n, (const uint8_t *)data->p, (int)size) == 1 &&
             EVP_CIPHER_CTX_ctrl(ctx, EVP_CTRL_AEAD_SET_TAG, TAG_SIZE, data->p + size) == 1 &&
             EVP_DecryptFinal_ex(ctx, (uint8_t *)to + n, &rest) == 1;
    EVP_CIPHER_CTX_free(ctx);
    ERR_clear_error();
    if (!ok && to)
        secret_wipe(to, size + 1); /* nothing of it is to be believed */
    if (!ok)
        return to ? LK_FORBIDDEN : LK_NOMEM;
    buf_grew(plain, size);
    return 0;
}

int sealed_read(struct span text, struct span passphrase, struct buf *plain)
{
    struct box b = {.n = 0};
    struct buf data = BUF_INIT(SEALED_MAX);
    json_t *object = NULL;
    int error = json_read_object(text, SEALED_MAX, 1, &object);
    if (!error)
        error = read_box(object, &b, &data);
    if (!error)
        error = derive(&b, passphrase);
    if (!error)
        error = decrypt(&b, &data, plain);
    secret_wipe(&b, sizeof b);
    json_decref(object);
    buf_free(&data);
    return error;
}
