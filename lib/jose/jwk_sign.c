#include <openssl/bn.h>
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/rsa.h>

#include "base/error.h"
#include "jose/jwk_impl.h"

#define DER_MAX 144 /* ECDSA-Sig-Value of P-521 needs 139 bytes */

static size_t signature_size(const struct jwk *key, const struct jwa *alg)
{
    return alg->signature ? alg->signature : key->part[RSA_N].n;
}

/* r || s (RFC 7518 3.4) to DER; 0 when it cannot be. OpenSSL refuses r and s outside 1 to n - 1. */
static size_t to_der(const struct jwa *alg, const uint8_t *raw, uint8_t der[DER_MAX])
{
    int n = 0, c = (int)alg->coordinate;
    ECDSA_SIG *sig = ECDSA_SIG_new();
    BIGNUM *r = BN_bin2bn(raw, c, NULL), *s = BN_bin2bn(raw + c, c, NULL);
    if (sig && r && s && ECDSA_SIG_set0(sig, r, s) == 1) {
        r = s = NULL; /* owned by sig now */
        n = i2d_ECDSA_SIG(sig, &der);
    }
    BN_free(r);
    BN_free(s);
    ECDSA_SIG_free(sig);
    return n > 0 ? (size_t)n : 0;
}

static int to_raw(const struct jwa *alg, const uint8_t *der, size_t n, uint8_t *raw)
{
    int c = (int)alg->coordinate;
    ECDSA_SIG *sig = d2i_ECDSA_SIG(NULL, &der, (long)n);
    bool ok =
        sig && BN_bn2binpad(ECDSA_SIG_get0_r(sig), raw, c) == c && BN_bn2binpad(ECDSA_SIG_get0_s(sig), raw + c, c) == c;
    ECDSA_SIG_free(sig);
    return ok ? 0 : LK_CRYPTO;
}

/* RFC 7518 3.5: MGF1 with the same digest (OpenSSL's default), salt as long as the digest. */
static bool set_padding(EVP_PKEY_CTX *ctx, const struct jwa *alg)
{
    return !alg->pss || (EVP_PKEY_CTX_set_rsa_padding(ctx, RSA_PKCS1_PSS_PADDING) == 1 &&
                         EVP_PKEY_CTX_set_rsa_pss_saltlen(ctx, RSA_PSS_SALTLEN_DIGEST) == 1);
}

static const unsigned char *bytes_of(struct span s)
{
    return (const unsigned char *)(s.n ? s.p : "");
}

void jwk_verifier_reset(struct jwk_verifier *v)
{
    EVP_MD_free(v->digest);
    EVP_PKEY_CTX_free(v->ctx);
    *v = (struct jwk_verifier){NULL, NULL, NULL};
}

/* Looking up digest and signature algorithm, and making the contexts, costs OpenSSL as much as a tenth of an RSA
 * verification: done once for a key and algorithm. */
static int verifier_for(const struct jwk *key, const struct jwa *alg, struct jwk_verifier *v)
{
    if (v->alg == alg)
        return 0;
    jwk_verifier_reset(v);
    v->digest = EVP_MD_fetch(NULL, alg->digest, NULL);
    v->ctx = EVP_PKEY_CTX_new_from_pkey(NULL, key->pkey, NULL);
    if (!v->digest || !v->ctx || EVP_PKEY_verify_init(v->ctx) != 1 ||
        EVP_PKEY_CTX_set_signature_md(v->ctx, v->digest) != 1 || !set_padding(v->ctx, alg)) {
        jwk_verifier_reset(v);
        return LK_CRYPTO;
    }
    v->alg = alg;
    return 0;
}

static int verify_digest(const struct jwk *key, const struct jwa *alg, struct span message, const uint8_t *sig,
                         size_t size)
{
    uint8_t digest[EVP_MAX_MD_SIZE];
    unsigned n = 0;
    int error = verifier_for(key, alg, key->verifier);
    if (!error && EVP_Digest(bytes_of(message), message.n, digest, &n, key->verifier->digest, NULL) != 1)
        error = LK_CRYPTO;
    if (!error)
        error = EVP_PKEY_verify(key->verifier->ctx, sig, size, digest, n) == 1 ? 0 : LK_JWS_SIGNATURE;
    ERR_clear_error();
    return error;
}

/* EdDSA signs the message itself. */
static int verify_message(const struct jwk *key, struct span message, const uint8_t *sig, size_t size)
{
    EVP_MD_CTX *ctx = EVP_MD_CTX_new();
    int error = LK_CRYPTO;
    if (ctx && EVP_DigestVerifyInit_ex(ctx, NULL, NULL, NULL, NULL, key->pkey, NULL) == 1)
        error = EVP_DigestVerify(ctx, sig, size, bytes_of(message), message.n) == 1 ? 0 : LK_JWS_SIGNATURE;
    EVP_MD_CTX_free(ctx);
    ERR_clear_error();
    return error;
}

int jwk_verify(const struct jwk *key, const struct jwa *alg, struct span message, struct span signature)
{
    uint8_t der[DER_MAX];
    const uint8_t *sig = bytes_of(signature);
    size_t n = signature.n;
    if (!jwk_fits(key, alg))
        return LK_JWS_KEY_MISMATCH;
    if (n != signature_size(key, alg))
        return LK_JWS_SIGNATURE;
    if (alg->kty == JWA_OKP)
        return verify_message(key, message, sig, n);
    if (alg->kty == JWA_EC) {
        n = to_der(alg, sig, der);
        sig = der;
    }
    return n ? verify_digest(key, alg, message, sig, n) : LK_CRYPTO;
}

void jwk_set_signer(struct jwk *key, jwk_sign_fn *sign, void *context)
{
    free(key->sign_context);
    key->sign = sign;
    key->sign_context = context;
}

int jwk_sign(const struct jwk *key, struct span message, uint8_t *out, size_t *n)
{
    const struct jwa *alg = jwk_alg(key);
    uint8_t made[JWK_SIGNATURE_MAX];
    size_t size = sizeof made, want = signature_size(key, alg);
    EVP_PKEY_CTX *pctx = NULL;
    if (key->sign)
        return key->sign(key->sign_context, key, message, out, n);
    if (!key->is_private)
        return LK_JWK_FORM;
    EVP_MD_CTX *ctx = EVP_MD_CTX_new();
    int error = LK_CRYPTO;
    if (ctx && EVP_DigestSignInit_ex(ctx, &pctx, alg->digest, NULL, NULL, key->pkey, NULL) == 1 &&
        set_padding(pctx, alg) && EVP_DigestSign(ctx, made, &size, bytes_of(message), message.n) == 1)
        error = alg->kty == JWA_EC ? to_raw(alg, made, size, out) : 0;
    EVP_MD_CTX_free(ctx);
    ERR_clear_error();
    if (!error && alg->kty != JWA_EC && size != want)
        error = LK_CRYPTO;
    if (error)
        return error;
    if (alg->kty != JWA_EC)
        memcpy(out, made, want);
    *n = want;
    return 0;
}
