#include "jose/jws.h"

#include "base/b64.h"
#include "base/error.h"
#include "base/json.h"
#include "base/parse.h"
#include "jose/jwk_impl.h"

#define JWS_DEPTH 8

struct parts {
    struct span header, payload, signature;
};

/* Exactly two dots. */
static int split(struct span token, struct parts *out)
{
    struct span part[3], rest = token;
    for (size_t i = 0; i < 2; i++) {
        const char *dot = rest.n ? memchr(rest.p, '.', rest.n) : NULL;
        if (!dot)
            return LK_JWS_FORM;
        part[i] = (struct span){rest.p, (size_t)(dot - rest.p)};
        rest = (struct span){dot + 1, rest.n - part[i].n - 1};
    }
    if (part[0].n == 0 || memchr(rest.p, '.', rest.n))
        return LK_JWS_FORM;
    *out = (struct parts){part[0], part[1], rest};
    return 0;
}

/* Strict base64url, decoded by blocks into nothing. */
static int check_b64(struct span s)
{
    uint8_t block[B64_DECODED(1024)];
    size_t n = 0;
    do {
        struct span now = {s.p, s.n < 1024 ? s.n : 1024};
        if (b64_decode(now, block, sizeof block, &n))
            return LK_JWS_FORM;
        s = (struct span){s.p + now.n, s.n - now.n};
    } while (s.n);
    return 0;
}

static int read_header(struct span text, json_t **out)
{
    uint8_t bytes[JWS_HEADER_MAX];
    size_t n = 0;
    int error = b64_decode(text, bytes, sizeof bytes, &n);
    if (error)
        return error == LK_TOO_LARGE ? LK_TOO_LARGE : LK_JWS_FORM;
    error = json_read_object((struct span){(const char *)bytes, n}, sizeof bytes, JWS_DEPTH, out);
    return error == LK_SYNTAX ? LK_JWS_HEADER : error;
}

static int read_alg(const json_t *header, jwa_set allowed, const struct jwa **out)
{
    const json_t *value = json_object_get(header, "alg");
    if (value && !json_is_string(value))
        return LK_JWS_HEADER;
    const struct jwa *alg = jwa_find((struct span){json_string_value(value), json_string_length(value)});
    if (!alg || !(alg->bit & allowed))
        return LK_JWS_ALG;
    *out = alg;
    return 0;
}

/* An empty kid names no key. */
static int read_kid(const json_t *header, char out[JWK_KID_MAX + 1])
{
    const json_t *value = json_object_get(header, "kid");
    if (jwk_kid_read(value, out) || (value && !out[0]))
        return LK_JWS_HEADER;
    return 0;
}

/* RFC 7515 4.1.9: compared without regard to case; "application/" may be left out when no other slash follows. */
static int read_typ(const json_t *header, char out[JWS_TYP_MAX + 1])
{
    static const char prefix[] = "application/";
    const json_t *value = json_object_get(header, "typ");
    struct span typ = {json_string_value(value), json_string_length(value)};
    if (value && (!json_is_string(value) || typ.n > JWS_TYP_MAX || parse_has_control(typ)))
        return LK_JWS_HEADER;
    for (size_t i = 0; i < typ.n; i++)
        out[i] = (char)(typ.p[i] >= 'A' && typ.p[i] <= 'Z' ? typ.p[i] + 32 : typ.p[i]);
    out[typ.n] = '\0';
    if (strncmp(out, prefix, sizeof prefix - 1) == 0 && !strchr(out + sizeof prefix - 1, '/'))
        memmove(out, out + sizeof prefix - 1, typ.n - sizeof prefix + 2);
    return 0;
}

static int read_members(const json_t *header, jwa_set allowed, struct jws *out)
{
    if (json_object_get(header, "crit") || json_object_get(header, "b64"))
        return LK_JWS_CRIT;
    int error = read_kid(header, out->kid);
    if (!error)
        error = read_typ(header, out->typ);
    return error ? error : read_alg(header, allowed, &out->alg);
}

static int read_signature(struct span text, struct jws *out)
{
    int error = b64_decode(text, out->signature, sizeof out->signature, &out->signature_size);
    if (error == LK_TOO_LARGE)
        return check_b64(text) ? LK_JWS_FORM : LK_JWS_SIGNATURE;
    return error ? LK_JWS_FORM : 0;
}

int jws_parse(struct span token, jwa_set allowed, struct jws *out)
{
    struct parts parts;
    struct jws jws;
    json_t *header = NULL;
    if (token.n > JWS_MAX)
        return LK_TOO_LARGE;
    int error = split(token, &parts);
    if (!error)
        error = check_b64(parts.payload);
    if (!error)
        error = read_header(parts.header, &header);
    if (!error)
        error = read_members(header, allowed, &jws);
    json_decref(header);
    if (!error)
        error = read_signature(parts.signature, &jws);
    if (error)
        return error;
    jws.signing_input = (struct span){token.p, parts.header.n + 1 + parts.payload.n};
    jws.payload_b64 = parts.payload;
    *out = jws;
    return 0;
}

int jws_verify(const struct jws *jws, struct jwks *keys)
{
    const struct jwk *key = NULL;
    int error = jwks_find(keys, span_of(jws->kid), jws->alg, &key);
    if (error)
        return error;
    struct span signature = {(const char *)jws->signature, jws->signature_size};
    return jwk_verify(key, jws->alg, jws->signing_input, signature);
}

int jws_payload(const struct jws *jws, struct buf *out)
{
    int error = b64_decode_add(jws->payload_b64, out);
    return error == LK_SYNTAX ? LK_JWS_FORM : error;
}

static int add_json(const json_t *value, struct buf *token)
{
    struct buf text = BUF_INIT(JWS_MAX);
    int error = json_write(value, &text);
    if (!error)
        error = b64_add(token, text.p, text.n);
    buf_free(&text);
    return error;
}

static int add_header(const struct jwk *key, const char *typ, struct buf *token)
{
    const char *kid = *jwk_kid(key) ? jwk_kid(key) : NULL;
    json_t *header = json_pack("{s:s, s:s*, s:s*}", "alg", jwk_alg(key)->name, "typ", typ, "kid", kid);
    int error = header ? add_json(header, token) : LK_NOMEM;
    json_decref(header);
    return error;
}

int jws_sign(const struct jwk *key, const char *typ, const json_t *claims, struct buf *out)
{
    uint8_t signature[JWK_SIGNATURE_MAX];
    size_t n = 0;
    struct buf token = BUF_INIT(JWS_MAX);
    int error = add_header(key, typ, &token);
    if (!error)
        error = buf_str(&token, ".");
    if (!error)
        error = add_json(claims, &token);
    if (!error)
        error = jwk_sign(key, buf_all(&token), signature, &n);
    if (!error)
        error = buf_str(&token, ".");
    if (!error)
        error = b64_add(&token, signature, n);
    if (!error)
        error = buf_span(out, buf_all(&token));
    buf_free(&token);
    return error;
}
