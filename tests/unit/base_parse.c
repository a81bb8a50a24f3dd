#include "unit.h"

#include "base/b64.h"
#include "base/clock.h"
#include "base/error.h"
#include "base/parse.h"

START_TEST(number_is_digits_and_nothing_else)
{
    static const char *const bad[] = {"", " 5", "5 ", "+5", "-1", "1e3", "0x10", "05", "5\n", "٣", "1.0", "00"};
    uint64_t n = 7;
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        ck_assert_msg(parse_u64(span_of(bad[i]), UINT64_MAX, &n) == LK_SYNTAX, "'%s'", bad[i]);
    ck_assert_uint_eq(n, 7);
    ck_assert_int_eq(parse_u64(span_of("0"), 10, &n), 0);
    ck_assert_uint_eq(n, 0);
    ck_assert_int_eq(parse_u64(span_of("18446744073709551615"), UINT64_MAX, &n), 0);
    ck_assert_uint_eq(n, UINT64_MAX);
}
END_TEST

START_TEST(number_over_its_maximum_is_too_large)
{
    uint64_t n = 7;
    ck_assert_int_eq(parse_u64(span_of("11"), 10, &n), LK_TOO_LARGE);
    ck_assert_int_eq(parse_u64(span_of("18446744073709551616"), UINT64_MAX, &n), LK_TOO_LARGE);
    ck_assert_int_eq(parse_u64(span_of("184467440737095516150"), UINT64_MAX, &n), LK_TOO_LARGE);
    ck_assert_int_eq(parse_u64(span_of("99999999999999999999999999999999"), 5, &n), LK_TOO_LARGE);
    ck_assert_uint_eq(n, 7);
    ck_assert_int_eq(parse_u64(span_of("10"), 10, &n), 0);
}
END_TEST

START_TEST(duration_needs_a_unit)
{
    static const char *const bad[] = {"", "s", "10", "10 s", "-1s", "1w", "1.5h", "1h30m", "s10", "01s", "4000d", "1S"};
    int64_t t = -1;
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        ck_assert_msg(parse_duration(span_of(bad[i]), &t) == LK_SYNTAX, "'%s'", bad[i]);
    ck_assert_int_eq(t, -1);
    ck_assert_int_eq(parse_duration(span_of("0"), &t), 0);
    ck_assert_int_eq(t, 0);
    ck_assert_int_eq(parse_duration(span_of("90s"), &t), 0);
    ck_assert_int_eq(t, 90);
    ck_assert_int_eq(parse_duration(span_of("15m"), &t), 0);
    ck_assert_int_eq(t, 900);
    ck_assert_int_eq(parse_duration(span_of("12h"), &t), 0);
    ck_assert_int_eq(t, 43200);
    ck_assert_int_eq(parse_duration(span_of("30d"), &t), 0);
    ck_assert_int_eq(t, 2592000);
}
END_TEST

START_TEST(hex_is_whole_bytes)
{
    uint8_t out[4];
    size_t n = 9;
    ck_assert_int_eq(parse_hex(span_of("abc"), out, 4, &n), LK_SYNTAX);
    ck_assert_int_eq(parse_hex(span_of("0g"), out, 4, &n), LK_SYNTAX);
    ck_assert_int_eq(parse_hex(span_of("0011223344"), out, 4, &n), LK_TOO_LARGE);
    ck_assert_int_eq(parse_hex(span_of("00fFA5"), out, 4, &n), 0);
    ck_assert_uint_eq(n, 3);
    ck_assert_mem_eq(out, "\x00\xff\xa5", 3);
}
END_TEST

START_TEST(yes_and_no_are_the_only_booleans)
{
    bool b = true;
    ck_assert_int_eq(parse_bool(span_of("true"), &b), LK_SYNTAX);
    ck_assert_int_eq(parse_bool(span_of("1"), &b), LK_SYNTAX);
    ck_assert_int_eq(parse_bool(span_of("no"), &b), 0);
    ck_assert(!b);
    ck_assert_int_eq(parse_bool(span_of("yes"), &b), 0);
    ck_assert(b);
}
END_TEST

START_TEST(origin_is_scheme_host_and_port)
{
    static const char *const good[] = {"https://example.org", "http://localhost:8080", "http://127.0.0.1:1",
                                       "http://[::1]:8080", "https://a-b.example.org"};
    static const char *const bad[] = {"",
                                      "null",
                                      "*",
                                      "https://",
                                      "https://example.org/",
                                      "https://Example.org",
                                      "ftp://example.org",
                                      "https://example.org:0",
                                      "https://example.org:65536",
                                      "https://example.org:",
                                      "https://a@example.org",
                                      "https://example.org:80:80",
                                      "https://exa mple.org",
                                      "http://[::1"};
    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++)
        ck_assert_msg(parse_is_origin(span_of(good[i])), "%s", good[i]);
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        ck_assert_msg(!parse_is_origin(span_of(bad[i])), "%s", bad[i]);
    ck_assert(!parse_is_origin((struct span){"https://y\0s", 11}));
}
END_TEST

