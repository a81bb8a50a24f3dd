#include "auth_fixture.h"

/* ---- the proof -------------------------------------------------------------------------------------------------- */

START_TEST(proof_is_good_once)
{
    struct fixture x;
    struct session s, t;
    fixture_start(&x);
    ck_assert_int_eq(exchange_with(&x, "proof", "", US(NOW), &s), 0);
    ck_assert_int_eq(exchange_with(&x, "proof", "", US(NOW + 10), &t), LK_PROOF_USED);
    ck_assert_int_eq(exchange_with(&x, "another", "", US(NOW + 10), &t), 0);
    ck_assert_int_eq(committed(&x, "SELECT count(*) FROM family"), 2);
    ck_assert_int_eq(committed(&x, "SELECT count(*) FROM audit WHERE event = 'refuse' AND reason = 'proof_used'"), 1);
    fixture_stop(&x);
}
END_TEST

START_TEST(a_refused_proof_ends_no_session)
{
    struct fixture x;
    struct session s, t;
    fixture_start(&x);
    ck_assert_int_eq(exchange_with(&x, "proof", "", US(NOW), &s), 0);
    ck_assert_int_eq(exchange_with(&x, "proof", s.refresh_token, US(NOW + 60), &t), LK_PROOF_USED);
    ck_assert_int_eq(rotate(&x, s.refresh_token, US(NOW + 61), &t), 0);
    fixture_stop(&x);
}
END_TEST

START_TEST(a_lost_answer_of_exchange_is_sent_again)
{
    struct fixture x;
    struct session s, t, u;
    fixture_start(&x);
    ck_assert_int_eq(exchange_with(&x, "proof", "", US(NOW), &s), 0);
    ck_assert_int_eq(exchange_with(&x, "proof", "", US(NOW + 10) - 1, &t), 0);
    ck_assert(t.repeated);
    ck_assert_str_eq(s.refresh_token, t.refresh_token);
    ck_assert_str_eq(s.id, t.id);
    ck_assert_int_eq(committed(&x, "SELECT count(*) FROM family"), 1);
    ck_assert_int_eq(committed(&x, "SELECT count(*) FROM audit WHERE event = 'repeat' AND reason = 'proof'"), 1);
    ck_assert_int_eq(rotate(&x, t.refresh_token, US(NOW + 11), &u), 0);
    fixture_stop(&x);
}
END_TEST

START_TEST(a_proof_whose_session_was_used_gives_nothing_more)
{
    struct fixture x;
    struct session s, t, u;
    fixture_start(&x);
    ck_assert_int_eq(exchange_with(&x, "proof", "", US(NOW), &s), 0);
    ck_assert_int_eq(rotate(&x, s.refresh_token, US(NOW + 1), &t), 0);
    ck_assert_int_eq(exchange_with(&x, "proof", "", US(NOW + 2), &u), LK_PROOF_USED);
    ck_assert_int_eq(rotate(&x, t.refresh_token, US(NOW + 3), &u), 0);
    fixture_stop(&x);
}
END_TEST

START_TEST(a_proof_cannot_bring_back_a_session_that_was_logged_out)
{
    struct fixture x;
    struct session s, t;
    fixture_start(&x);
    ck_assert_int_eq(exchange_with(&x, "proof", "", US(NOW), &s), 0);
    ck_assert_int_eq(session_end(x.db, &x.conf, span_of(s.refresh_token), &x.from, US(NOW + 1), NULL), 0);
    ck_assert_int_eq(exchange_with(&x, "proof", "", US(NOW + 2), &t), LK_PROOF_USED);
    fixture_stop(&x);
}
END_TEST

START_TEST(repeats_of_a_proof_are_capped_too)
{
    struct fixture x;
    struct session s, t;
    fixture_start(&x);
    ck_assert_int_eq(exchange_with(&x, "proof", "", US(NOW), &s), 0);
    for (int i = 0; i < SESSION_REPEATS; i++)
        ck_assert_int_eq(exchange_with(&x, "proof", "", US(NOW + 3), &t), 0);
    ck_assert_int_eq(exchange_with(&x, "proof", "", US(NOW + 3), &t), LK_LIMITED);
    ck_assert_int_eq(rotate(&x, s.refresh_token, US(NOW + 4), &t), 0);
    fixture_stop(&x);
}
END_TEST

START_TEST(a_used_proof_is_remembered_until_no_verifier_would_take_it)
{
    struct fixture x;
    struct session s;
    char proof[] = "proof0";
    fixture_start(&x);
    ck_assert_int_eq(exchange_with(&x, "proof", "", US(NOW), &s), 0);
    x.ann.expires_at = NOW + 100 * DAY;
    int64_t usable = NOW + 895 + 60;
    ck_assert_int_eq(exchange_with(&x, proof, "", US(usable), &s), 0);
    ck_assert_int_eq(exchange_with(&x, "proof", "", US(usable), &s), LK_PROOF_USED);
    proof[5]++;
    ck_assert_int_eq(exchange_with(&x, proof, "", US(usable + HOUR), &s), 0);
    ck_assert_int_eq(committed(&x, "SELECT count(*) FROM proof"), 3);
    proof[5]++;
    ck_assert_int_eq(exchange_with(&x, proof, "", US(usable + HOUR + 1), &s), 0);
    ck_assert_int_eq(committed(&x, "SELECT count(*) FROM proof"), 3);
    fixture_stop(&x);
}
END_TEST

/* ---- replacing and logout --------------------------------------------------------------------------------------- */

