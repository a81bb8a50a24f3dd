#include "unit.h"

#include "http/precondition.h"

#define ETAG "\"1-5\""

static int judge(enum method method, const char *if_match, const char *if_none_match)
{
    struct request req = {.method = method, .if_match = if_match, .if_none_match = if_none_match};
    return precondition(&req, ETAG);
}

START_TEST(etag_is_a_quoted_number_of_its_format)
{
    char etag[ETAG_SIZE];
    etag_write(1, 5, etag);
    ck_assert_str_eq(etag, ETAG);
    etag_write(2147483647, INT64_MIN, etag);
    ck_assert_str_eq(etag, "\"2147483647--9223372036854775808\"");
}
END_TEST

START_TEST(listed_tags_are_found)
{
    static const char *const lists[] = {
        ETAG, "*", ("\"x\", " ETAG), ("\"x\"," ETAG ",\"y\""), (" " ETAG " , \"\""), ("\"a,b\", " ETAG)};
    for (size_t i = 0; i < sizeof lists / sizeof lists[0]; i++)
        ck_assert_msg(etag_listed(lists[i], ETAG, false), "%s", lists[i]);
}
END_TEST

START_TEST(others_and_malformed_lists_are_not)
{
    static const char *const lists[] = {"",   "\"1-6\"",   "1-5",       "\"1-5",     "1-5\"",
                                        "**", "\"\"1-5\"", (ETAG ETAG), ("x " ETAG), "'1-5'"};
    for (size_t i = 0; i < sizeof lists / sizeof lists[0]; i++) {
        bool first = strcmp(lists[i], ETAG ETAG) == 0;
        ck_assert_msg(!etag_listed(lists[i], ETAG, true) || first, "%s", lists[i]);
    }
}
END_TEST

START_TEST(weak_tags_count_only_where_they_may)
{
    ck_assert(etag_listed("W/" ETAG, ETAG, true));
    ck_assert(!etag_listed("W/" ETAG, ETAG, false));
    ck_assert(etag_listed("W/\"x\", " ETAG, ETAG, false));
}
END_TEST

START_TEST(if_match_is_412_unless_it_matches)
{
    ck_assert_int_eq(judge(METHOD_PATCH, ETAG, ""), 0);
    ck_assert_int_eq(judge(METHOD_PATCH, "*", ""), 0);
    ck_assert_int_eq(judge(METHOD_PATCH, "", ""), 0);
    ck_assert_int_eq(judge(METHOD_PATCH, "\"1-4\"", ""), 412);
    ck_assert_int_eq(judge(METHOD_PATCH, "rubbish", ""), 412);
    ck_assert_int_eq(judge(METHOD_GET, "\"1-4\"", ETAG), 412);
}
END_TEST

START_TEST(if_none_match_is_304_for_a_read_and_412_for_a_write)
{
    ck_assert_int_eq(judge(METHOD_GET, "", ETAG), 304);
    ck_assert_int_eq(judge(METHOD_HEAD, "", "W/" ETAG), 304);
    ck_assert_int_eq(judge(METHOD_GET, ETAG, "*"), 304);
    ck_assert_int_eq(judge(METHOD_PUT, "", "*"), 412);
    ck_assert_int_eq(judge(METHOD_PUT, "", "\"1-4\""), 0);
    ck_assert_int_eq(judge(METHOD_GET, "", "\"1-4\""), 0);
    ck_assert_int_eq(judge(METHOD_GET, "", ""), 0);
}
END_TEST

START_TEST(preferences_are_a_list_with_parameters)
{
    struct request req = {.prefer = "respond-async, Return=Minimal; foo=bar"};
    ck_assert(prefers(&req, "return=minimal"));
    ck_assert(!prefers(&req, "return=representation"));
    ck_assert(!prefers(&req, "foo=bar"));
    req.prefer = "return = \"minimal\" ;x";
    ck_assert(prefers(&req, "return=minimal"));
    req.prefer = "return=representation, return=minimal";
    ck_assert(!prefers(&req, "return=minimal"));
    ck_assert(prefers(&req, "return=representation"));
    static const char *const others[] = {
        "return=minimalist", "return", "return=", "=minimal", "minimal", "return=\"minimal"};
    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++) {
        req.prefer = others[i];
        ck_assert_msg(!prefers(&req, "return=minimal"), "%s", others[i]);
    }
    req.prefer = "";
    ck_assert(!prefers(&req, "return=minimal"));
}
END_TEST

UNIT_MAIN("http_precondition", etag_is_a_quoted_number_of_its_format, listed_tags_are_found,
          others_and_malformed_lists_are_not, weak_tags_count_only_where_they_may, if_match_is_412_unless_it_matches,
          if_none_match_is_304_for_a_read_and_412_for_a_write, preferences_are_a_list_with_parameters)
