/* Makes keys and tokens for tests, hostile ones too.
 *   jws-sign --generate ALG [--kid KID]            a private JWK
 *   jws-sign --public < JWK                        {"keys":[its public part]}
 *   jws-sign --key FILE [--header JSON] < PAYLOAD  a compact JWS of exactly these bytes
 * The header is written as given, right or wrong; the default names the key's alg and kid. The signature is the key's.
 */
#include "base/b64.h"
#include "base/error.h"
#include "base/file.h"
#include "base/json.h"
#include "base/secret.h"
#include "jose/jws.h"

#define INPUT_MAX (16U << 20)

struct options {
    const char *generate, *kid, *key, *header;
    bool public;
};

static int complain(const char *what, int error)
{
    fprintf(stderr, "jws-sign: %s: %s\n", what, lk_error_text(error));
    return 1;
}

static int usage(void)
{
    fputs("usage: jws-sign --generate ALG [--kid KID] | --public < JWK | --key FILE [--header JSON] < PAYLOAD\n",
          stderr);
    return 2;
}

static int print_line(struct buf *text)
{
    if (text->error)
        return text->error;
    return printf("%s\n", buf_cstr(text)) < 0 || fflush(stdout) ? LK_SYSTEM : 0;
}

static int print_json(const json_t *value)
{
    struct buf text = BUF_INIT(INPUT_MAX);
    int error = json_write(value, &text);
    if (!error)
        error = print_line(&text);
    buf_free(&text);
    return error;
}

static int read_stdin(struct buf *out)
{
    size_t n = 0;
    char chunk[4096];
    while ((n = fread(chunk, 1, sizeof chunk, stdin)) > 0)
        if (buf_add(out, chunk, n))
            return out->error;
    return ferror(stdin) ? LK_SYSTEM : 0;
}

static int parse_key(const struct buf *text, struct jwk **out)
{
    json_t *object = NULL;
    int error = json_read_object((struct span){buf_cstr(text), text->n}, INPUT_MAX, 8, &object);
    if (!error)
        error = jwk_parse_private(object, out);
    json_decref(object);
    return error;
}

static int generate(const struct options *o)
{
    struct jwk *key = NULL;
    json_t *object = NULL;
    const struct jwa *alg = jwa_find(span_of(o->generate));
    int error = alg ? jwk_generate(alg, &key) : LK_JWS_ALG;
    if (!error && o->kid)
        error = jwk_set_kid(key, o->kid);
    if (!error)
        error = jwk_to_private(key, &object);
    if (!error)
        error = print_json(object);
    json_decref(object);
    jwk_free(key);
    return error;
}

static int print_public(void)
{
    struct jwk *key = NULL;
    json_t *object = NULL, *set = NULL;
    struct buf text = BUF_INIT(INPUT_MAX);
    int error = read_stdin(&text);
    if (!error)
        error = parse_key(&text, &key);
    if (!error)
        error = jwk_to_public(key, &object);
    if (!error && !(set = json_pack("{s:[O]}", "keys", object)))
        error = LK_NOMEM;
    if (!error)
        error = print_json(set);
    json_decref(set);
    json_decref(object);
    jwk_free(key);
    buf_free(&text);
    return error;
}

static int add_header(const struct options *o, const struct jwk *key, struct buf *token)
{
    if (o->header)
        return b64_add(token, o->header, strlen(o->header));
    struct buf text = BUF_INIT(JWS_HEADER_MAX);
    json_t *header = json_pack("{s:s, s:s*}", "alg", jwk_alg(key)->name, "kid", *jwk_kid(key) ? jwk_kid(key) : NULL);
    int error = header ? json_write(header, &text) : LK_NOMEM;
    if (!error)
        error = b64_add(token, text.p, text.n);
    json_decref(header);
    buf_free(&text);
    return error;
}

static int print_token(const struct options *o, const struct jwk *key, const struct buf *payload)
{
    uint8_t signature[JWK_SIGNATURE_MAX];
    size_t n = 0;
    struct buf token = BUF_INIT((size_t)2 * INPUT_MAX);
    int error = add_header(o, key, &token);
    if (!error && !buf_str(&token, "."))
        error = b64_add(&token, buf_cstr(payload), payload->n);
    if (!error)
        error = jwk_sign(key, buf_all(&token), signature, &n);
    if (!error && !buf_str(&token, "."))
        error = b64_add(&token, signature, n);
    if (!error)
        error = print_line(&token);
    buf_free(&token);
    return error;
}

static int sign(const struct options *o)
{
    struct jwk *key = NULL;
    struct buf text = BUF_INIT(65536), payload = BUF_INIT(INPUT_MAX);
    int error = file_read(o->key, FILE_ANY, &text, NULL);
    if (!error)
        error = parse_key(&text, &key);
    if (!error)
        error = read_stdin(&payload);
    if (!error)
        error = print_token(o, key, &payload);
    jwk_free(key);
    buf_free(&text);
    buf_free(&payload);
    return error;
}

static bool read_options(int argc, char **argv, struct options *o)
{
    const struct {
        const char *name;
        const char **value;
    } table[] = {{"--generate", &o->generate}, {"--kid", &o->kid}, {"--key", &o->key}, {"--header", &o->header}};
    for (int i = 1; i < argc; i++) {
        const char **value = NULL;
        for (size_t j = 0; j < sizeof table / sizeof table[0]; j++)
            if (strcmp(argv[i], table[j].name) == 0)
                value = table[j].value;
        o->public = o->public || strcmp(argv[i], "--public") == 0;
        if (value && argv[i + 1])
            *value = argv[++i];
        else if (strcmp(argv[i], "--public") != 0)
            return false;
    }
    return (o->generate != NULL) + (o->key != NULL) + o->public == 1;
}

int main(int argc, char **argv)
{
    struct options o = {0};
    if (!read_options(argc, argv, &o))
        return usage();
    int error = secret_init();
    if (!error)
        error = o.generate ? generate(&o) : o.public ? print_public() : sign(&o);
    return error ? complain("failed", error) : 0;
}
