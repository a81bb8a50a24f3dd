/* A token of any header and payload, truly signed: the header is the input's first line, the payload the rest. It
 * verifies exactly when its header says what is right; and not with one byte of it changed. */
#include "base/b64.h"
#include "base/error.h"
#include "fuzz.h"
#include "jose/jws.h"

/* RFC 8037 A.1 */
static const char signer_jwk[] = "{\"kty\":\"OKP\",\"crv\":\"Ed25519\",\"kid\":\"k\","
                                 "\"d\":\"nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A\","
                                 "\"x\":\"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo\"}";

struct pair {
    struct jwk *signer;
    struct jwks *set;
};

static const struct pair *key(void)
{
    static struct pair pair;
    json_t *object = NULL;
    if (pair.set)
        return &pair;
    HOLDS(json_read_object(span_of(signer_jwk), sizeof signer_jwk, 2, &object) == 0);
    HOLDS(jwk_parse_private(object, &pair.signer) == 0);
    HOLDS(jwks_parse(span_of("{\"keys\":[]}"), NULL, NULL, &pair.set) == 0);
    HOLDS(jwks_add(pair.set, pair.signer) == 0);
    json_decref(object);
    return &pair;
}

static void make(struct span header, struct span payload, struct buf *token)
{
    uint8_t signature[JWK_SIGNATURE_MAX];
    size_t n = 0;
    b64_add(token, header.p, header.n);
    buf_str(token, ".");
    b64_add(token, payload.p, payload.n);
    if (token->error)
        return;
    HOLDS(jwk_sign(key()->signer, buf_all(token), signature, &n) == 0);
    buf_str(token, ".");
    b64_add(token, signature, n);
}

static void has_clean_texts(const struct jws *jws)
{
    for (const char *c = jws->kid; *c; c++)
        HOLDS((unsigned char)*c >= 32 && *c != 127);
    for (const char *c = jws->typ; *c; c++)
        HOLDS((unsigned char)*c >= 32 && *c != 127 && !(*c >= 'A' && *c <= 'Z'));
}

static void keeps_payload(const struct jws *jws, struct span payload)
{
    struct buf decoded = BUF_INIT(JWS_MAX);
    HOLDS(jws_payload(jws, &decoded) == 0);
    HOLDS(same(buf_all(&decoded), payload));
    buf_free(&decoded);
}

/* One character of header or payload replaced by its neighbour in the alphabet. */
static void notices_change(struct buf *token, size_t signing_input)
{
    struct jws jws;
    char *c = token->p + token->n % signing_input;
    if (*c == '.')
        return;
    *c = *c == 'A' ? 'B' : 'A';
    if (jws_parse(buf_all(token), JWA_ALL, &jws) == 0)
        HOLDS(jws_verify(&jws, key()->set) != 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct buf token = BUF_INIT((size_t)2 * JWS_MAX);
    struct span payload = input_of(data, size), header;
    struct jws jws;
    openssl_begin();
    if (!span_next(&payload, '\n', &header))
        return 0;
    make(header, payload, &token);
    if (!token.error && jws_parse(buf_all(&token), JWA_ALL, &jws) == 0) {
        bool right = strcmp(jws.alg->name, "EdDSA") == 0 && (!jws.kid[0] || strcmp(jws.kid, "k") == 0);
        HOLDS((jws_verify(&jws, key()->set) == 0) == right);
        has_clean_texts(&jws);
        keeps_payload(&jws, payload);
        notices_change(&token, jws.signing_input.n);
    }
    buf_free(&token);
    openssl_end();
    return 0;
}
