#include "unit.h"

#include "base/error.h"
#include "keys/reconcile.h"

static struct key_history h;

/* R is removed, A active, B published. */
static void settled(void)
{
    static const char *const kids[] = {"R", "A", "B"};
    memset(&h, 0, sizeof h);
    for (size_t i = 0; i < 3; i++)
        ck_assert_int_eq(history_add(&h, kids[i], jwa_find(span_of("ES256")), 1), 0);
    history_discard(&h.entry[0], 1);
    history_promote(&h, &h.entry[1], 1);
}

struct row {
    const char *signing, *standby;
    bool listed; /* the standby */
    struct key_repair expected;
};

static void each_row(const struct row *rows, size_t n, bool signing_listed)
{
    for (size_t i = 0; i < n; i++) {
        const struct key_files files = {rows[i].signing, rows[i].standby, signing_listed, rows[i].listed, false};
        const struct key_repair *x = &rows[i].expected;
        struct key_repair got;
        ck_assert_int_eq(reconcile(&h, &files, &got), 0);
        ck_assert_msg(got.unborn == x->unborn && got.adopt_signing == x->adopt_signing && got.swap == x->swap &&
                          got.adopt_standby == x->adopt_standby && got.new_standby == x->new_standby &&
                          got.signing_lost == x->signing_lost,
                      "row %zu", i);
    }
}

START_TEST(each_instant_of_init_has_one_way_on)
{
    static const struct row rows[] = {
        {"", "", false, {.unborn = true}},
        {"", "B", false, {.unborn = true}},
        {"A", "", false, {.adopt_signing = true, .new_standby = true}},
        {"A", "B", true, {.adopt_signing = true, .adopt_standby = true}},
    };
    memset(&h, 0, sizeof h);
    each_row(rows, sizeof rows / sizeof rows[0], true);
}
END_TEST

START_TEST(each_instant_of_a_rotation_has_one_way_on)
{
    static const struct row rows[] = {
        {"A", "B", true, {0}},
        {"A", "B", false, {0}},
        {"B", "B", true, {.swap = true, .new_standby = true}},
        {"B", "", false, {.swap = true, .new_standby = true}},
        {"B", "C", true, {.swap = true, .adopt_standby = true}},
        {"A", "C", true, {.adopt_standby = true}},
    };
    settled();
    each_row(rows, sizeof rows / sizeof rows[0], true);
}
END_TEST

START_TEST(key_that_took_over_is_told_from_a_foreign_one)
{
    static const struct row listed[] = {
        {"X", "B", true, {.adopt_signing = true}},
        {"R", "B", true, {.signing_lost = true}},
        {"A", "B", true, {0}},
    };
    static const struct row foreign[] = {{"X", "B", true, {.signing_lost = true}}, {"A", "B", true, {0}}};
    settled();
    each_row(listed, sizeof listed / sizeof listed[0], true);
    each_row(foreign, sizeof foreign / sizeof foreign[0], false);
}
END_TEST

START_TEST(each_instant_of_a_restore_has_one_way_on)
{
    static const struct row rows[] = {
        {"", "", false, {.unborn = true}},
        {"A", "", false, {.adopt_signing = true, .new_standby = true}},
        {"A", "B", true, {.adopt_signing = true, .adopt_standby = true}},
    };
    settled(); /* of which only the tombstone was written */
    h.n = 1;
    each_row(rows, sizeof rows / sizeof rows[0], true);
}
END_TEST

START_TEST(losses_are_recognised)
{
    static const struct row rows[] = {
        {"A", "", false, {.new_standby = true}},  {"A", "R", false, {.new_standby = true}},
        {"", "B", true, {.signing_lost = true}},  {"X", "B", true, {.signing_lost = true}},
        {"R", "B", true, {.signing_lost = true}}, {"", "", false, {.signing_lost = true, .new_standby = true}},
    };
    settled();
    each_row(rows, sizeof rows / sizeof rows[0], false);
}
END_TEST

START_TEST(successor_of_an_external_key_is_not_made_here)
{
    struct key_repair got;
    settled();
    ck_assert_int_eq(reconcile(&h, &(struct key_files){"B", "B", true, true, true}, &got), 0);
    ck_assert(got.swap && !got.new_standby);
    ck_assert_int_eq(reconcile(&h, &(struct key_files){"A", "", true, false, true}, &got), 0);
    ck_assert(!repair_is_due(&got));
}
END_TEST

START_TEST(standby_that_was_never_published_is_refused)
{
    struct key_repair got;
    settled();
    ck_assert_int_eq(reconcile(&h, &(struct key_files){"A", "X", true, false, false}, &got), LK_CONFIG);
    ck_assert_int_eq(reconcile(&h, &(struct key_files){"A", "X", true, true, false}, &got), 0);
}
END_TEST

START_TEST(only_what_can_be_finished_is_due)
{
    ck_assert(!repair_is_due(&(struct key_repair){0}));
    ck_assert(!repair_is_due(&(struct key_repair){.signing_lost = true}));
    ck_assert(!repair_is_due(&(struct key_repair){.unborn = true}));
    ck_assert(repair_is_due(&(struct key_repair){.swap = true}));
    ck_assert(repair_is_due(&(struct key_repair){.adopt_signing = true}));
    ck_assert(repair_is_due(&(struct key_repair){.adopt_standby = true}));
    ck_assert(repair_is_due(&(struct key_repair){.new_standby = true}));
}
END_TEST

UNIT_MAIN("keys_reconcile", each_instant_of_init_has_one_way_on, each_instant_of_a_rotation_has_one_way_on,
          key_that_took_over_is_told_from_a_foreign_one, each_instant_of_a_restore_has_one_way_on,
          losses_are_recognised, successor_of_an_external_key_is_not_made_here,
          standby_that_was_never_published_is_refused, only_what_can_be_finished_is_due)
