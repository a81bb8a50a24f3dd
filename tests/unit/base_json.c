#include "unit.h"

#include "base/error.h"
#include "base/json.h"
#include "base/secret.h"

static int read_one(const char *text)
{
    json_t *value = NULL;
    int error = json_read(span_of(text), 1000, 4, &value);
    json_decref(value);
    return error;
}

START_TEST(json_is_strict)
{
    static const char *const bad[] = {"",
                                      "{",
                                      "{}x",
                                      "{} {}",
                                      "{\"a\":1,\"a\":2}",
                                      "{\"a\":1,\"\\u0061\":2}",
                                      "{\"a\":\"\\u0000\"}",
                                      "{\"\\u0000\":1}",
                                      "{'a':1}",
                                      "{\"a\":01}",
                                      "{\"a\":1,}",
                                      "[\"\\ud800\"]",
                                      "[\"\xc0\xaf\"]",
                                      "[\"\xff\"]",
                                      "NaN",
                                      "[1e999]",
                                      "[99999999999999999999]",
                                      "\xef\xbb\xbf{}",
                                      "[\"a\nb\"]",
                                      "// x\n{}"};
    static const char *const good[] = {
        "{}",           " {} \n",          "[]", "1", "\"x\"", "{\"a\":{\"b\":[{}]}}", "[\"\\ud83d\\ude00\"]",
        "[\"{[{[{[\"]", "[\"\\\"[[[[[[\"]"};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        ck_assert_msg(read_one(bad[i]) == LK_SYNTAX, "%s", bad[i]);
    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++)
        ck_assert_msg(read_one(good[i]) == 0, "%s", good[i]);
}
END_TEST

START_TEST(nul_byte_is_refused_wherever_it_stands)
{
    const char text[] = "{\"a\":12}";
    for (size_t at = 0; at <= sizeof text - 1; at++) {
        char with[sizeof text + 1];
        json_t *value = NULL;
        memcpy(with, text, at);
        with[at] = '\0';
        memcpy(with + at + 1, text + at, sizeof text - 1 - at);
        ck_assert_int_eq(json_read((struct span){with, sizeof text}, 1000, 4, &value), LK_SYNTAX);
    }
    ck_assert_int_eq(read_one(text), 0);
}
END_TEST

START_TEST(depth_and_size_are_bounded)
{
    json_t *value = NULL;
    ck_assert_int_eq(read_one("[[[[1]]]]"), 0);
    ck_assert_int_eq(read_one("[[[[[1]]]]]"), LK_SYNTAX);
    ck_assert_int_eq(json_read(span_of("[1,2]"), 4, 4, &value), LK_TOO_LARGE);
    ck_assert_int_eq(json_read_object(span_of("[1,2]"), 100, 4, &value), LK_SYNTAX);
    ck_assert_ptr_null(value);
}
END_TEST

START_TEST(seconds_are_integers_or_exact_reals)
{
    static const struct {
        const char *text;
        int error;
        int64_t value;
    } v[] = {{"{\"t\":0}", 0, 0},
             {"{\"t\":1700000000}", 0, 1700000000},
             {"{\"t\":1700000000.0}", 0, 1700000000},
             {"{\"t\":1.7e9}", 0, 1700000000},
             {"{\"t\":9007199254740992}", 0, 9007199254740992},
             {"{\"t\":9007199254740993}", LK_SYNTAX, 0},
             {"{\"t\":1e300}", LK_SYNTAX, 0},
             {"{\"t\":1700000000.5}", LK_SYNTAX, 0},
             {"{\"t\":-1}", LK_SYNTAX, 0},
             {"{\"t\":\"1700000000\"}", LK_SYNTAX, 0},
             {"{\"t\":null}", LK_SYNTAX, 0},
             {"{\"t\":true}", LK_SYNTAX, 0},
             {"{\"t\":[1]}", LK_SYNTAX, 0},
             {"{}", LK_NOT_FOUND, 0}};
    for (size_t i = 0; i < sizeof v / sizeof v[0]; i++) {
        json_t *object = NULL;
        int64_t t = 0;
        ck_assert_int_eq(json_read_object(span_of(v[i].text), 100, 4, &object), 0);
        ck_assert_msg(json_seconds(object, "t", &t) == v[i].error, "%s", v[i].text);
        ck_assert_int_eq(t, v[i].value);
        json_decref(object);
    }
}
END_TEST

START_TEST(json_is_written_compact_in_order)
{
    struct buf out = BUF_INIT(100), small = BUF_INIT(3);
    json_t *value = json_pack("{s:s,s:i}", "z", "é", "a", 1);
    ck_assert_int_eq(json_write(value, &out), 0);
    ck_assert_str_eq(buf_cstr(&out), "{\"z\":\"é\",\"a\":1}");
    ck_assert_int_eq(json_write(value, &small), LK_TOO_LARGE);
    json_decref(value);
    buf_free(&out);
    buf_free(&small);
}
END_TEST

