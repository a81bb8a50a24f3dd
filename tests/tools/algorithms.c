/* algorithms: what OpenSSL has for a program of Latchkey. Prints "OPERATION NAME" for each method that the process
 * makes, and then "works NAME" for each thing that Latchkey does with them. Linked as the CGIs are. */
#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/kdf.h>
#include <openssl/pem.h>

#include "auth/seal.h"
#include "base/error.h"
#include "base/secret.h"
#include "jose/jwk.h"

static void show(const char *operation, const char *name)
{
    printf("%s %s\n", operation, name);
}

static void on_md(EVP_MD *m, void *unused)
{
    (void)unused;
    show("digest", EVP_MD_get0_name(m));
}

static void on_cipher(EVP_CIPHER *m, void *unused)
{
    (void)unused;
    show("cipher", EVP_CIPHER_get0_name(m));
}

static void on_mac(EVP_MAC *m, void *unused)
{
    (void)unused;
    show("mac", EVP_MAC_get0_name(m));
}

static void on_kdf(EVP_KDF *m, void *unused)
{
    (void)unused;
    show("kdf", EVP_KDF_get0_name(m));
}

static void on_rand(EVP_RAND *m, void *unused)
{
    (void)unused;
    show("rand", EVP_RAND_get0_name(m));
}

static void on_keymgmt(EVP_KEYMGMT *m, void *unused)
{
    (void)unused;
    show("keymgmt", EVP_KEYMGMT_get0_name(m));
}

static void on_signature(EVP_SIGNATURE *m, void *unused)
{
    (void)unused;
    show("signature", EVP_SIGNATURE_get0_name(m));
}

static void show_all(void)
{
    EVP_MD_do_all_provided(NULL, on_md, NULL);
    EVP_CIPHER_do_all_provided(NULL, on_cipher, NULL);
    EVP_MAC_do_all_provided(NULL, on_mac, NULL);
    EVP_KDF_do_all_provided(NULL, on_kdf, NULL);
    EVP_RAND_do_all_provided(NULL, on_rand, NULL);
    EVP_KEYMGMT_do_all_provided(NULL, on_keymgmt, NULL);
    EVP_SIGNATURE_do_all_provided(NULL, on_signature, NULL);
}

/* A key is made, signs, and what it signed is verified; another message is not. */
static bool signs(const struct jwa *alg)
{
    struct jwk *key = NULL;
    uint8_t signature[JWK_SIGNATURE_MAX];
    size_t n = 0;
    bool ok = jwk_generate(alg, &key) == 0 && jwk_sign(key, span_of("message"), signature, &n) == 0;
    struct span made = {(const char *)signature, n};
    ok = ok && jwk_verify(key, alg, span_of("message"), made) == 0 &&
         jwk_verify(key, alg, span_of("another"), made) == LK_JWS_SIGNATURE;
    jwk_free(key);
    return ok;
}

/* What JWT_PRIVATE_KEY may hold. */
static bool reads_pem(const char *type, const char *group)
{
    char *text = NULL;
    struct jwk *key = NULL;
    EVP_PKEY *pkey = EVP_PKEY_Q_keygen(NULL, NULL, type, group);
    BIO *bio = BIO_new(BIO_s_mem());
    bool ok = pkey && bio && PEM_write_bio_PrivateKey(bio, pkey, NULL, NULL, 0, NULL, NULL) == 1;
    long n = ok ? BIO_get_mem_data(bio, &text) : 0;
    ok = ok && jwk_parse_pem((struct span){text, (size_t)n}, NULL, &key) == 0;
    jwk_free(key);
    BIO_free(bio);
    EVP_PKEY_free(pkey);
    return ok;
}

static bool seals(void)
{
    uint8_t sealed[8 + SEAL_OVERHEAD], plain[8];
    struct span in = {(const char *)sealed, sizeof sealed};
    return seal(span_of("presented"), span_of("context"), span_of("the text"), sealed) == 0 &&
           unseal(span_of("presented"), span_of("context"), in, plain) == 0 && memcmp(plain, "the text", 8) == 0 &&
           unseal(span_of("another"), span_of("context"), in, plain) != 0;
}

static bool authenticates(void)
{
    unsigned char out[32];
    size_t n = 0;
    return EVP_Q_mac(NULL, "HMAC", NULL, "SHA256", NULL, "key", 3, (const unsigned char *)"text", 4, out, sizeof out,
                     &n) != NULL;
}

static int report(const char *what, bool works)
{
    printf("%s %s\n", works ? "works" : "fails", what);
    return !works;
}

int main(void)
{
    uint8_t digest[SHA256_SIZE];
    int failed = report("beginning", secret_init() == 0);
    failed |= report("beginning again", secret_init() == 0);
    failed |= report("SHA-256", secret_sha256(span_of(""), digest) == 0 && digest[0] == 0xe3);
    for (size_t i = 0; i < jwa_count; i++)
        failed |= report(jwa_table[i].name, signs(&jwa_table[i]));
    failed |= report("PEM EC", reads_pem("EC", "P-256"));
    failed |= report("PEM Ed25519", reads_pem("ED25519", NULL));
    failed |= report("seal", seals());
    failed |= report("HMAC", authenticates());
    show_all();
    return failed;
}
