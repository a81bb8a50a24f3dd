#include "todo/text.h"

#include <stdint.h>

#include "base/error.h"

/* The length that a first byte announces, and the smallest code point that needs it. */
static const struct {
    uint8_t mask, lead;
    size_t bytes;
    uint32_t least;
} forms[] = {
    {0x80, 0x00, 1, 0},
    {0xe0, 0xc0, 2, 0x80},
    {0xf0, 0xe0, 3, 0x800},
    {0xf8, 0xf0, 4, 0x10000},
};
#define FORMS (sizeof forms / sizeof forms[0])

static const struct {
    uint32_t first, last;
} white_space[] = {
    {0x09, 0x0d},     {0x20, 0x20},     {0x85, 0x85},     {0xa0, 0xa0},     {0x1680, 0x1680},
    {0x2000, 0x200a}, {0x2028, 0x2029}, {0x202f, 0x202f}, {0x205f, 0x205f}, {0x3000, 0x3000},
};

static bool is_white_space(uint32_t c)
{
    for (size_t i = 0; i < sizeof white_space / sizeof white_space[0]; i++) {
        if (c >= white_space[i].first && c <= white_space[i].last)
            return true;
    }
    return false;
}

static bool is_control(uint32_t c)
{
    return c < 0x20 || (c >= 0x7f && c <= 0x9f);
}

/* Takes the first character of `*rest`, which is not empty. */
static int next_character(struct span *rest, uint32_t *out)
{
    const unsigned char *p = (const unsigned char *)rest->p;
    size_t form = 0;
    while (form < FORMS && (p[0] & forms[form].mask) != forms[form].lead)
        form++;
    if (form == FORMS || rest->n < forms[form].bytes)
        return LK_SYNTAX;
    uint32_t c = p[0] & (uint8_t)~forms[form].mask;
    for (size_t i = 1; i < forms[form].bytes; i++) {
        if ((p[i] & 0xc0) != 0x80)
            return LK_SYNTAX;
        c = c << 6 | (p[i] & 0x3f);
    }
    if (c < forms[form].least || c > 0x10ffff || (c >= 0xd800 && c <= 0xdfff))
        return LK_SYNTAX;
    rest->p += forms[form].bytes;
    rest->n -= forms[form].bytes;
    *out = c;
    return 0;
}

int text_trim(struct span s, struct span *out, size_t *characters)
{
    struct span text = {s.p, 0};
    size_t count = 0;
    size_t kept = 0;
    bool control = false; /* among the white space that may turn out to be inside */
    uint32_t c = 0;
    while (s.n) {
        const char *at = s.p;
        if (next_character(&s, &c))
            return LK_SYNTAX;
        if (is_white_space(c)) {
            control |= is_control(c) && kept;
            count += kept ? 1 : 0;
            continue;
        }
        if (control || is_control(c))
            return LK_SYNTAX;
        text.p = kept ? text.p : at;
        text.n = (size_t)(s.p - text.p);
        kept = ++count;
    }
    *out = text;
    *characters = kept;
    return 0;
}
