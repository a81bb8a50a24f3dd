/* A compact JWS, as it comes. What verifies is one of the tokens that were signed; whatever parses has one spelling. */
#include "jose/jws.h"
#include "base/b64.h"
#include "base/error.h"
#include "fuzz.h"
#include "genuine.h"

#define TOKENS (sizeof genuine_tokens / sizeof genuine_tokens[0])

static struct jwks *keys(void)
{
    static struct jwks *set;
    HOLDS(set || jwks_parse(span_of(genuine_keys), NULL, NULL, &set) == 0);
    return set;
}

/* Each segment decoded and encoded again gives the token, byte for byte. */
static void has_one_spelling(struct span token)
{
    struct buf again = BUF_INIT(JWS_MAX), bytes = BUF_INIT(JWS_MAX);
    struct span rest = token, part;
    size_t parts = 0;
    while (span_next(&rest, '.', &part)) {
        buf_reset(&bytes);
        HOLDS(parts++ == 0 || buf_str(&again, ".") == 0);
        HOLDS(b64_decode_add(part, &bytes) == 0);
        HOLDS(b64_add(&again, buf_cstr(&bytes), bytes.n) == 0);
    }
    HOLDS(parts == 3);
    HOLDS(same(buf_all(&again), token));
    buf_free(&again);
    buf_free(&bytes);
}

/* What a reader of JSON without our rules finds in the header. */
static void has_plain_header(struct span token, const struct jws *jws)
{
    struct buf text = BUF_INIT(JWS_HEADER_MAX);
    struct span part;
    HOLDS(span_next(&token, '.', &part));
    HOLDS(b64_decode_add(part, &text) == 0);
    json_t *header = json_loadb(buf_cstr(&text), text.n, JSON_REJECT_DUPLICATES, NULL);
    HOLDS(json_is_object(header));
    HOLDS(!json_object_get(header, "crit"));
    HOLDS(!json_object_get(header, "b64"));
    HOLDS(span_equals(span_of(json_text(header, "alg")), jws->alg->name));
    HOLDS(span_equals(span_of(json_text(header, "kid")), jws->kid));
    json_decref(header);
    buf_free(&text);
}

/* (r, n - s) of ECDSA verifies too, so of such a signature only r is compared. */
static bool is_genuine(struct span token, const struct jws *jws)
{
    for (size_t i = 0; i < TOKENS; i++) {
        struct jws real;
        struct span text = span_of(genuine_tokens[i]);
        HOLDS(jws_parse(text, JWA_ALL, &real) == 0);
        if (jws->alg->kty != JWA_EC && same(token, text))
            return true;
        if (jws->alg->kty == JWA_EC && same(jws->signing_input, real.signing_input) &&
            memcmp(jws->signature, real.signature, jws->alg->coordinate) == 0)
            return true;
    }
    return false;
}

static void judge(struct span token, const struct jws *jws)
{
    struct buf payload = BUF_INIT(JWS_MAX);
    int error = jws_verify(jws, keys());
    HOLDS(error != LK_NOMEM && error != LK_CRYPTO);
    HOLDS(error || is_genuine(token, jws));
    HOLDS(jws_payload(jws, &payload) == 0);
    buf_free(&payload);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct jws jws;
    struct span token = input_of(data, size);
    openssl_begin();
    if (jws_parse(token, JWA_ALL, &jws) == 0) {
        HOLDS(jws_parse(token, ~jws.alg->bit, &jws) == LK_JWS_ALG);
        has_one_spelling(token);
        has_plain_header(token, &jws);
        judge(token, &jws);
    }
    openssl_end();
    return 0;
}
