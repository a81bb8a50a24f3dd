#include "unit.h"

#include "keys_history.h"

/* What the lifecycle believes of the clock. */

#define MONTH (30 * 86400)

static void machine(const char *id, int64_t seconds)
{
    snprintf(h.boot.id, sizeof h.boot.id, "%s", id);
    h.boot.seconds = seconds;
}

START_TEST(wall_clock_a_month_ahead_opens_no_gate)
{
    int64_t opens = 0;
    memset(&h, 0, sizeof h);
    machine("one", 50);
    history_raise(&h, &policy);
    history_add(&h, "A", es256(), P);
    history_promote(&h, &h.entry[0], P);
    history_add(&h, "B", es256(), P);
    machine("one", 60);
    ck_assert_int_eq(history_rotate(&h, false, P + MONTH, &opens), LK_TOO_EARLY);
    ck_assert_int_eq(opens, P + MONTH + 105);
    ck_assert_uint_eq(history_maintain(&h, P + MONTH), 0);
    machine("one", 50 + 115);
    ck_assert_int_eq(history_rotate(&h, false, P + MONTH, &opens), 0);
    machine("one", 50 + 115 + 1004);
    ck_assert_uint_eq(history_expire(&h, P + 3 * MONTH), 0);
    machine("one", 50 + 115 + 1005);
    ck_assert_uint_eq(history_expire(&h, P + 3 * MONTH), 1);
}
END_TEST

START_TEST(after_a_reboot_only_the_time_since_counts)
{
    int64_t opens = 0;
    begin();
    machine("one", 1000);
    ck_assert_int_eq(history_rotate(&h, true, P, &opens), 0);
    machine("two", 40);
    ck_assert_uint_eq(history_expire(&h, P + MONTH), 0);
    machine("two", 1004);
    ck_assert_uint_eq(history_expire(&h, P + MONTH), 0);
    machine("two", 1005);
    ck_assert_uint_eq(history_expire(&h, P + MONTH), 1);
}
END_TEST

START_TEST(uptime_without_wall_time_opens_no_gate_either)
{
    int64_t opens = 0;
    begin();
    machine("one", 0);
    ck_assert_int_eq(history_rotate(&h, true, P, &opens), 0);
    machine("one", MONTH);
    ck_assert_uint_eq(history_expire(&h, P + 1004), 0);
    ck_assert_uint_eq(history_expire(&h, P + 1005), 1);
}
END_TEST

START_TEST(last_event_is_the_latest_of_all)
{
    int64_t opens = 0;
    begin();
    ck_assert_int_eq(history_last(&h), P);
    ck_assert_int_eq(history_rotate(&h, true, P + 3, &opens), 0);
    ck_assert_int_eq(history_last(&h), P + 3);
    history_destroy(&h, P + 500);
    ck_assert_int_eq(history_last(&h), P + 500);
    history_expire(&h, P + 5000);
    ck_assert_int_eq(history_last(&h), P + 5000);
}
END_TEST

UNIT_MAIN("keys_clock", wall_clock_a_month_ahead_opens_no_gate, after_a_reboot_only_the_time_since_counts,
          uptime_without_wall_time_opens_no_gate_either, last_event_is_the_latest_of_all)
