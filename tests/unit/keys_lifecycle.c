#include "unit.h"

#include "keys_history.h"

static enum key_state state_of(const char *kid)
{
    return history_find(&h, kid)->state;
}

START_TEST(first_key_is_active_and_second_is_standby)
{
    begin();
    ck_assert_str_eq(history_in_state(&h, KEY_ACTIVE)->kid, "A");
    ck_assert_str_eq(history_in_state(&h, KEY_PUBLISHED)->kid, "B");
    ck_assert_ptr_null(history_in_state(&h, KEY_RETIRED));
}
END_TEST

START_TEST(standby_signs_only_when_every_verifier_knows_it)
{
    int64_t opens = 0, gate = P + 10 + 100 + 5;
    begin();
    ck_assert_int_eq(history_rotate(&h, false, gate - 1, &opens), LK_TOO_EARLY);
    ck_assert_int_eq(opens, gate);
    ck_assert_int_eq(state_of("A"), KEY_ACTIVE);
    ck_assert_int_eq(history_rotate(&h, false, gate, &opens), 0);
    ck_assert_int_eq(state_of("A"), KEY_RETIRED);
    ck_assert_int_eq(state_of("B"), KEY_ACTIVE);
    ck_assert_int_eq(history_find(&h, "A")->retired, gate);
    ck_assert_int_eq(history_find(&h, "B")->activated, gate);
}
END_TEST

START_TEST(force_overrides_the_gate)
{
    int64_t opens = 0;
    begin();
    ck_assert_int_eq(history_rotate(&h, true, P, &opens), 0);
    ck_assert_int_eq(state_of("B"), KEY_ACTIVE);
}
END_TEST

START_TEST(rotation_without_a_standby_is_refused)
{
    int64_t opens = 0;
    begin();
    history_discard(history_find(&h, "B"), P);
    ck_assert_int_eq(history_rotate(&h, true, P + 1000, &opens), LK_NOT_FOUND);
    ck_assert_int_eq(state_of("A"), KEY_ACTIVE);
}
END_TEST

START_TEST(retired_key_leaves_when_its_last_token_has_expired)
{
    int64_t opens = 0, gate = P + 5000 + 10 + 30 + 900 + 60 + 5;
    begin();
    ck_assert_int_eq(history_rotate(&h, false, P + 5000, &opens), 0);
    ck_assert_uint_eq(history_expire(&h, gate - 1), 0);
    ck_assert_int_eq(state_of("A"), KEY_RETIRED);
    ck_assert_uint_eq(history_expire(&h, gate), 1);
    ck_assert_int_eq(state_of("A"), KEY_REMOVED);
    ck_assert_int_eq(history_find(&h, "A")->ended, gate);
    ck_assert_int_eq(state_of("B"), KEY_ACTIVE);
}
END_TEST

/* Which durations each gate counts: V, D, C, A/B, T, L, F, S in the order of the struct. */
START_TEST(each_gate_counts_its_durations_and_no_others)
{
    static const bool activates[] = {false, true, true, true, false, false, false, false};
    static const bool removes[] = {false, true, false, true, true, true, true, true};
    static const bool destroys[] = {false, true, false, false, false, false, true, false};
    static const bool rotates[] = {true, false, false, false, false, false, false, false};
    for (size_t i = 0; i < 8; i++) {
        struct key_policy longer = policy;
        ((int64_t *)&longer)[i] += 7;
        begin();
        struct key_entry *a = history_find(&h, "A"), *b = history_find(&h, "B");
        int64_t before[] = {gate_activate(&h, b), gate_remove(&h, a), gate_rotate(&h, a), gate_destroy(&h, a)};
        history_raise(&h, &longer);
        ck_assert_int_eq(gate_activate(&h, b) - before[0], activates[i] ? 7 : 0);
        ck_assert_int_eq(gate_remove(&h, a) - before[1], removes[i] ? 7 : 0);
        ck_assert_int_eq(gate_rotate(&h, a) - before[2], rotates[i] ? 7 : 0);
        ck_assert_int_eq(gate_destroy(&h, a) - before[3], destroys[i] ? 7 : 0);
    }
}
END_TEST

START_TEST(lowering_a_setting_never_shortens_a_running_gate)
{
    static const struct key_policy zero = {0};
    int64_t opens = 0;
    begin();
    ck_assert_int_eq(history_rotate(&h, true, P, &opens), 0);
    ck_assert_int_eq(history_add(&h, "C", es256(), P), 0);
    int64_t activate = gate_activate(&h, history_find(&h, "C")), leave = gate_remove(&h, history_find(&h, "A"));
    history_raise(&h, &zero);
    ck_assert_int_eq(gate_activate(&h, history_find(&h, "C")), activate);
    ck_assert_int_eq(gate_remove(&h, history_find(&h, "A")), leave);
}
END_TEST

