#include "auth_fixture.h"

/* ---- rotation --------------------------------------------------------------------------------------------------- */

START_TEST(an_exchange_gives_a_session_that_is_alive)
{
    struct fixture x;
    struct session s;
    fixture_start(&x);
    ck_assert_int_eq(exchange_with(&x, "proof", "", US(NOW), &s), 0);
    ck_assert_uint_eq(strlen(s.id), SESSION_ID_SIZE - 1);
    ck_assert_uint_eq(strlen(s.refresh_token), REFRESH_TOKEN_SIZE - 1);
    ck_assert_str_eq(s.who.subject, "ann");
    ck_assert_str_eq(s.who.email, "ann@example.org");
    ck_assert_int_eq(s.auth_time, NOW - 5);
    ck_assert_int_eq(s.created_at, NOW);
    ck_assert(!s.repeated);
    ck_assert_int_eq(check(&x, s.id, "ann", NOW), 0);
    ck_assert_int_eq(check(&x, s.id, "bob", NOW), LK_SESSION_DEAD);
    ck_assert_int_eq(check(&x, "AAAAAAAAAAAAAAAAAAAAAA", "ann", NOW), LK_SESSION_DEAD);
    fixture_stop(&x);
}
END_TEST

START_TEST(rotation_keeps_who_and_when_and_changes_the_token)
{
    struct fixture x;
    struct session s, t;
    fixture_start(&x);
    ck_assert_int_eq(exchange_with(&x, "proof", "", US(NOW), &s), 0);
    ck_assert_int_eq(rotate(&x, s.refresh_token, US(NOW + 100), &t), 0);
    ck_assert_str_ne(s.refresh_token, t.refresh_token);
    ck_assert_str_eq(s.id, t.id);
    ck_assert_str_eq(t.who.subject, "ann");
    ck_assert_str_eq(t.who.email, "ann@example.org");
    ck_assert_str_eq(t.who.role, "user");
    ck_assert(t.who.email_verified);
    ck_assert_int_eq(t.auth_time, NOW - 5);
    ck_assert_int_eq(t.created_at, NOW);
    ck_assert(!t.repeated);
    ck_assert_int_eq(committed(&x, "SELECT generation FROM family"), 1);
    fixture_stop(&x);
}
END_TEST

START_TEST(retry_within_grace_returns_same_successor)
{
    struct fixture x;
    struct session s, t, again, next;
    fixture_start(&x);
    ck_assert_int_eq(exchange_with(&x, "proof", "", US(NOW), &s), 0);
    ck_assert_int_eq(rotate(&x, s.refresh_token, US(NOW + 100), &t), 0);
    ck_assert_int_eq(rotate(&x, s.refresh_token, US(NOW + 110) - 1, &again), 0);
    ck_assert_str_eq(again.refresh_token, t.refresh_token);
    ck_assert_str_eq(again.id, t.id);
    ck_assert(again.repeated);
    ck_assert_int_eq(committed(&x, "SELECT generation FROM family"), 1);
    ck_assert_int_eq(rotate(&x, again.refresh_token, US(NOW + 120), &next), 0);
    fixture_stop(&x);
}
END_TEST

START_TEST(predecessor_after_the_grace_time_ends_the_family)
{
    struct fixture x;
    struct session s, t, again;
    fixture_start(&x);
    ck_assert_int_eq(exchange_with(&x, "proof", "", US(NOW), &s), 0);
    ck_assert_int_eq(rotate(&x, s.refresh_token, US(NOW + 100), &t), 0);
    ck_assert_int_eq(rotate(&x, s.refresh_token, US(NOW + 110), &again), LK_SESSION_REUSE);
    ck_assert_int_eq(rotate(&x, t.refresh_token, US(NOW + 111), &again), LK_SESSION_DEAD);
    ck_assert_int_eq(check(&x, s.id, "ann", NOW + 111), LK_SESSION_DEAD);
    fixture_stop(&x);
}
END_TEST