START_TEST(a_fresh_exchange_ends_the_family_whose_cookie_came_with_it)
{
    struct fixture x;
    struct session old, other, fresh, t;
    fixture_start(&x);
    ck_assert_int_eq(exchange_with(&x, "proof1", "", US(NOW), &old), 0);
    ck_assert_int_eq(exchange_with(&x, "proof2", "not a token", US(NOW + 1), &other), 0);
    ck_assert_int_eq(exchange_with(&x, "proof3", old.refresh_token, US(NOW + 2), &fresh), 0);
    ck_assert_int_eq(rotate(&x, old.refresh_token, US(NOW + 3), &t), LK_SESSION_REPLACED);
    ck_assert_int_eq(rotate(&x, other.refresh_token, US(NOW + 3), &t), 0);
    ck_assert_int_eq(rotate(&x, fresh.refresh_token, US(NOW + 3), &t), 0);
    ck_assert_int_eq(committed(&x, "SELECT count(*) FROM family WHERE end_reason = 'replaced'"), 1);
    ck_assert_int_eq(committed(&x, "SELECT count(*) FROM audit WHERE event = 'replace'"), 1);
    fixture_stop(&x);
}
END_TEST

START_TEST(after_a_fresh_exchange_the_old_cookie_clears_nothing)
{
    struct fixture x;
    struct session s, t, u;
    fixture_start(&x);
    ck_assert_int_eq(exchange_with(&x, "one", "", US(NOW), &s), 0);
    ck_assert_int_eq(session_end(x.db, &x.conf, span_of(s.refresh_token), &x.from, US(NOW + 1), NULL), 0);
    ck_assert_int_eq(rotate(&x, s.refresh_token, US(NOW + 2), &u), LK_SESSION_DEAD);
    ck_assert_int_eq(exchange_with(&x, "two", s.refresh_token, US(NOW + 3), &t), 0);
    ck_assert_int_eq(rotate(&x, s.refresh_token, US(NOW + 4), &u), LK_SESSION_REPLACED); /* another tab, too late */
    ck_assert_int_eq(rotate(&x, t.refresh_token, US(NOW + 5), &u), 0);
    fixture_stop(&x);
}
END_TEST

START_TEST(a_retried_exchange_does_not_end_its_own_family)
{
    struct fixture x;
    struct session s, t;
    fixture_start(&x);
    ck_assert_int_eq(exchange_with(&x, "proof", "", US(NOW), &s), 0);
    ck_assert_int_eq(exchange_with(&x, "proof", s.refresh_token, US(NOW + 1), &t), 0);
    ck_assert_int_eq(rotate(&x, t.refresh_token, US(NOW + 2), &s), 0);
    fixture_stop(&x);
}
END_TEST

START_TEST(logout_ends_the_family_by_its_current_or_an_older_token)
{
    struct fixture x;
    struct session s, t, u;
    char id[SESSION_ID_SIZE];
    fixture_start(&x);
    ck_assert_int_eq(exchange_with(&x, "proof1", "", US(NOW), &s), 0);
    ck_assert_int_eq(session_end(x.db, &x.conf, span_of(s.refresh_token), &x.from, US(NOW + 1), id), 0);
    ck_assert_str_eq(id, s.id);
    ck_assert_int_eq(rotate(&x, s.refresh_token, US(NOW + 2), &t), LK_SESSION_DEAD);
    ck_assert_int_eq(exchange_with(&x, "proof2", "", US(NOW), &s), 0);
    ck_assert_int_eq(rotate(&x, s.refresh_token, US(NOW + 60), &t), 0);
    ck_assert_int_eq(rotate(&x, t.refresh_token, US(NOW + 120), &u), 0);
    ck_assert_int_eq(session_end(x.db, &x.conf, span_of(s.refresh_token), &x.from, US(NOW + 180), id), 0);
    ck_assert_str_eq(id, s.id);
    ck_assert_int_eq(check(&x, s.id, "ann", NOW + 180), LK_SESSION_DEAD);
    ck_assert_int_eq(committed(&x, "SELECT count(*) FROM audit WHERE event = 'logout'"), 2);
    fixture_stop(&x);
}
END_TEST

START_TEST(logout_is_idempotent)
{
    struct fixture x;
    struct session s;
    char id[SESSION_ID_SIZE];
    fixture_start(&x);
    ck_assert_int_eq(exchange_with(&x, "proof1", "", US(NOW), &s), 0);
    ck_assert_int_eq(session_end(x.db, &x.conf, span_of(s.refresh_token), &x.from, US(NOW + 1), id), 0);
    ck_assert_int_eq(session_end(x.db, &x.conf, span_of(s.refresh_token), &x.from, US(NOW + 2), id), 0);
    ck_assert_str_eq(id, "");
    ck_assert_int_eq(session_end(x.db, &x.conf, span_of("nonsense"), &x.from, US(NOW + 3), id), 0);
    ck_assert_int_eq(session_end(x.db, &x.conf, span_of(""), &x.from, US(NOW + 3), NULL), 0);
    ck_assert_int_eq(committed(&x, "SELECT ended_at FROM family"), NOW + 1);
    fixture_stop(&x);
}
END_TEST

UNIT_MAIN("auth_exchange", proof_is_good_once, a_refused_proof_ends_no_session, a_lost_answer_of_exchange_is_sent_again,
          a_proof_whose_session_was_used_gives_nothing_more, a_proof_cannot_bring_back_a_session_that_was_logged_out,
          repeats_of_a_proof_are_capped_too, a_used_proof_is_remembered_until_no_verifier_would_take_it,
          a_fresh_exchange_ends_the_family_whose_cookie_came_with_it,
          after_a_fresh_exchange_the_old_cookie_clears_nothing, a_retried_exchange_does_not_end_its_own_family,
          logout_ends_the_family_by_its_current_or_an_older_token, logout_is_idempotent)