START_TEST(lowered_lag_counts_for_the_next_key_but_token_leeway_and_cache_are_marks)
{
    static const struct key_policy zero = {0};
    int64_t opens = 0;
    begin();
    history_raise(&h, &zero);
    ck_assert_int_eq(history_rotate(&h, true, P + 50, &opens), 0);
    ck_assert_int_eq(history_add(&h, "C", es256(), P + 50), 0);
    ck_assert_int_eq(gate_activate(&h, history_find(&h, "C")), P + 50 + 100);
    ck_assert_int_eq(gate_remove(&h, history_find(&h, "A")), P + 50 + 900 + 60);
}
END_TEST

START_TEST(unchanged_policy_changes_nothing)
{
    static struct key_history before;
    begin();
    before = h;
    history_raise(&h, &policy);
    ck_assert_mem_eq(&before, &h, sizeof h);
}
END_TEST

START_TEST(no_kid_comes_back_from_the_dead)
{
    begin();
    history_discard(history_find(&h, "B"), P + 1);
    ck_assert_int_eq(history_add(&h, "B", es256(), P + 2), LK_EXISTS);
    ck_assert_int_eq(history_add(&h, "A", es256(), P + 2), LK_EXISTS);
    ck_assert_int_eq(history_add(&h, "C", es256(), P + 2), 0);
}
END_TEST

static int add_number(size_t i)
{
    char kid[16];
    snprintf(kid, sizeof kid, "k%zu", i);
    return history_add(&h, kid, es256(), P);
}

START_TEST(live_keys_are_bounded)
{
    begin();
    for (size_t i = 2; i < KEYS_LIVE_MAX; i++)
        ck_assert_int_eq(add_number(i), 0);
    ck_assert_int_eq(add_number(KEYS_LIVE_MAX), LK_TOO_LARGE);
    history_discard(history_find(&h, "B"), P);
    ck_assert_int_eq(add_number(KEYS_LIVE_MAX), 0);
}
END_TEST

START_TEST(history_is_bounded)
{
    memset(&h, 0, sizeof h);
    for (size_t i = 0; i < KEYS_MAX; i++) {
        ck_assert_int_eq(add_number(i), 0);
        history_discard(&h.entry[i], P);
    }
    ck_assert_int_eq(add_number(KEYS_MAX), LK_TOO_LARGE);
}
END_TEST

START_TEST(a_hundred_rotations_keep_exactly_one_active_key)
{
    int64_t now = P, opens = 0;
    begin();
    for (size_t i = 0; i < 100; i++) {
        while (history_rotate(&h, false, now, &opens) == LK_TOO_EARLY)
            now = opens;
        history_expire(&h, now);
        ck_assert_int_eq(history_add(&h, (char[]){'k', (char)('0' + i / 10), (char)('0' + i % 10), 0}, es256(), now),
                         0);
        size_t active = 0;
        for (size_t k = 0; k < h.n; k++)
            active += h.entry[k].state == KEY_ACTIVE;
        ck_assert_uint_eq(active, 1);
    }
}
END_TEST

START_TEST(next_step_is_the_earliest)
{
    int64_t opens = 0;
    begin();
    struct key_step next = history_next(&h);
    ck_assert_int_eq(next.what, KEY_STEP_ROTATE);
    ck_assert_int_eq(next.at, P + 10000);
    ck_assert_str_eq(next.entry->kid, "B");
    ck_assert_int_eq(history_rotate(&h, true, P, &opens), 0);
    ck_assert_int_eq(history_next(&h).what, KEY_STEP_STANDBY);
    ck_assert_int_eq(history_add(&h, "C", es256(), P), 0);
    next = history_next(&h);
    ck_assert_int_eq(next.what, KEY_STEP_DESTROY);
    ck_assert_int_eq(next.at, P + 10 + 30);
    ck_assert_uint_eq(history_destroy(&h, next.at), 1);
    next = history_next(&h);
    ck_assert_int_eq(next.what, KEY_STEP_REMOVE);
    ck_assert_str_eq(next.entry->kid, "A");
    ck_assert_int_eq(next.at, P + 10 + 30 + 900 + 60 + 5);
    memset(&h, 0, sizeof h);
    ck_assert_int_eq(history_next(&h).what, KEY_STEP_NONE);
}
END_TEST

START_TEST(rotation_is_never_advised_before_the_gate)
{
    static const struct key_policy hasty = {.rotation = 1, .lag = 500};
    begin();
    history_raise(&h, &hasty);
    ck_assert_int_eq(history_next(&h).at, P + 500 + 100);
}
END_TEST

START_TEST(private_key_is_destroyed_when_no_host_signs_with_it)
{
    int64_t opens = 0, gate = P + 5000 + 10 + 30;
    begin();
    ck_assert_int_eq(history_rotate(&h, false, P + 5000, &opens), 0);
    ck_assert_uint_eq(history_destroy(&h, gate - 1), 0);
    ck_assert_uint_eq(history_destroy(&h, gate), 1);
    ck_assert_uint_eq(history_destroy(&h, gate + 1), 0);
    ck_assert_int_eq(history_find(&h, "A")->destroyed, gate);
    ck_assert_int_eq(state_of("A"), KEY_RETIRED);
}
END_TEST