START_TEST(predecessor_after_successor_was_used_ends_the_family)
{
    struct fixture x;
    struct session s, t, u, again;
    fixture_start(&x);
    ck_assert_int_eq(exchange_with(&x, "proof", "", US(NOW), &s), 0);
    ck_assert_int_eq(rotate(&x, s.refresh_token, US(NOW + 100), &t), 0);
    ck_assert_int_eq(rotate(&x, t.refresh_token, US(NOW + 101), &u), 0);
    ck_assert_int_eq(committed(&x, "SELECT count(*) FROM family WHERE ended_at IS NULL"), 1);
    ck_assert_int_eq(rotate(&x, s.refresh_token, US(NOW + 102), &again), LK_SESSION_REUSE);
    ck_assert_int_eq(committed(&x, "SELECT ended_at FROM family WHERE end_reason = 'reuse'"), NOW + 102);
    ck_assert_int_eq(committed(&x, "SELECT count(*) FROM audit WHERE event = 'reuse' AND subject = 'ann' AND "
                                   "address = '192.0.2.1' AND request_id = 'request-1'"),
                     1);
    ck_assert_int_eq(rotate(&x, u.refresh_token, US(NOW + 103), &again), LK_SESSION_DEAD);
    fixture_stop(&x);
}
END_TEST

START_TEST(a_wrong_secret_under_a_real_lookup_ends_the_family)
{
    struct fixture x;
    struct session s, t;
    fixture_start(&x);
    ck_assert_int_eq(exchange_with(&x, "proof", "", US(NOW), &s), 0);
    char forged[REFRESH_TOKEN_SIZE];
    memcpy(forged, s.refresh_token, sizeof forged);
    forged[40] = forged[40] == 'A' ? 'B' : 'A';
    ck_assert_int_eq(rotate(&x, forged, US(NOW + 1), &t), LK_SESSION_REUSE);
    ck_assert_int_eq(rotate(&x, s.refresh_token, US(NOW + 2), &t), LK_SESSION_DEAD);
    fixture_stop(&x);
}
END_TEST

START_TEST(an_unknown_token_changes_no_family)
{
    struct fixture x;
    struct session s, t;
    fixture_start(&x);
    ck_assert_int_eq(exchange_with(&x, "proof", "", US(NOW), &s), 0);
    ck_assert_int_eq(rotate(&x, "lkrt_AAECAwQFBgcICQoLDA0ODw.EBESExQVFhcYGRobHB0eHyAhIiMkJSYnKCkqKywtLi8", US(NOW), &t),
                     LK_NOT_FOUND);
    ck_assert_int_eq(rotate(&x, "lkrt_nonsense", US(NOW), &t), LK_SYNTAX);
    ck_assert_int_eq(rotate(&x, s.refresh_token, US(NOW + 1), &t), 0);
    fixture_stop(&x);
}
END_TEST

START_TEST(unknown_tokens_do_not_grow_the_database)
{
    struct fixture x;
    struct session s, t;
    char token[] = "lkrt_AAECAwQFBgcICQoLDA0ODw.EBESExQVFhcYGRobHB0eHyAhIiMkJSYnKCkqKywtLi8";
    fixture_start(&x);
    ck_assert_int_eq(exchange_with(&x, "proof", "", US(NOW), &s), 0);
    for (int i = 0; i < AUDIT_UNKNOWN_KEPT + 10; i++)
        ck_assert_int_eq(rotate(&x, token, US(NOW + i), &t), LK_NOT_FOUND);
    ck_assert_int_eq(committed(&x, "SELECT count(*) FROM audit"), 1);
    ck_assert_int_eq(committed(&x, "SELECT count(*) FROM unknown_token"), AUDIT_UNKNOWN_KEPT);
    ck_assert_int_eq(committed(&x, "SELECT max(at) FROM unknown_token WHERE address = '192.0.2.1'"),
                     NOW + AUDIT_UNKNOWN_KEPT + 9);
    fixture_stop(&x);
}
END_TEST

START_TEST(a_retry_whose_clock_is_a_little_behind_is_inside_the_grace_time)
{
    struct fixture x;
    struct session s, t, again;
    fixture_start(&x);
    ck_assert_int_eq(exchange_with(&x, "proof", "", US(NOW), &s), 0);
    ck_assert_int_eq(rotate(&x, s.refresh_token, US(NOW + 100), &t), 0);
    ck_assert_int_eq(rotate(&x, s.refresh_token, US(NOW + 90) + 1, &again), 0);
    ck_assert_str_eq(again.refresh_token, t.refresh_token);
    ck_assert_int_eq(rotate(&x, s.refresh_token, US(NOW + 90), &again), LK_SESSION_REUSE);
    fixture_stop(&x);
}
END_TEST

