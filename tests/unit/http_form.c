#include "base/error.h"
#include "http/request.h"
#include "unit.h"

static struct buf value;

static int get(const char *form, const char *name)
{
    value = BUF_INIT(64);
    return form_get(span_of(form), name, &value);
}

START_TEST(values_are_decoded)
{
    static const struct {
        const char *form, *value;
    } cases[] = {
        {"a=1", "1"},
        {"a=", ""},
        {"a", ""},
        {"b=2&a=1", "1"},
        {"a=1&b=2", "1"},
        {"a=x+y", "x y"},
        {"a=x%20y", "x y"},
        {"a=%2B", "+"},
        {"a=%2b", "+"},
        {"a=1=2", "1=2"},
        {"a=%26b=3", "&b=3"},
        {"%61=1", "1"},
        {"&&a=1&", "1"},
        {"A=2&a=1", "1"},
        {"a=%C3%A9", "\xc3\xa9"},
        {"aa=2&a=1&a%20=3", "1"},
        {"a=%25%33%31", "%31"},
        {"a=x%0Ay", "x\ny"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        ck_assert_msg(get(cases[i].form, "a") == 0, "%s", cases[i].form);
        ck_assert_str_eq(buf_cstr(&value), cases[i].value);
        buf_free(&value);
    }
}
END_TEST

START_TEST(malformed_coding_is_refused_wherever_it_stands)
{
    static const char *const bad[] = {"a=%",     "a=%4",    "a=%zz",  "a=%4g",   "a=%-1",      "a=% 1",
                                      "a=%+1",   "a=%0x",   "a=%00",  "a=x%00y", "a=1&b=%",    "b=%4&a=1",
                                      "a=1&%=2", "a=1&%00", "a=x\ny", "a=x\x7f", "a=1&b=\x01", "a=1&b=%00"};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        ck_assert_msg(get(bad[i], "a") == LK_SYNTAX, "%s", bad[i]);
        ck_assert_uint_eq(value.n, 0);
    }
}
END_TEST

START_TEST(nothing_is_read_beyond_the_form)
{
    value = BUF_INIT(64);
    ck_assert_int_eq(form_get((struct span){"a=%41", 4}, "a", &value), LK_SYNTAX);
    ck_assert_int_eq(form_get((struct span){"a=%41", 3}, "a", &value), LK_SYNTAX);
    ck_assert_int_eq(form_get((struct span){"a=%41b", 5}, "a", &value), 0);
    ck_assert_str_eq(buf_cstr(&value), "A");
    buf_free(&value);
}
END_TEST

START_TEST(a_raw_nul_is_refused)
{
    value = BUF_INIT(64);
    ck_assert_int_eq(form_get((struct span){"a=x\0y", 5}, "a", &value), LK_SYNTAX);
    ck_assert_int_eq(form_get((struct span){"a=x", 3}, "a", &value), 0);
    buf_free(&value);
}
END_TEST

START_TEST(a_name_twice_is_refused)
{
    ck_assert_int_eq(get("a=1&a=2", "a"), LK_SYNTAX);
    ck_assert_int_eq(get("a=1&a=1", "a"), LK_SYNTAX);
    ck_assert_int_eq(get("a=1&%61=1", "a"), LK_SYNTAX);
    ck_assert_int_eq(get("a&b&a", "a"), LK_SYNTAX);
    ck_assert_uint_eq(value.n, 0);
    ck_assert_int_eq(get("a=1&b=2&b=2", "a"), 0);
    buf_free(&value);
}
END_TEST

START_TEST(an_absent_name_is_not_found)
{
    static const char *const without[] = {"", "&", "b=1", "aa=1", "A=1", "=a", "b=a"};
    for (size_t i = 0; i < sizeof without / sizeof without[0]; i++)
        ck_assert_msg(get(without[i], "a") == LK_NOT_FOUND, "%s", without[i]);
    ck_assert_int_eq(form_get((struct span){NULL, 0}, "a", &value), LK_NOT_FOUND);
}
END_TEST

START_TEST(a_value_over_the_limit_is_refused)
{
    value = BUF_INIT(4);
    ck_assert_int_eq(form_get(span_of("a=1234"), "a", &value), 0);
    ck_assert_str_eq(buf_cstr(&value), "1234");
    buf_free(&value);
    value = BUF_INIT(4);
    ck_assert_int_eq(form_get(span_of("a=12345"), "a", &value), LK_TOO_LARGE);
    ck_assert_uint_eq(value.n, 0);
}
END_TEST

struct seen {
    char text[200];
    int stop_at;
};

static int see(void *context, struct span key, struct span text)
{
    struct seen *seen = context;
    size_t n = strlen(seen->text);
    snprintf(seen->text + n, sizeof seen->text - n, "[%.*s|%.*s]", (int)key.n, key.p, (int)text.n, text.p);
    return --seen->stop_at == 0 ? LK_EXISTS : 0;
}

START_TEST(each_pair_is_given_in_order)
{
    struct seen seen = {.text = ""};
    ck_assert_int_eq(form_each(span_of("a=1&b=%26+x&a=&c"), see, &seen), 0);
    ck_assert_str_eq(seen.text, "[a|1][b|& x][a|][c|]");
}
END_TEST

START_TEST(pairs_end_where_the_caller_or_the_text_says)
{
    struct seen seen = {.text = "", .stop_at = 2};
    ck_assert_int_eq(form_each(span_of("a=1&b=2&c=3"), see, &seen), LK_EXISTS);
    ck_assert_str_eq(seen.text, "[a|1][b|2]");
    seen = (struct seen){.text = ""};
    ck_assert_int_eq(form_each(span_of("a=1&b=%zz&c=3"), see, &seen), LK_SYNTAX);
    ck_assert_str_eq(seen.text, "[a|1]");
}
END_TEST

UNIT_MAIN("http_form", values_are_decoded, malformed_coding_is_refused_wherever_it_stands,
          nothing_is_read_beyond_the_form, a_raw_nul_is_refused, a_name_twice_is_refused, an_absent_name_is_not_found,
          a_value_over_the_limit_is_refused, each_pair_is_given_in_order, pairs_end_where_the_caller_or_the_text_says)
