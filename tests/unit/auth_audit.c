#include "auth/audit.h"

#include "auth_fixture.h"

static const char *kept(const char *text)
{
    static char out[ORIGIN_USER_AGENT_SIZE];
    memset(out, 'x', sizeof out);
    origin_keep(text, out, sizeof out);
    return out;
}

START_TEST(plain_text_is_kept_as_it_is)
{
    ck_assert_str_eq(kept("Mozilla/5.0 (X11; Linux x86_64) Gecko/20100101"),
                     "Mozilla/5.0 (X11; Linux x86_64) Gecko/20100101");
    ck_assert_str_eq(kept("\xc3\xa4 \xe2\x82\xac \xf0\x9f\x98\x80"), "\xc3\xa4 \xe2\x82\xac \xf0\x9f\x98\x80");
    ck_assert_str_eq(kept(""), "");
}
END_TEST

START_TEST(control_characters_are_dropped)
{
    ck_assert_str_eq(kept("a\nb\rc\td\x1b[31me\x7f"), "abcd[31me");
    ck_assert_str_eq(kept("a\xc2\x80\xc2\x9f z"), "a z");
    ck_assert_str_eq(kept("a\xc2\xa0z"), "a\xc2\xa0z");
}
END_TEST

START_TEST(what_is_not_utf8_is_dropped)
{
    ck_assert_str_eq(kept("a\xffz"), "az");
    ck_assert_str_eq(kept("a\xc0\xafz"), "az");         /* overlong */
    ck_assert_str_eq(kept("a\xe0\x80\xafz"), "az");     /* overlong */
    ck_assert_str_eq(kept("a\xed\xa0\x80z"), "az");     /* surrogate */
    ck_assert_str_eq(kept("a\xf4\x90\x80\x80z"), "az"); /* past U+10FFFF */
    ck_assert_str_eq(kept("a\xe2\x82"), "a");           /* cut off */
    ck_assert_str_eq(kept("a\xf0\x9f\x98"), "a");
    ck_assert_str_eq(kept("a\xf4\x8f\xbf\xbfz"), "a\xf4\x8f\xbf\xbfz");
}
END_TEST

START_TEST(a_long_text_is_cut_between_characters)
{
    char text[ORIGIN_USER_AGENT_SIZE + 10];
    memset(text, 'a', sizeof text);
    memcpy(text + ORIGIN_USER_AGENT_SIZE - 2, "\xc3\xa4", 3);
    ck_assert_uint_eq(strlen(kept(text)), ORIGIN_USER_AGENT_SIZE - 2);
    memcpy(text + ORIGIN_USER_AGENT_SIZE - 3, "\xc3\xa4z", 4);
    ck_assert_uint_eq(strlen(kept(text)), ORIGIN_USER_AGENT_SIZE - 1);
}
END_TEST

static void record(struct fixture *x, int64_t now)
{
    ck_assert_int_eq(db_begin_write(x->db), 0);
    ck_assert_int_eq(audit_record(x->db, now, "exchange", "proof", "ann", "id", &x->from), 0);
    ck_assert_int_eq(db_commit(x->db), 0);
}

START_TEST(a_row_says_what_when_who_and_from_where)
{
    struct fixture x;
    fixture_start(&x);
    record(&x, NOW);
    ck_assert_int_eq(committed(&x, "SELECT count(*) FROM audit WHERE at = 1800000000 AND event = 'exchange' AND "
                                   "reason = 'proof' AND subject = 'ann' AND family_id = 'id' AND "
                                   "address = '192.0.2.1' AND user_agent = 'Browser/1.0' AND request_id = 'request-1'"),
                     1);
    fixture_stop(&x);
}
END_TEST

START_TEST(old_rows_go_two_for_each_that_comes)
{
    struct fixture x;
    fixture_start(&x);
    for (int i = 0; i < 5; i++)
        record(&x, NOW);
    record(&x, NOW + AUDIT_KEEP);
    ck_assert_int_eq(committed(&x, "SELECT count(*) FROM audit"), 6);
    record(&x, NOW + AUDIT_KEEP + 1);
    ck_assert_int_eq(committed(&x, "SELECT count(*) FROM audit"), 5);
    ck_assert_int_eq(committed(&x, "SELECT count(*) FROM audit WHERE at = 1800000000"), 3);
    fixture_stop(&x);
}
END_TEST

UNIT_MAIN("auth_audit", plain_text_is_kept_as_it_is, control_characters_are_dropped, what_is_not_utf8_is_dropped,
          a_long_text_is_cut_between_characters, a_row_says_what_when_who_and_from_where,
          old_rows_go_two_for_each_that_comes)
