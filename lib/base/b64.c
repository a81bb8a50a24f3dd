#include "base/b64.h"

#include "base/error.h"

static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

void b64_encode(const void *bytes, size_t n, char *out)
{
    const uint8_t *in = bytes;
    uint32_t bits = 0;
    unsigned have = 0;
    for (size_t i = 0; i < n; i++) {
        bits = bits << 8 | in[i];
        for (have += 8; have >= 6; have -= 6)
            *out++ = alphabet[bits >> (have - 6) & 63];
    }
    if (have)
        *out++ = alphabet[bits << (6 - have) & 63];
    *out = '\0';
}

int b64_add(struct buf *out, const void *bytes, size_t n)
{
    char *to = buf_reserve(out, B64_ENCODED(n));
    if (!to)
        return out->error;
    b64_encode(bytes, n, to);
    buf_grew(out, B64_ENCODED(n));
    return 0;
}

static int value_of(char c)
{
    if (c >= 'A' && c <= 'Z')
        return c - 'A';
    if (c >= 'a' && c <= 'z')
        return c - 'a' + 26;
    if (c >= '0' && c <= '9')
        return c - '0' + 52;
    if (c == '-')
        return 62;
    return c == '_' ? 63 : -1;
}

int b64_decode(struct span s, uint8_t *out, size_t cap, size_t *n)
{
    if (s.n % 4 == 1)
        return LK_SYNTAX;
    if (B64_DECODED(s.n) > cap)
        return LK_TOO_LARGE;
    uint32_t bits = 0;
    unsigned have = 0;
    size_t done = 0;
    for (size_t i = 0; i < s.n; i++) {
        int value = value_of(s.p[i]);
        if (value < 0)
            return LK_SYNTAX;
        bits = bits << 6 | (uint32_t)value;
        have += 6;
        if (have >= 8) {
            have -= 8;
            out[done++] = (uint8_t)(bits >> have);
        }
    }
    if (bits & ((1U << have) - 1))
        return LK_SYNTAX;
    *n = done;
    return 0;
}

int b64_decode_add(struct span s, struct buf *out)
{
    size_t n = 0;
    char *to = buf_reserve(out, B64_DECODED(s.n));
    if (!to)
        return out->error;
    int error = b64_decode(s, (uint8_t *)to, B64_DECODED(s.n), &n);
    if (error) {
        *to = '\0';
        return error;
    }
    buf_grew(out, n);
    return 0;
}