static void is_written_as_jansson_does(json_t *value)
{
    struct buf out = BUF_INIT(1U << 20);
    char *expected = json_dumps(value, JSON_COMPACT | JSON_ENCODE_ANY);
    ck_assert_ptr_nonnull(expected);
    ck_assert_int_eq(json_write(value, &out), 0);
    ck_assert_str_eq(buf_cstr(&out), expected);
    free(expected);
    json_decref(value);
    buf_free(&out);
}

START_TEST(json_is_written_as_jansson_does)
{
    char text[] = "a?b\x7f\xf0\x9f\x98\x80\xe2\x80\xa8/";
    for (int c = 1; c < 0x80; c++) {
        text[1] = (char)c;
        is_written_as_jansson_does(json_string(text));
        is_written_as_jansson_does(json_pack("{s:s}", text, text));
    }
    is_written_as_jansson_does(json_stringn("a\0b", 3));
    is_written_as_jansson_does(json_pack("[[], {}, [[]], {s:{}}, b, b, n, s]", "x", 1, 0, ""));
    is_written_as_jansson_does(
        json_pack("[I, I, i, f, f, f]", (json_int_t)INT64_MIN, (json_int_t)INT64_MAX, 0, 0.1, -1e300, 3.0));
}
END_TEST

START_TEST(json_that_is_not_there_is_an_error)
{
    struct buf out = BUF_INIT(100);
    ck_assert_int_eq(json_write(NULL, &out), LK_NOMEM);
    ck_assert_int_eq(out.error, LK_NOMEM);
    buf_free(&out);
}
END_TEST

START_TEST(buffer_keeps_its_maximum)
{
    struct buf b = BUF_INIT(4);
    ck_assert_str_eq(buf_cstr(&b), "");
    ck_assert_int_eq(buf_str(&b, "abc"), 0);
    ck_assert_int_eq(buf_str(&b, "de"), LK_TOO_LARGE);
    ck_assert_str_eq(buf_cstr(&b), "abc");
    ck_assert_int_eq(buf_str(&b, "d"), LK_TOO_LARGE); /* sticky */
    buf_reset(&b);
    ck_assert_int_eq(buf_printf(&b, "%d", 1234), 0);
    ck_assert_int_eq(buf_printf(&b, "%d", 5), LK_TOO_LARGE);
    ck_assert_str_eq(buf_cstr(&b), "1234");
    buf_free(&b);
}
END_TEST

START_TEST(buffer_stays_terminated_when_it_grows)
{
    struct buf b = BUF_INIT(4096);
    ck_assert_int_eq(buf_str(&b, "abc"), 0);
    ck_assert_ptr_nonnull(buf_reserve(&b, 3000)); /* nothing is added */
    ck_assert_str_eq(buf_cstr(&b), "abc");
    ck_assert_int_eq(buf_printf(&b, "%s", "de"), 0); /* fits into what there is */
    ck_assert_str_eq(buf_cstr(&b), "abcde");
    ck_assert_int_eq(buf_printf(&b, "%*d", 4091, 7), 0); /* does not, and fills all that may be */
    ck_assert_uint_eq(strlen(buf_cstr(&b)), 4096);
    ck_assert_str_eq(buf_cstr(&b) + 4094, " 7");
    ck_assert_int_eq(buf_printf(&b, "%d", 8), LK_TOO_LARGE);
    ck_assert_str_eq(buf_cstr(&b) + 4094, " 7");
    buf_free(&b);
}
END_TEST

START_TEST(sha256_of_abc)
{
    uint8_t out[SHA256_SIZE];
    ck_assert_int_eq(secret_init(), 0);
    ck_assert_int_eq(secret_sha256(span_of("abc"), out), 0);
    ck_assert_mem_eq(out, "\xba\x78\x16\xbf\x8f\x01\xcf\xea\x41\x41\x40\xde\x5d\xae\x22\x23", 16);
    ck_assert(secret_equal("ab", "ab", 2));
    ck_assert(!secret_equal("ab", "aB", 2));
}
END_TEST

START_TEST(every_error_has_its_own_code)
{
#define CODE(name, code, text) {name, code},
    static const struct {
        int error;
        const char *code;
    } all[] = {LK_ERRORS(CODE)};
    for (size_t i = 0; i < sizeof all / sizeof all[0]; i++) {
        ck_assert_int_lt(all[i].error, 0);
        ck_assert_str_eq(lk_error_code(all[i].error), all[i].code);
        for (size_t k = 0; k < i; k++)
            ck_assert_str_ne(all[i].code, all[k].code);
    }
    ck_assert_str_eq(lk_error_code(0), "ok");
    ck_assert_str_eq(lk_error_code(5), "unknown");
}
END_TEST

UNIT_MAIN("base_json", json_is_strict, nul_byte_is_refused_wherever_it_stands, depth_and_size_are_bounded,
          seconds_are_integers_or_exact_reals, json_is_written_compact_in_order, json_is_written_as_jansson_does,
          json_that_is_not_there_is_an_error, buffer_keeps_its_maximum, buffer_stays_terminated_when_it_grows,
          sha256_of_abc, every_error_has_its_own_code)
