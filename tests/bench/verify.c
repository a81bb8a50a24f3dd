/* verify ALG SECONDS: prints how many signatures of ALG lib/jose verifies in a second of processor time, the key being
 * there and the token taken apart; `openssl speed` measures the bare operation in the same way. It has no RSA-PSS, so
 * verify bare SECONDS is that: OpenSSL alone, 3072 bits, SHA-256, over a digest. */
#include <openssl/evp.h>
#include <openssl/rsa.h>
#include <time.h>

#include "base/error.h"
#include "base/parse.h"
#include "jose/jws.h"

#define BATCH 50 /* verifications between two looks at the clock */

static double seconds(void)
{
    struct timespec t;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static json_t *claims_like_betterauths(void)
{
    return json_pack("{s:I,s:s,s:s,s:b,s:s,s:s,s:s,s:I,s:s,s:s}", "iat", (json_int_t)1800000000, "name", "Ann Bee",
                     "email", "ann@example.org", "emailVerified", 1, "createdAt", "2026-01-02T03:04:05.678Z", "role",
                     "user", "sub", "uCqyeSjGfIGXgRV7UCAu0TNoMSp3kyEH", "exp", (json_int_t)1800000900, "iss",
                     "https://auth.example.org", "aud", "https://auth.example.org");
}

static int prepare(const struct jwa *alg, struct jwks **set, struct buf *token, struct jws *jws)
{
    static const char empty[] = "{\"keys\":[]}";
    struct jwk *key = NULL;
    json_t *claims = claims_like_betterauths();
    int error = claims ? jwk_generate(alg, &key) : LK_NOMEM;
    if (!error)
        error = jwks_parse(span_of(empty), NULL, NULL, set);
    if (!error)
        error = jwks_add(*set, key);
    if (!error)
        error = jws_sign(key, NULL, claims, token);
    if (!error)
        error = jws_parse(buf_all(token), alg->bit, jws);
    if (!error)
        error = jws_verify(jws, *set); /* warm: the key is made at its first use */
    jwk_free(key);
    json_decref(claims);
    return error;
}

static int measure(bool (*verifies)(void *), void *context, double duration)
{
    size_t done = 0;
    double began = seconds(), now = began;
    for (; now - began < duration; now = seconds(), done += BATCH)
        for (size_t i = 0; i < BATCH; i++)
            if (!verifies(context))
                return LK_CRYPTO;
    printf("%.1f\n", (double)done / (now - began));
    return 0;
}

/* ---- lib/jose ---- */

struct ours {
    struct buf token;
    struct jwks *set;
    struct jws jws;
};

static bool our_verify(void *context)
{
    struct ours *ours = context;
    return jws_verify(&ours->jws, ours->set) == 0;
}

static int measure_ours(const struct jwa *alg, double duration)
{
    struct ours ours = {.token = BUF_INIT(JWS_MAX)};
    int error = prepare(alg, &ours.set, &ours.token, &ours.jws);
    if (!error)
        error = measure(our_verify, &ours, duration);
    jwks_free(ours.set);
    buf_free(&ours.token);
    return error;
}

/* ---- OpenSSL alone ---- */

struct bare {
    EVP_PKEY_CTX *ctx;
    unsigned char digest[32], signature[384];
    size_t n;
};

static bool set_pss(EVP_PKEY_CTX *ctx)
{
    return EVP_PKEY_CTX_set_rsa_padding(ctx, RSA_PKCS1_PSS_PADDING) == 1 &&
           EVP_PKEY_CTX_set_signature_md(ctx, EVP_sha256()) == 1 &&
           EVP_PKEY_CTX_set_rsa_pss_saltlen(ctx, RSA_PSS_SALTLEN_DIGEST) == 1;
}

static bool bare_verify(void *context)
{
    struct bare *b = context;
    return EVP_PKEY_verify(b->ctx, b->signature, b->n, b->digest, sizeof b->digest) == 1;
}

static int measure_bare(double duration)
{
    struct bare b = {.n = sizeof b.signature};
    EVP_PKEY *key = EVP_PKEY_Q_keygen(NULL, NULL, "RSA", (size_t)3072);
    EVP_PKEY_CTX *signer = EVP_PKEY_CTX_new_from_pkey(NULL, key, NULL);
    int error = LK_CRYPTO;
    b.ctx = EVP_PKEY_CTX_new_from_pkey(NULL, key, NULL);
    if (EVP_PKEY_sign_init(signer) == 1 && set_pss(signer) &&
        EVP_PKEY_sign(signer, b.signature, &b.n, b.digest, sizeof b.digest) == 1 && EVP_PKEY_verify_init(b.ctx) == 1 &&
        set_pss(b.ctx))
        error = measure(bare_verify, &b, duration);
    EVP_PKEY_CTX_free(signer);
    EVP_PKEY_CTX_free(b.ctx);
    EVP_PKEY_free(key);
    return error;
}

int main(int argc, char **argv)
{
    uint64_t duration = 0;
    bool bare = argc == 3 && strcmp(argv[1], "bare") == 0;
    const struct jwa *alg = argc == 3 ? jwa_find(span_of(argv[1])) : NULL;
    if ((!alg && !bare) || parse_u64(span_of(argv[2]), 60, &duration) || duration == 0) {
        fputs("usage: verify ALG|bare SECONDS\n", stderr);
        return 64;
    }
    return (bare ? measure_bare((double)duration) : measure_ours(alg, (double)duration)) ? 1 : 0;
}