START_TEST(identifier_has_no_foreign_characters)
{
    ck_assert(parse_is_ident(span_of("a-B_9"), 5));
    ck_assert(!parse_is_ident(span_of("a-B_9x"), 5));
    ck_assert(!parse_is_ident(span_of(""), 5));
    ck_assert(!parse_is_ident(span_of("a.b"), 5));
    ck_assert(parse_has_control(span_of("a\rb")));
    ck_assert(parse_has_control(span_of("a\x7f")));
    ck_assert(!parse_has_control(span_of("aé b")));
}
END_TEST

START_TEST(span_gives_every_part)
{
    struct span rest = span_of("a,,b"), part;
    ck_assert(span_next(&rest, ',', &part) && span_equals(part, "a"));
    ck_assert(span_next(&rest, ',', &part) && span_equals(part, ""));
    ck_assert(span_next(&rest, ',', &part) && span_equals(part, "b"));
    ck_assert(!span_next(&rest, ',', &part));
    ck_assert(span_equals(span_trim(span_of(" \tx y\t ")), "x y"));
}
END_TEST

/* RFC 4648 section 10, without padding. */
START_TEST(base64url_has_the_vectors_of_rfc4648)
{
    static const char *const v[][2] = {
        {"", ""},           {"f", "Zg"},          {"fo", "Zm8"},          {"foo", "Zm9v"},
        {"foob", "Zm9vYg"}, {"fooba", "Zm9vYmE"}, {"foobar", "Zm9vYmFy"}, {"\xfb\xff\xfe", "-__-"}};
    for (size_t i = 0; i < sizeof v / sizeof v[0]; i++) {
        char text[16];
        uint8_t bytes[16];
        size_t n = 99;
        b64_encode(v[i][0], strlen(v[i][0]), text);
        ck_assert_str_eq(text, v[i][1]);
        ck_assert_int_eq(b64_decode(span_of(v[i][1]), bytes, sizeof bytes, &n), 0);
        ck_assert_uint_eq(n, strlen(v[i][0]));
        ck_assert_mem_eq(bytes, v[i][0], n);
    }
}
END_TEST

START_TEST(base64url_refuses_every_foreign_form)
{
    static const char *const bad[] = {"Zg==", "Zg=", "Z", "Zm9vY", "Zm 9", "Zm9\n", "+//+", "Zh", "Zm9", "Zm9v\r"};
    uint8_t out[16];
    size_t n = 99;
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        ck_assert_msg(b64_decode(span_of(bad[i]), out, sizeof out, &n) == LK_SYNTAX, "'%s'", bad[i]);
    ck_assert_int_eq(b64_decode((struct span){"Zg\0A", 4}, out, sizeof out, &n), LK_SYNTAX);
    ck_assert_int_eq(b64_decode(span_of("Zm9v"), out, 2, &n), LK_TOO_LARGE);
    ck_assert_uint_eq(n, 99);
}
END_TEST

START_TEST(every_character_outside_the_alphabet_is_refused)
{
    size_t accepted = 0, n;
    uint8_t out[4];
    for (int c = 0; c < 256; c++) {
        char text[4] = {'A', 'A', 'A', (char)c};
        accepted += b64_decode((struct span){text, 4}, out, sizeof out, &n) == 0;
    }
    ck_assert_uint_eq(accepted, 64);
}
END_TEST

START_TEST(dates_are_right_across_the_calendar)
{
    static const struct {
        int64_t t;
        const char *text;
    } v[] = {{0, "1970-01-01T00:00:00Z"},          {951782400, "2000-02-29T00:00:00Z"},
             {1709251199, "2024-02-29T23:59:59Z"}, {1709251200, "2024-03-01T00:00:00Z"},
             {4107542400, "2100-03-01T00:00:00Z"}, {253402300799, "9999-12-31T23:59:59Z"},
             {-5, "1970-01-01T00:00:00Z"},         {INT64_MAX, "9999-12-31T23:59:59Z"}};
    char out[CLOCK_HTTP_SIZE];
    for (size_t i = 0; i < sizeof v / sizeof v[0]; i++) {
        clock_rfc3339(v[i].t, out);
        ck_assert_str_eq(out, v[i].text);
    }
    clock_http(784111777, out); /* RFC 9110 5.6.7 */
    ck_assert_str_eq(out, "Sun, 06 Nov 1994 08:49:37 GMT");
}
END_TEST

UNIT_MAIN("base_parse", number_is_digits_and_nothing_else, number_over_its_maximum_is_too_large, duration_needs_a_unit,
          hex_is_whole_bytes, yes_and_no_are_the_only_booleans, origin_is_scheme_host_and_port,
          identifier_has_no_foreign_characters, span_gives_every_part, base64url_has_the_vectors_of_rfc4648,
          base64url_refuses_every_foreign_form, every_character_outside_the_alphabet_is_refused,
          dates_are_right_across_the_calendar)