START_TEST(parallel_repeats_are_all_answered_and_later_ones_are_capped)
{
    struct fixture x;
    struct session s, t, again;
    fixture_start(&x);
    ck_assert_int_eq(exchange_with(&x, "proof", "", US(NOW), &s), 0);
    ck_assert_int_eq(rotate(&x, s.refresh_token, US(NOW + 100), &t), 0);
    for (int i = 0; i < SESSION_REPEATS - 1; i++)
        ck_assert_int_eq(rotate(&x, s.refresh_token, US(NOW + 103), &again), 0);
    for (int i = 0; i < 30; i++)
        ck_assert_int_eq(rotate(&x, s.refresh_token, US(NOW + 101) + i, &again), 0);
    ck_assert_int_eq(rotate(&x, s.refresh_token, US(NOW + 104), &again), LK_LIMITED);
    ck_assert_int_eq(check(&x, s.id, "ann", NOW + 104), 0);
    ck_assert_int_eq(rotate(&x, t.refresh_token, US(NOW + 105), &again), 0);
    fixture_stop(&x);
}
END_TEST

START_TEST(no_grace_time_means_no_repeat)
{
    struct fixture x;
    struct session s, t, again;
    fixture_start(&x);
    x.conf.session.grace = 0;
    ck_assert_int_eq(exchange_with(&x, "proof", "", US(NOW), &s), 0);
    ck_assert_int_eq(rotate(&x, s.refresh_token, US(NOW + 100), &t), 0);
    ck_assert_int_eq(rotate(&x, s.refresh_token, US(NOW + 100), &again), LK_SESSION_REUSE);
    fixture_stop(&x);
}
END_TEST

/* ---- limits ----------------------------------------------------------------------------------------------------- */

START_TEST(a_session_that_is_not_refreshed_goes_idle)
{
    struct fixture x;
    struct session s, t;
    fixture_start(&x);
    ck_assert_int_eq(exchange_with(&x, "proof", "", US(NOW), &s), 0);
    ck_assert_int_eq(check(&x, s.id, "ann", NOW + 7 * DAY - 1), 0);
    ck_assert_int_eq(check(&x, s.id, "ann", NOW + 7 * DAY), LK_SESSION_DEAD);
    ck_assert_int_eq(rotate(&x, s.refresh_token, US(NOW + 7 * DAY), &t), LK_SESSION_DEAD);
    ck_assert_int_eq(rotate(&x, s.refresh_token, US(NOW + 7 * DAY) - 1, &t), 0);
    ck_assert_int_eq(check(&x, s.id, "ann", NOW + 14 * DAY - 2), 0);
    fixture_stop(&x);
}
END_TEST

START_TEST(absolute_limit_is_never_moved_by_rotation)
{
    struct fixture x;
    struct session s, t;
    fixture_start(&x);
    ck_assert_int_eq(exchange_with(&x, "proof", "", US(NOW), &s), 0);
    for (int day = 1; day < 30; day++) {
        ck_assert_int_eq(rotate(&x, s.refresh_token, US(NOW + day * DAY), &t), 0);
        ck_assert_int_eq(t.created_at, NOW);
        s = t;
    }
    ck_assert_int_eq(check(&x, s.id, "ann", NOW + 30 * DAY - 1), 0);
    ck_assert_int_eq(check(&x, s.id, "ann", NOW + 30 * DAY), LK_SESSION_DEAD);
    ck_assert_int_eq(rotate(&x, s.refresh_token, US(NOW + 30 * DAY), &t), LK_SESSION_DEAD);
    fixture_stop(&x);
}
END_TEST

START_TEST(max_age_is_the_smaller_of_both)
{
    struct fixture x;
    struct session s, t;
    fixture_start(&x);
    ck_assert_int_eq(exchange_with(&x, "proof", "", US(NOW), &s), 0);
    ck_assert_int_eq(s.cookie_max_age, 7 * DAY);
    for (int day = 5; day < 30; day += 5) {
        ck_assert_int_eq(rotate(&x, s.refresh_token, US(NOW + day * DAY), &t), 0);
        ck_assert_int_eq(t.cookie_max_age, day <= 23 ? 7 * DAY : (30 - day) * DAY);
        s = t;
    }
    ck_assert_int_eq(rotate(&x, s.refresh_token, US(NOW + 29 * DAY) + 999999, &t), 0);
    ck_assert_int_eq(t.cookie_max_age, DAY);
    fixture_stop(&x);
}
END_TEST