START_TEST(lowered_lag_does_not_destroy_earlier)
{
    static const struct key_policy zero = {0};
    int64_t opens = 0;
    begin();
    ck_assert_int_eq(history_rotate(&h, true, P, &opens), 0);
    history_raise(&h, &zero);
    ck_assert_uint_eq(history_destroy(&h, P + 39), 0);
    ck_assert_uint_eq(history_destroy(&h, P + 40), 1);
}
END_TEST

START_TEST(policy_that_could_never_keep_its_gates_is_infeasible)
{
    struct key_policy p = {.rotation = 100, .lag = 10, .remote_cache = 20, .margin = 5, .cron = 65};
    ck_assert(!policy_is_feasible(&p));
    p.rotation++;
    ck_assert(policy_is_feasible(&p));
}
END_TEST

START_TEST(maintain_does_everything_that_is_due_and_nothing_else)
{
    begin();
    ck_assert_uint_eq(history_maintain(&h, P + 9999), 0);
    ck_assert_uint_eq(history_maintain(&h, P + 10000), 1);
    ck_assert_int_eq(state_of("B"), KEY_ACTIVE);
    ck_assert_uint_eq(history_maintain(&h, P + 10000), 0);
    ck_assert_uint_eq(history_maintain(&h, P + 30000), 2); /* destroyed and removed; there is no standby to rotate to */
    ck_assert_int_eq(state_of("A"), KEY_REMOVED);
    ck_assert_int_eq(state_of("B"), KEY_ACTIVE);
}
END_TEST

START_TEST(overdue_rotation_waits_for_the_gate)
{
    begin();
    history_discard(history_find(&h, "B"), P);
    ck_assert_int_eq(history_add(&h, "C", es256(), P + 20000), 0);
    ck_assert_uint_eq(history_maintain(&h, P + 20000 + 114), 0);
    ck_assert_uint_eq(history_maintain(&h, P + 20000 + 115), 1);
    ck_assert_int_eq(state_of("C"), KEY_ACTIVE);
}
END_TEST

START_TEST(revoked_active_key_ends_when_another_signs)
{
    int64_t opens = 0;
    begin();
    history_revoke(&h, history_find(&h, "A"), P + 7);
    ck_assert_int_eq(state_of("A"), KEY_ACTIVE);
    ck_assert_int_eq(history_rotate(&h, true, P + 7, &opens), 0);
    ck_assert_int_eq(state_of("A"), KEY_REVOKED);
    ck_assert_int_eq(history_add(&h, "A", es256(), P + 8), LK_EXISTS);
    ck_assert_int_eq(history_add(&h, "C", es256(), P + 8), 0);
    history_revoke(&h, history_find(&h, "C"), P + 9);
    ck_assert_int_eq(state_of("C"), KEY_REVOKED);
    ck_assert_int_eq(history_find(&h, "C")->ended, P + 9);
}
END_TEST

START_TEST(state_names_are_read_back)
{
    enum key_state state;
    for (int i = KEY_PUBLISHED; i <= KEY_REVOKED; i++) {
        ck_assert_int_eq(key_state_parse(key_state_name((enum key_state)i), &state), 0);
        ck_assert_int_eq((int)state, i);
    }
    ck_assert_int_eq(key_state_parse("Active", &state), LK_SYNTAX);
    ck_assert(key_state_is_live(KEY_RETIRED));
    ck_assert(!key_state_is_live(KEY_REMOVED));
    ck_assert(!key_state_is_live(KEY_REVOKED));
}
END_TEST

UNIT_MAIN("keys_lifecycle", first_key_is_active_and_second_is_standby, standby_signs_only_when_every_verifier_knows_it,
          force_overrides_the_gate, rotation_without_a_standby_is_refused,
          retired_key_leaves_when_its_last_token_has_expired, each_gate_counts_its_durations_and_no_others,
          lowering_a_setting_never_shortens_a_running_gate,
          lowered_lag_counts_for_the_next_key_but_token_leeway_and_cache_are_marks, unchanged_policy_changes_nothing,
          no_kid_comes_back_from_the_dead, live_keys_are_bounded, history_is_bounded,
          a_hundred_rotations_keep_exactly_one_active_key, next_step_is_the_earliest,
          rotation_is_never_advised_before_the_gate, private_key_is_destroyed_when_no_host_signs_with_it,
          lowered_lag_does_not_destroy_earlier, policy_that_could_never_keep_its_gates_is_infeasible,
          maintain_does_everything_that_is_due_and_nothing_else, overdue_rotation_waits_for_the_gate,
          revoked_active_key_ends_when_another_signs, state_names_are_read_back)
