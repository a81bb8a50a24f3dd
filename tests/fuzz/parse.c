/* The strict parsers of lib/base: whatever is accepted is the one spelling of its value. */
#include "base/parse.h"
#include "auth/refresh_token.h"
#include "base/b64.h"
#include "base/error.h"
#include "fuzz.h"
#include "todo/due.h"
#include "todo/text.h"
#include "todo/uuid7.h"

static void base64url(struct span s)
{
    struct buf bytes = BUF_INIT(1U << 20), text = BUF_INIT(1U << 21);
    if (b64_decode_add(s, &bytes) == 0) {
        HOLDS(bytes.n == B64_DECODED(s.n));
        HOLDS(b64_add(&text, buf_cstr(&bytes), bytes.n) == 0);
        HOLDS(same(buf_all(&text), s));
    }
    buf_reset(&bytes);
    buf_reset(&text);
    HOLDS(b64_add(&text, s.p, s.n) == 0 && text.n == B64_ENCODED(s.n));
    HOLDS(b64_decode_add(buf_all(&text), &bytes) == 0);
    HOLDS(same(buf_all(&bytes), s));
    buf_free(&bytes);
    buf_free(&text);
}

static void numbers(struct span s)
{
    uint64_t n = 0;
    int64_t seconds = 0;
    bool yes = false;
    char text[32];
    if (parse_u64(s, UINT64_MAX, &n) == 0) {
        snprintf(text, sizeof text, "%llu", (unsigned long long)n);
        HOLDS(span_equals(s, text));
        HOLDS(n == 0 || parse_u64(s, n - 1, &n) == LK_TOO_LARGE);
    }
    if (parse_duration(s, &seconds) == 0)
        HOLDS(seconds >= 0 && seconds <= 3653LL * 86400);
    if (parse_bool(s, &yes) == 0)
        HOLDS(span_equals(s, yes ? "yes" : "no"));
}

static void hex(struct span s)
{
    uint8_t bytes[4096];
    size_t n = 0;
    if (parse_hex(s, bytes, sizeof bytes, &n))
        return;
    HOLDS(n == s.n / 2);
    for (size_t i = 0; i < n; i++) {
        char pair[3];
        snprintf(pair, sizeof pair, "%02x", bytes[i]);
        HOLDS((s.p[2 * i] | 32) == pair[0] || s.p[2 * i] == pair[0]);
        HOLDS((s.p[2 * i + 1] | 32) == pair[1] || s.p[2 * i + 1] == pair[1]);
    }
}

static void names(struct span s)
{
    if (parse_is_ident(s, 64) || parse_is_origin(s))
        HOLDS(!parse_has_control(s) && !memchr(s.p, ' ', s.n));
    if (parse_is_origin(s))
        HOLDS(memcmp(s.p, "http", 4) == 0 && s.n > 7 && !memchr(s.p + 8, '/', s.n - 8) && !memchr(s.p, '@', s.n));
    if (uuid7_valid(s))
        HOLDS(s.n == UUID7_SIZE - 1 && s.p[14] == '7');
}

/* The parts with their separators are the whole. */
static void parts(struct span s)
{
    struct buf whole = BUF_INIT(1U << 21);
    struct span rest = s, part;
    for (size_t i = 0; span_next(&rest, ',', &part); i++) {
        HOLDS(!part.n || !memchr(part.p, ',', part.n));
        HOLDS(i == 0 || buf_str(&whole, ",") == 0);
        HOLDS(buf_span(&whole, part) == 0);
    }
    HOLDS(same(buf_all(&whole), s));
    HOLDS(span_trim(span_trim(s)).n == span_trim(s).n);
    buf_free(&whole);
}

static void trimmed(struct span s)
{
    struct span text = {NULL, 0}, again = {NULL, 0};
    size_t characters = 0, same_characters = 0;
    if (text_trim(s, &text, &characters))
        return;
    HOLDS(text.p >= s.p && text.p + text.n <= s.p + s.n);
    HOLDS(characters <= text.n && text.n <= 4 * characters);
    HOLDS(!parse_has_control(text));
    json_t *string = json_stringn(s.p, s.n); /* Jansson judges UTF-8 too */
    HOLDS(string);
    json_decref(string);
    HOLDS(text_trim(text, &again, &same_characters) == 0);
    HOLDS(same(text, again) && characters == same_characters);
}

/* Later text, later time: only for dates, which have one spelling. */
static void due(struct span s)
{
    int64_t us = 0, next = 0;
    if (due_parse(s, &us))
        return;
    HOLDS(s.n >= 10 && s.n < DUE_SIZE && !parse_has_control(s));
    HOLDS(us >= -62135683200000000 && us < 253402387200000000); /* the years 1 to 9999, and a day for the zone */
    if (s.n == 10) {
        HOLDS(us % 86400000000 == 0);
        HOLDS(due_parse(span_of("2026-11-21"), &next) == 0 && (us < next) == (memcmp(s.p, "2026-11-21", 10) < 0));
    }
}

static void refresh_token(struct span s)
{
    struct refresh_token token;
    char text[REFRESH_TOKEN_SIZE];
    if (refresh_token_parse(s, &token))
        return;
    refresh_token_write(&token, text);
    HOLDS(span_equals(s, text));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static void (*const all[])(struct span) = {base64url, numbers, hex, names, parts, trimmed, due, refresh_token};
    for (size_t i = 0; i < sizeof all / sizeof all[0]; i++)
        all[i](input_of(data, size));
    return 0;
}