START_TEST(a_clock_that_was_set_back_does_not_extend_a_session)
{
    struct fixture x;
    struct session s, t;
    fixture_start(&x);
    ck_assert_int_eq(exchange_with(&x, "proof", "", US(NOW), &s), 0);
    ck_assert_int_eq(check(&x, s.id, "ann", NOW - HOUR), 0);
    ck_assert_int_eq(check(&x, s.id, "ann", NOW - HOUR - 1), LK_SESSION_DEAD);
    ck_assert_int_eq(rotate(&x, s.refresh_token, US(NOW - 2 * HOUR), &t), LK_SESSION_DEAD);
    ck_assert_int_eq(rotate(&x, s.refresh_token, US(NOW - HOUR), &t), 0);
    ck_assert_int_eq(t.cookie_max_age, 7 * DAY);
    fixture_stop(&x);
}
END_TEST

START_TEST(beyond_the_users_limit_the_one_that_was_idle_longest_ends)
{
    struct fixture x;
    struct session s[4], t;
    char proof[] = "proof0";
    fixture_start(&x);
    x.conf.session.per_user = 3;
    for (int i = 0; i < 3; i++, proof[5]++)
        ck_assert_int_eq(exchange_with(&x, proof, "", US(NOW + i), &s[i]), 0);
    ck_assert_int_eq(rotate(&x, s[0].refresh_token, US(NOW + 10), &t), 0);
    ck_assert_int_eq(exchange_with(&x, proof, "", US(NOW + 20), &s[3]), 0);
    ck_assert_int_eq(check(&x, s[0].id, "ann", NOW + 20), 0);
    ck_assert_int_eq(check(&x, s[1].id, "ann", NOW + 20), LK_SESSION_DEAD);
    ck_assert_int_eq(check(&x, s[2].id, "ann", NOW + 20), 0);
    ck_assert_int_eq(check(&x, s[3].id, "ann", NOW + 20), 0);
    ck_assert_int_eq(committed(&x, "SELECT count(*) FROM audit WHERE event = 'evict' AND subject = 'ann'"), 1);
    ck_assert_int_eq(committed(&x, "SELECT count(*) FROM family WHERE end_reason = 'evicted'"), 1);
    fixture_stop(&x);
}
END_TEST

START_TEST(the_limit_of_one_user_does_not_touch_another)
{
    struct fixture x;
    struct session s, t;
    fixture_start(&x);
    x.conf.session.per_user = 1;
    ck_assert_int_eq(exchange_with(&x, "proof1", "", US(NOW), &s), 0);
    snprintf(x.ann.subject, sizeof x.ann.subject, "bob");
    ck_assert_int_eq(exchange_with(&x, "proof2", "", US(NOW + 1), &t), 0);
    ck_assert_int_eq(check(&x, s.id, "ann", NOW + 1), 0);
    ck_assert_int_eq(check(&x, t.id, "bob", NOW + 1), 0);
    fixture_stop(&x);
}
END_TEST

START_TEST(sessions_past_a_limit_do_not_count)
{
    struct fixture x;
    struct session s[3];
    fixture_start(&x);
    x.conf.session.per_user = 2;
    ck_assert_int_eq(exchange_with(&x, "proof1", "", US(NOW), &s[0]), 0);
    ck_assert_int_eq(exchange_with(&x, "proof2", "", US(NOW + 6 * DAY), &s[1]), 0);
    ck_assert_int_eq(exchange_with(&x, "proof3", "", US(NOW + 8 * DAY), &s[2]), 0);
    ck_assert_int_eq(check(&x, s[1].id, "ann", NOW + 8 * DAY), 0);
    ck_assert_int_eq(committed(&x, "SELECT count(*) FROM audit WHERE event = 'evict'"), 0);
    fixture_stop(&x);
}
END_TEST

/* ---- a lock that is not free ------------------------------------------------------------------------------------ */

