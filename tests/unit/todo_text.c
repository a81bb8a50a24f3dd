#include "unit.h"

#include "base/error.h"
#include "todo/text.h"

#define TEXT(literal) ((struct span){literal, sizeof(literal) - 1})

static void keeps(struct span s, const char *expected, size_t characters)
{
    struct span out;
    size_t n = 99;
    ck_assert_int_eq(text_trim(s, &out, &n), 0);
    ck_assert_msg(span_equals(out, expected), "%.*s", (int)out.n, out.p);
    ck_assert_uint_eq(n, characters);
}

static bool refuses(struct span s)
{
    struct span out;
    size_t n = 0;
    return text_trim(s, &out, &n) == LK_SYNTAX;
}

START_TEST(counts_characters_and_not_bytes)
{
    keeps(TEXT("abc"), "abc", 3);
    keeps(TEXT("h\xc3\xa9"), "h\xc3\xa9", 2);
    keeps(TEXT("\xe6\x97\xa5\xe6\x9c\xac"), "\xe6\x97\xa5\xe6\x9c\xac", 2);
    keeps(TEXT("\xf0\x9f\x98\x80!"), "\xf0\x9f\x98\x80!", 2);
    keeps(TEXT(""), "", 0);
}
END_TEST

/* Each character with White_Space=yes in PropList.txt, and neighbours that have it not. */
START_TEST(every_white_space_goes_from_both_ends)
{
    static const char *const white[] = {
        "\t",           "\n",           "\v",           "\f",           "\r",           " ",
        "\xc2\x85",     "\xc2\xa0",     "\xe1\x9a\x80", "\xe2\x80\x80", "\xe2\x80\x81", "\xe2\x80\x82",
        "\xe2\x80\x83", "\xe2\x80\x84", "\xe2\x80\x85", "\xe2\x80\x86", "\xe2\x80\x87", "\xe2\x80\x88",
        "\xe2\x80\x89", "\xe2\x80\x8a", "\xe2\x80\xa8", "\xe2\x80\xa9", "\xe2\x80\xaf", "\xe2\x81\x9f",
        "\xe3\x80\x80",
    };
    static const char *const not_white[] = {"\xe2\x80\x8b", "\xe2\x80\xa7", "\xe2\x80\xb0", "\xc2\xa1", "\xef\xbb\xbf"};
    char text[32];
    for (size_t i = 0; i < sizeof white / sizeof white[0]; i++) {
        snprintf(text, sizeof text, "%s%sa b%s ", white[i], white[i], white[i]);
        keeps(span_of(text), "a b", 3);
        keeps(span_of(white[i]), "", 0);
    }
    for (size_t i = 0; i < sizeof not_white / sizeof not_white[0]; i++)
        keeps(span_of(not_white[i]), not_white[i], 1);
}
END_TEST

START_TEST(controls_inside_are_refused)
{
    ck_assert(refuses(TEXT("a\tb")));
    ck_assert(refuses(TEXT("a \n b")));
    ck_assert(refuses(TEXT("a\x00"
                           "b")));
    ck_assert(refuses(TEXT("\x00")));
    ck_assert(refuses(TEXT("\x01")));
    ck_assert(refuses(TEXT("a\x1f")));
    ck_assert(refuses(TEXT("a\x7f")));
    ck_assert(refuses(TEXT("a\xc2\x80")));
    ck_assert(refuses(TEXT("a\xc2\x85z"))); /* NEL, also white space */
    ck_assert(refuses(TEXT("a\xc2\x9f")));
    keeps(TEXT("a~"), "a~", 2);
    keeps(TEXT("a\xc2\xa0z"), "a\xc2\xa0z", 3);
    keeps(TEXT("a\xe2\x80\xa8z"), "a\xe2\x80\xa8z", 3); /* a line separator is no control */
}
END_TEST

START_TEST(only_utf8_is_taken)
{
    static const char *const wrong[] = {
        "\x80",
        "\xbf",
        "\xc3",
        "\xc3(",
        "\xc0\xaf",
        "\xc1\xbf",
        "\xe0\x80\xaf",
        "\xe0\x9f\xbf",
        "\xe2\x82",
        "\xed\xa0\x80",
        "\xed\xbf\xbf",
        "\xf0\x80\x80\xaf",
        "\xf0\x8f\xbf\xbf",
        "\xf4\x90\x80\x80",
        "\xf7\xbf\xbf\xbf",
        "\xf0\x9f\x98",
        "\xf8\x88\x80\x80\x80",
        "\xfe",
        "\xff",
    };
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++)
        ck_assert_msg(refuses(span_of(wrong[i])), "%zu", i);
    keeps(TEXT("\xed\x9f\xbf"), "\xed\x9f\xbf", 1);
    keeps(TEXT("\xee\x80\x80"), "\xee\x80\x80", 1);
    keeps(TEXT("\xf4\x8f\xbf\xbf"), "\xf4\x8f\xbf\xbf", 1);
    keeps(TEXT("\xf0\x90\x80\x80"), "\xf0\x90\x80\x80", 1);
    keeps(TEXT("\xe0\xa0\x80"), "\xe0\xa0\x80", 1);
}
END_TEST

START_TEST(lines_may_have_tabs_and_line_ends_only)
{
    size_t n = 0;
    ck_assert_int_eq(text_count(span_of("a\tb\r\n\xc3\xa9"), &n), 0);
    ck_assert_uint_eq(n, 6);
    ck_assert_int_eq(text_count(span_of(""), &n), 0);
    ck_assert_uint_eq(n, 0);
    static const char *const bad[] = {"\x1b", "a\x0b", "\x7f", "\xc2\x80", "\xff", "\xed\xa0\x80", "\xc0\xaf"};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        ck_assert_int_eq(text_count(span_of(bad[i]), &n), LK_SYNTAX);
}
END_TEST

START_TEST(case_is_folded_in_every_script_that_has_it)
{
    static const struct {
        const char *text, *folded;
    } texts[] = {
        {"ABYZ az @[`{", "abyz az @[`{"},
        {"ÀÖØÞ×÷ßÿŸ", "àöøþ×÷ßÿÿ"},
        {"ĀāŽžǅǄ", "āāžžǆǆ"},
        {"ΑΩΣςσ Ά", "αωσσσ ά"},
        {"АЯЁЏ яё", "аяёџ яё"},
        {"ԱՖ", "աֆ"},
        {"Ａｚ", "ａｚ"},
        {"ẞ Ạ", "ß ạ"},
        {"日本語 ไทย עברית العربية 😀", "日本語 ไทย עברית العربية 😀"},
    };
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        struct buf out = BUF_INIT(200);
        ck_assert_int_eq(text_fold(span_of(texts[i].text), &out), 0);
        ck_assert_str_eq(buf_cstr(&out), texts[i].folded);
        buf_free(&out);
    }
    struct buf out = BUF_INIT(3);
    ck_assert_int_eq(text_fold(span_of("\xff"), &out), LK_SYNTAX);
    ck_assert_int_eq(text_fold(span_of("abcd"), &out), LK_TOO_LARGE);
    buf_free(&out);
}
END_TEST

UNIT_MAIN("todo_text", counts_characters_and_not_bytes, every_white_space_goes_from_both_ends,
          controls_inside_are_refused, only_utf8_is_taken, lines_may_have_tabs_and_line_ends_only,
          case_is_folded_in_every_script_that_has_it)
