/* jws-check --jwks FILE [--raw ALG] < LINES
 * One verdict per line of input: "valid ALG KID" or "invalid REASON" (a code of lk_error_code).
 * Without --raw a line is a compact JWS; KID is what its header says, "-" when it says none. No claim is checked.
 * With --raw a line is HEXMESSAGE HEXSIGNATURE, "-" for an empty one, for the set's first key of that algorithm.
 * Exit: 0 all valid, 1 some line is not, 2 unusable arguments or set. */
#include "base/error.h"
#include "base/file.h"
#include "base/parse.h"
#include "base/secret.h"
#include "jose/jws.h"

#define LINE_MAX_BYTES (16U << 20)

struct check {
    const char *file;
    const struct jwa *raw; /* NULL: compact JWS */
    struct jwks *set;
    const struct jwk *key; /* for raw */
    int refusal;           /* why there is no such key */
};

struct verdict {
    int error;
    const struct jwa *alg;
    char kid[JWK_KID_MAX + 1];
};

static int complain(const char *what, const char *detail)
{
    fprintf(stderr, "jws-check: %s%s%s\n", what, detail ? ": " : "", detail ? detail : "");
    return 2;
}

static int read_arguments(int argc, char **argv, struct check *c)
{
    const char *raw = NULL;
    for (int i = 1; i < argc; i += 2) {
        const char **value = strcmp(argv[i], "--jwks") == 0 ? &c->file : strcmp(argv[i], "--raw") == 0 ? &raw : NULL;
        if (!value || *value || !argv[i + 1])
            return complain("usage: jws-check --jwks FILE [--raw ALG] < LINES", NULL);
        *value = argv[i + 1];
    }
    if (!c->file)
        return complain("usage: jws-check --jwks FILE [--raw ALG] < LINES", NULL);
    c->raw = raw ? jwa_find(span_of(raw)) : NULL;
    return raw && !c->raw ? complain("unknown algorithm", raw) : 0;
}

static void note_refusal(void *context, size_t index, const char *kid, int reason)
{
    struct check *c = context;
    (void)index, (void)kid;
    if (!c->refusal)
        c->refusal = reason;
}

static int read_set(struct check *c)
{
    struct buf text = BUF_INIT(JWKS_MAX_BYTES);
    int error = file_read(c->file, FILE_ANY, &text, NULL);
    if (!error)
        error = jwks_parse(buf_all(&text), c->raw ? note_refusal : NULL, c, &c->set);
    buf_free(&text);
    if (error)
        return complain(c->file, lk_error_text(error));
    if (c->raw && jwks_first(c->set, c->raw, &c->key) && !c->refusal)
        c->refusal = LK_JWS_NO_KEY;
    return 0;
}

/* False at the end. A line over the limit is read to its end and leaves line->error set. */
static bool read_line(FILE *in, struct buf *line)
{
    int c = EOF;
    bool any = false;
    buf_reset(line);
    while ((c = getc_unlocked(in)) != EOF && c != '\n') {
        char byte = (char)c;
        any = true;
        if (!line->error)
            buf_add(line, &byte, 1);
    }
    return any || c == '\n';
}

static int judge_token(struct span token, struct check *c, struct verdict *v)
{
    struct jws jws;
    int error = jws_parse(token, JWA_ALL, &jws);
    if (!error)
        error = jws_verify(&jws, c->set);
    if (error)
        return error;
    v->alg = jws.alg;
    memcpy(v->kid, jws.kid, sizeof v->kid);
    return 0;
}

static int unhex(struct span hex, struct buf *out)
{
    size_t n = 0;
    if (hex.n == 0)
        return LK_SYNTAX;
    if (span_equals(hex, "-"))
        return 0;
    char *to = buf_reserve(out, hex.n / 2);
    int error = to ? parse_hex(hex, (uint8_t *)to, hex.n / 2, &n) : out->error;
    if (!error)
        buf_grew(out, n);
    return error;
}

static int judge_raw(struct span line, struct check *c, struct verdict *v)
{
    struct span message = {0}, rest = line;
    struct buf bytes = BUF_INIT(LINE_MAX_BYTES), signature = BUF_INIT(LINE_MAX_BYTES);
    int error = LK_SYNTAX;
    if (memchr(line.p, ' ', line.n) && span_next(&rest, ' ', &message))
        error = unhex(message, &bytes);
    if (!error)
        error = unhex(rest, &signature);
    if (!error)
        error = c->key ? jwk_verify(c->key, c->raw, buf_all(&bytes), buf_all(&signature)) : c->refusal;
    buf_free(&bytes);
    buf_free(&signature);
    if (error)
        return error;
    v->alg = c->raw;
    memcpy(v->kid, jwk_kid(c->key), strlen(jwk_kid(c->key)) + 1);
    return 0;
}

static int judge(const struct buf *line, struct check *c, struct verdict *v)
{
    if (line->error)
        return line->error;
    struct span text = {buf_cstr(line), line->n};
    return c->raw ? judge_raw(text, c, v) : judge_token(text, c, v);
}

static int run(struct check *c)
{
    int worst = 0;
    struct buf line = BUF_INIT(LINE_MAX_BYTES);
    while (read_line(stdin, &line)) {
        struct verdict v = {0};
        v.error = judge(&line, c, &v);
        if (v.error)
            printf("invalid %s\n", lk_error_code(v.error));
        else
            printf("valid %s %s\n", v.alg->name, v.kid[0] ? v.kid : "-");
        worst = v.error ? 1 : worst;
    }
    buf_free(&line);
    return ferror(stdin) || fflush(stdout) || ferror(stdout) ? complain("input or output failed", NULL) : worst;
}

int main(int argc, char **argv)
{
    struct check c = {0};
    setvbuf(stdout, NULL, _IOLBF, 0);
    if (secret_init())
        return complain("OpenSSL does not start", NULL);
    int status = read_arguments(argc, argv, &c);
    if (!status)
        status = read_set(&c);
    if (!status)
        status = run(&c);
    if (c.set)
        jwks_free(c.set);
    return status;
}