START_TEST(when_the_database_is_busy_nothing_happens_and_the_token_stays_good)
{
    struct fixture x;
    struct session s, t;
    struct buf fault = BUF_INIT(256);
    struct db *impatient = NULL;
    fixture_start(&x);
    ck_assert_int_eq(exchange_with(&x, "proof", "", US(NOW), &s), 0);
    ck_assert_int_eq(db_open(x.path, 0, &impatient, &fault), 0);
    ck_assert_int_eq(db_begin_write(x.db), 0);
    ck_assert_int_eq(session_rotate(impatient, &x.conf, span_of(s.refresh_token), &x.from, US(NOW + 1), &t), LK_BUSY);
    ck_assert_int_eq(session_end(impatient, &x.conf, span_of(s.refresh_token), &x.from, US(NOW + 1), NULL), LK_BUSY);
    ck_assert_int_eq(
        session_create(impatient, &x.conf, &x.ann, span_of("p2"), span_of(""), &x.from, US(NOW + 1), "", &t), LK_BUSY);
    db_rollback(x.db);
    ck_assert_int_eq(session_rotate(impatient, &x.conf, span_of(s.refresh_token), &x.from, US(NOW + 1), &t), 0);
    ck_assert_int_eq(committed(&x, "SELECT generation FROM family"), 1);
    db_close(impatient);
    buf_free(&fault);
    fixture_stop(&x);
}
END_TEST

/* ---- reasons and notices ---------------------------------------------------------------------------------------- */

static void end_with(struct fixture *x, const char *id, const char *reason)
{
    ck_assert_int_eq(db_begin_write(x->db), 0);
    ck_assert_int_eq(db_exec(x->db, "UPDATE family SET ended_at = 1, end_reason = $2 WHERE id = $1",
                             DB_ARGS(db_text(id), db_text(reason)), NULL),
                     0);
    ck_assert_int_eq(db_commit(x->db), 0);
}

START_TEST(the_holder_of_a_dead_session_is_told_why)
{
    static const char *const reasons[] = {"logout", "revoked", "reuse", "evicted"};
    struct fixture x;
    struct session s, t, none;
    char proof[16];
    fixture_start(&x);
    for (size_t i = 0; i < sizeof reasons / sizeof reasons[0]; i++) {
        snprintf(proof, sizeof proof, "proof%zu", i);
        ck_assert_int_eq(exchange_with(&x, proof, "", US(NOW), &s), 0);
        ck_assert_int_eq(rotate(&x, s.refresh_token, US(NOW), &t), 0);
        end_with(&x, s.id, reasons[i]);
        ck_assert_int_eq(rotate(&x, t.refresh_token, US(NOW), &none), LK_SESSION_DEAD);
        ck_assert_str_eq(none.reason, reasons[i]);
        ck_assert_int_eq(rotate(&x, s.refresh_token, US(NOW), &none), LK_SESSION_DEAD); /* the one before */
        ck_assert_str_eq(none.reason, reasons[i]);
    }
    ck_assert_int_eq(exchange_with(&x, "idle", "", US(NOW), &s), 0);
    ck_assert_int_eq(rotate(&x, s.refresh_token, US(NOW + 7 * DAY), &none), LK_SESSION_DEAD);
    ck_assert_str_eq(none.reason, "idle");
    ck_assert_int_eq(rotate(&x, s.refresh_token, US(NOW + 30 * DAY), &none), LK_SESSION_DEAD);
    ck_assert_str_eq(none.reason, "absolute");
    fixture_stop(&x);
}
END_TEST

