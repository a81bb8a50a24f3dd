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
    ck_assert_int_eq(audit_record(x->db, &x->conf, now, "exchange", "proof", "ann", "id", &x->from), 0);
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
    record(&x, NOW + (90 * DAY));
    ck_assert_int_eq(committed(&x, "SELECT count(*) FROM audit"), 6);
    record(&x, NOW + (90 * DAY) + 1);
    ck_assert_int_eq(committed(&x, "SELECT count(*) FROM audit"), 5);
    ck_assert_int_eq(committed(&x, "SELECT count(*) FROM audit WHERE at = 1800000000"), 3);
    fixture_stop(&x);
}
END_TEST

START_TEST(retention_is_what_the_configuration_says)
{
    struct fixture x;
    fixture_start(&x);
    x.conf.audit.retention = HOUR;
    record(&x, NOW);
    record(&x, NOW + HOUR);
    ck_assert_int_eq(committed(&x, "SELECT count(*) FROM audit"), 2);
    record(&x, NOW + HOUR + 1);
    ck_assert_int_eq(committed(&x, "SELECT count(*) FROM audit"), 2);
    ck_assert_int_eq(committed(&x, "SELECT count(*) FROM audit WHERE at = 1800000000"), 0);
    fixture_stop(&x);
}
END_TEST

/* ---- the chain -------------------------------------------------------------------------------------------------- */

static struct audit_state verify(struct fixture *x)
{
    struct audit_state state;
    ck_assert_int_eq(audit_verify(x->db, &state), 0);
    return state;
}

static void run(struct fixture *x, const char *sql)
{
    sqlite3 *other = NULL;
    ck_assert_int_eq(sqlite3_open(x->path, &other), SQLITE_OK);
    ck_assert_int_eq(sqlite3_exec(other, sql, NULL, NULL, NULL), SQLITE_OK);
    sqlite3_close(other);
}

START_TEST(a_table_that_nobody_touched_verifies)
{
    struct fixture x;
    fixture_start(&x);
    ck_assert_int_eq(verify(&x).rows, 0);
    for (int i = 0; i < 20; i++)
        record(&x, NOW + i);
    struct audit_state state = verify(&x);
    ck_assert_int_eq(state.broken, 0);
    ck_assert_int_eq(state.rows, 20);
    ck_assert_int_eq(state.last, 20);
    fixture_stop(&x);
}
END_TEST

START_TEST(the_first_row_that_was_touched_is_named)
{
    static const struct {
        const char *sql;
        int64_t broken;
    } cases[] = {
        {"UPDATE audit SET subject = 'bob' WHERE id = 7", 7},
        {"UPDATE audit SET at = at + 1 WHERE id = 1", 1},
        {"UPDATE audit SET actor = 'root' WHERE id = 20", 20},
        {"UPDATE audit SET event = 'exchangeproof', reason = '' WHERE id = 3", 3},
        {"DELETE FROM audit WHERE id = 7", 8},
        {"UPDATE audit SET hash = NULL, previous = NULL WHERE id = 7", 7},
        {"UPDATE audit SET hash = zeroblob(32) WHERE id = 7", 7},
        {"INSERT INTO audit SELECT 21, at, event, reason, subject, family_id, address, user_agent, request_id, actor, "
         "previous, hash FROM audit WHERE id = 20",
         21},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct fixture x;
        fixture_start(&x);
        for (int k = 0; k < 20; k++)
            record(&x, NOW + k);
        ck_assert_int_eq(verify(&x).broken, 0);
        run(&x, cases[i].sql);
        ck_assert_msg(verify(&x).broken == cases[i].broken, "%s: %lld", cases[i].sql, (long long)verify(&x).broken);
        fixture_stop(&x);
    }
}
END_TEST

START_TEST(rows_that_go_with_age_do_not_break_it)
{
    struct fixture x;
    fixture_start(&x);
    for (int i = 0; i < 20; i++)
        record(&x, NOW + i);
    for (int i = 0; i < 5; i++)
        record(&x, NOW + (90 * DAY) + HOUR);
    struct audit_state state = verify(&x);
    ck_assert_int_eq(state.rows, 15);
    ck_assert_int_eq(state.broken, 0);
    ck_assert_int_eq(state.last, 25);
    fixture_stop(&x);
}
END_TEST

START_TEST(rows_of_before_the_chain_are_counted_and_not_blamed)
{
    struct fixture x;
    fixture_start(&x);
    for (int i = 0; i < 4; i++)
        record(&x, NOW + i);
    run(&x, "UPDATE audit SET hash = NULL, previous = NULL");
    record(&x, NOW + 5);
    struct audit_state state = verify(&x);
    ck_assert_int_eq(state.unchained, 4);
    ck_assert_int_eq(state.broken, 0);
    ck_assert_int_eq(state.last, 5);
    fixture_stop(&x);
}
END_TEST

UNIT_MAIN("auth_audit", plain_text_is_kept_as_it_is, control_characters_are_dropped, what_is_not_utf8_is_dropped,
          a_long_text_is_cut_between_characters, a_row_says_what_when_who_and_from_where,
          old_rows_go_two_for_each_that_comes, retention_is_what_the_configuration_says,
          a_table_that_nobody_touched_verifies, the_first_row_that_was_touched_is_named,
          rows_that_go_with_age_do_not_break_it, rows_of_before_the_chain_are_counted_and_not_blamed)
