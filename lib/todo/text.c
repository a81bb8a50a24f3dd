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

static bool is_line_control(uint32_t c)
{
    return c == '\t' || c == '\n' || c == '\r';
}

int text_count(struct span s, size_t *characters)
{
    size_t count = 0;
    uint32_t c = 0;
    for (; s.n; count++)
        if (next_character(&s, &c) || (is_control(c) && !is_line_control(c)))
            return LK_SYNTAX;
    *characters = count;
    return 0;
}

/* ---- case folding ----------------------------------------------------------------------------------------------- */

/* Letters `first` to `last`, `step` apart, become those `shift` further on. */
static const struct fold {
    uint32_t first, last;
    int step, shift;
} folds[] = {
    {0x41, 0x5a, 1, 32},        {0xb5, 0xb5, 1, 775},      {0xc0, 0xd6, 1, 32},        {0xd8, 0xde, 1, 32},
    {0x100, 0x12e, 2, 1},       {0x132, 0x136, 2, 1},      {0x139, 0x147, 2, 1},       {0x14a, 0x176, 2, 1},
    {0x178, 0x178, 1, -121},    {0x179, 0x17d, 2, 1},      {0x17f, 0x17f, 1, -268},    {0x181, 0x181, 1, 210},
    {0x182, 0x184, 2, 1},       {0x186, 0x186, 1, 206},    {0x187, 0x187, 1, 1},       {0x189, 0x18a, 1, 205},
    {0x18b, 0x18b, 1, 1},       {0x18e, 0x18e, 1, 79},     {0x18f, 0x18f, 1, 202},     {0x190, 0x190, 1, 203},
    {0x191, 0x191, 1, 1},       {0x193, 0x193, 1, 205},    {0x194, 0x194, 1, 207},     {0x196, 0x196, 1, 211},
    {0x197, 0x197, 1, 209},     {0x198, 0x198, 1, 1},      {0x19c, 0x19c, 1, 211},     {0x19d, 0x19d, 1, 213},
    {0x19f, 0x19f, 1, 214},     {0x1a0, 0x1a4, 2, 1},      {0x1a6, 0x1a6, 1, 218},     {0x1a7, 0x1a7, 1, 1},
    {0x1a9, 0x1a9, 1, 218},     {0x1ac, 0x1ac, 1, 1},      {0x1ae, 0x1ae, 1, 218},     {0x1af, 0x1af, 1, 1},
    {0x1b1, 0x1b2, 1, 217},     {0x1b3, 0x1b5, 2, 1},      {0x1b7, 0x1b7, 1, 219},     {0x1b8, 0x1b8, 1, 1},
    {0x1bc, 0x1bc, 1, 1},       {0x1c4, 0x1c4, 1, 2},      {0x1c5, 0x1c5, 1, 1},       {0x1c7, 0x1c7, 1, 2},
    {0x1c8, 0x1c8, 1, 1},       {0x1ca, 0x1ca, 1, 2},      {0x1cb, 0x1db, 2, 1},       {0x1de, 0x1ee, 2, 1},
    {0x1f1, 0x1f1, 1, 2},       {0x1f2, 0x1f4, 2, 1},      {0x1f6, 0x1f6, 1, -97},     {0x1f7, 0x1f7, 1, -56},
    {0x1f8, 0x21e, 2, 1},       {0x220, 0x220, 1, -130},   {0x222, 0x232, 2, 1},       {0x23a, 0x23a, 1, 10795},
    {0x23b, 0x23b, 1, 1},       {0x23d, 0x23d, 1, -163},   {0x23e, 0x23e, 1, 10792},   {0x241, 0x241, 1, 1},
    {0x243, 0x243, 1, -195},    {0x244, 0x244, 1, 69},     {0x245, 0x245, 1, 71},      {0x246, 0x24e, 2, 1},
    {0x370, 0x372, 2, 1},       {0x376, 0x376, 1, 1},      {0x37f, 0x37f, 1, 116},     {0x386, 0x386, 1, 38},
    {0x388, 0x38a, 1, 37},      {0x38c, 0x38c, 1, 64},     {0x38e, 0x38f, 1, 63},      {0x391, 0x3a1, 1, 32},
    {0x3a3, 0x3ab, 1, 32},      {0x3c2, 0x3c2, 1, 1},      {0x3cf, 0x3cf, 1, 8},       {0x3d0, 0x3d0, 1, -30},
    {0x3d1, 0x3d1, 1, -25},     {0x3d5, 0x3d5, 1, -15},    {0x3d6, 0x3d6, 1, -22},     {0x3d8, 0x3ee, 2, 1},
    {0x3f0, 0x3f0, 1, -54},     {0x3f1, 0x3f1, 1, -48},    {0x3f4, 0x3f4, 1, -60},     {0x3f5, 0x3f5, 1, -64},
    {0x3f7, 0x3f7, 1, 1},       {0x3f9, 0x3f9, 1, -7},     {0x3fa, 0x3fa, 1, 1},       {0x3fd, 0x3ff, 1, -130},
    {0x400, 0x40f, 1, 80},      {0x410, 0x42f, 1, 32},     {0x460, 0x480, 2, 1},       {0x48a, 0x4be, 2, 1},
    {0x4c0, 0x4c0, 1, 15},      {0x4c1, 0x4cd, 2, 1},      {0x4d0, 0x52e, 2, 1},       {0x531, 0x556, 1, 48},
    {0x10a0, 0x10c5, 1, 7264},  {0x10c7, 0x10c7, 1, 7264}, {0x10cd, 0x10cd, 1, 7264},  {0x1c90, 0x1cba, 1, -3008},
    {0x1cbd, 0x1cbf, 1, -3008}, {0x1e00, 0x1e94, 2, 1},    {0x1e9b, 0x1e9b, 1, -58},   {0x1e9e, 0x1e9e, 1, -7615},
    {0x1ea0, 0x1efe, 2, 1},     {0x1f08, 0x1f0f, 1, -8},   {0x1f18, 0x1f1d, 1, -8},    {0x1f28, 0x1f2f, 1, -8},
    {0x1f38, 0x1f3f, 1, -8},    {0x1f48, 0x1f4d, 1, -8},   {0x1f59, 0x1f5f, 2, -8},    {0x1f68, 0x1f6f, 1, -8},
    {0x1f88, 0x1f8f, 1, -8},    {0x1f98, 0x1f9f, 1, -8},   {0x1fa8, 0x1faf, 1, -8},    {0x1fb8, 0x1fb9, 1, -8},
    {0x1fba, 0x1fbb, 1, -74},   {0x1fbc, 0x1fbc, 1, -9},   {0x1fbe, 0x1fbe, 1, -7173}, {0x1fc8, 0x1fcb, 1, -86},
    {0x1fcc, 0x1fcc, 1, -9},    {0x1fd8, 0x1fd9, 1, -8},   {0x1fda, 0x1fdb, 1, -100},  {0x1fe8, 0x1fe9, 1, -8},
    {0x1fea, 0x1feb, 1, -112},  {0x1fec, 0x1fec, 1, -7},   {0x1ff8, 0x1ff9, 1, -128},  {0x1ffa, 0x1ffb, 1, -126},
    {0x1ffc, 0x1ffc, 1, -9},    {0xff21, 0xff3a, 1, 32},
};

static uint32_t fold(uint32_t c)
{
    size_t low = 0, high = sizeof folds / sizeof folds[0];
    while (low < high) {
        size_t middle = (low + high) / 2;
        const struct fold *f = &folds[middle];
        if (c < f->first)
            high = middle;
        else if (c > f->last)
            low = middle + 1;
        else
            return (c - f->first) % (uint32_t)f->step ? c : (uint32_t)((int64_t)c + f->shift);
    }
    return c;
}

static int add_character(struct buf *out, uint32_t c)
{
    char bytes[4];
    size_t n = 1;
    while (n < FORMS && c >= forms[n].least)
        n++;
    for (size_t i = n; i-- > 1; c >>= 6)
        bytes[i] = (char)(0x80 | (c & 0x3f));
    bytes[0] = (char)(forms[n - 1].lead | c);
    return buf_add(out, bytes, n);
}

int text_fold(struct span s, struct buf *out)
{
    uint32_t c = 0;
    int error = 0;
    while (!error && s.n) {
        error = next_character(&s, &c);
        if (!error)
            error = add_character(out, fold(c));
    }
    return error;
}