START_TEST(who_held_an_older_or_a_forged_token_is_told_nothing)
{
    struct fixture x;
    struct session s, t, u, none = {.reason = "untouched"};
    struct refresh_token forged;
    char text[REFRESH_TOKEN_SIZE];
    fixture_start(&x);
    ck_assert_int_eq(exchange_with(&x, "proof", "", US(NOW), &s), 0);
    ck_assert_int_eq(rotate(&x, s.refresh_token, US(NOW), &t), 0);
    ck_assert_int_eq(rotate(&x, t.refresh_token, US(NOW), &u), 0);
    end_with(&x, s.id, "logout");
    ck_assert_int_eq(rotate(&x, s.refresh_token, US(NOW), &none), LK_SESSION_DEAD);
    ck_assert_ptr_null(none.reason);
    ck_assert_int_eq(refresh_token_parse(span_of(u.refresh_token), &forged), 0);
    forged.secret[0] ^= 1;
    refresh_token_write(&forged, text);
    ck_assert_int_eq(rotate(&x, text, US(NOW), &none), LK_SESSION_DEAD);
    ck_assert_ptr_null(none.reason);
    end_with(&x, s.id, "a word of another version");
    ck_assert_int_eq(rotate(&x, u.refresh_token, US(NOW), &none), LK_STORE); /* longer than any of ours */
    end_with(&x, s.id, "other");
    ck_assert_int_eq(rotate(&x, u.refresh_token, US(NOW), &none), LK_SESSION_DEAD);
    ck_assert_ptr_null(none.reason);
    fixture_stop(&x);
}
END_TEST

START_TEST(after_reuse_the_next_exchange_tells_when_and_which_device)
{
    struct fixture x;
    struct session s, t, u;
    fixture_start(&x);
    x.from.user_agent = "Mozilla/5.0 (X11; Linux x86_64) Gecko/20100101 Firefox/128.0";
    ck_assert_int_eq(exchange_with(&x, "p1", "", US(NOW), &s), 0);
    ck_assert_int_eq(s.notice_at, 0);
    ck_assert_int_eq(rotate(&x, s.refresh_token, US(NOW + 1), &t), 0);
    ck_assert_int_eq(rotate(&x, t.refresh_token, US(NOW + 2), &u), 0);
    x.from.user_agent = "thief";
    ck_assert_int_eq(rotate(&x, s.refresh_token, US(NOW + 60), &u), LK_SESSION_REUSE);
    struct identity ann = x.ann;
    snprintf(x.ann.subject, sizeof x.ann.subject, "bob");
    ck_assert_int_eq(exchange_with(&x, "p2", "", US(NOW + 70), &u), 0);
    ck_assert_int_eq(u.notice_at, 0);
    x.ann = ann;
    ck_assert_int_eq(exchange_with(&x, "p3", "", US(NOW + 70), &u), 0);
    ck_assert_int_eq(u.notice_at, NOW + 60);
    ck_assert_str_eq(u.notice_device, "Firefox on Linux");
    ck_assert_int_eq(exchange_with(&x, "p3", "", US(NOW + 71), &t), 0); /* the answer was lost */
    ck_assert(t.repeated);
    ck_assert_int_eq(t.notice_at, NOW + 60);
    ck_assert_int_eq(exchange_with(&x, "p4", "", US(NOW + 72), &t), 0); /* once is enough */
    ck_assert_int_eq(t.notice_at, 0);
    ck_assert_int_eq(rotate(&x, u.refresh_token, US(NOW + 73), &t), 0);
    ck_assert_int_eq(t.notice_at, 0);
    fixture_stop(&x);
}
END_TEST

UNIT_MAIN("auth_session", an_exchange_gives_a_session_that_is_alive, rotation_keeps_who_and_when_and_changes_the_token,
          retry_within_grace_returns_same_successor, predecessor_after_the_grace_time_ends_the_family,
          predecessor_after_successor_was_used_ends_the_family, a_wrong_secret_under_a_real_lookup_ends_the_family,
          an_unknown_token_changes_no_family, unknown_tokens_do_not_grow_the_database,
          a_retry_whose_clock_is_a_little_behind_is_inside_the_grace_time,
          parallel_repeats_are_all_answered_and_later_ones_are_capped, no_grace_time_means_no_repeat,
          a_session_that_is_not_refreshed_goes_idle, absolute_limit_is_never_moved_by_rotation,
          max_age_is_the_smaller_of_both, a_clock_that_was_set_back_does_not_extend_a_session,
          beyond_the_users_limit_the_one_that_was_idle_longest_ends, the_limit_of_one_user_does_not_touch_another,
          sessions_past_a_limit_do_not_count, when_the_database_is_busy_nothing_happens_and_the_token_stays_good,
          the_holder_of_a_dead_session_is_told_why, who_held_an_older_or_a_forged_token_is_told_nothing,
          after_reuse_the_next_exchange_tells_when_and_which_device)
