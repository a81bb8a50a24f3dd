#include "auth/refresh_token.h"

#include "base/b64.h"
#include "base/error.h"

#define PREFIX       "lkrt_"
#define PREFIX_SIZE  (sizeof PREFIX - 1)
#define LOOKUP_CHARS B64_ENCODED(REFRESH_LOOKUP_SIZE)
#define SECRET_CHARS B64_ENCODED(REFRESH_SECRET_SIZE)
#define DOT          (PREFIX_SIZE + LOOKUP_CHARS)

_Static_assert(DOT + 1 + SECRET_CHARS + 1 == REFRESH_TOKEN_SIZE, "the size that session.h promises");

int refresh_token_parse(struct span text, struct refresh_token *out)
{
    struct refresh_token token;
    size_t n = 0;
    if (text.n != REFRESH_TOKEN_SIZE - 1 || memcmp(text.p, PREFIX, PREFIX_SIZE) != 0 || text.p[DOT] != '.')
        return LK_SYNTAX;
    struct span lookup = {text.p + PREFIX_SIZE, LOOKUP_CHARS}, secret = {text.p + DOT + 1, SECRET_CHARS};
    if (b64_decode(lookup, token.lookup, sizeof token.lookup, &n) ||
        b64_decode(secret, token.secret, sizeof token.secret, &n))
        return LK_SYNTAX;
    *out = token;
    secret_wipe(&token, sizeof token);
    return 0;
}

void refresh_token_write(const struct refresh_token *token, char out[REFRESH_TOKEN_SIZE])
{
    memcpy(out, PREFIX, PREFIX_SIZE);
    b64_encode(token->lookup, sizeof token->lookup, out + PREFIX_SIZE);
    out[DOT] = '.';
    b64_encode(token->secret, sizeof token->secret, out + DOT + 1);
}

int refresh_token_make(const struct refresh_token *family, struct refresh_token *out)
{
    int error = secret_random(out, sizeof *out);
    if (!error && family)
        memcpy(out->lookup, family->lookup, sizeof out->lookup);
    return error;
}

int refresh_token_lookup_hash(const struct refresh_token *token, uint8_t out[SHA256_SIZE])
{
    return secret_sha256((struct span){(const char *)token->lookup, sizeof token->lookup}, out);
}
