#include "unit.h"

#include "base/error.h"
#include "todo/due.h"

START_TEST(dates_and_date_times_are_instants)
{
    static const struct {
        const char *text;
        int64_t us;
    } good[] = {
        {"1970-01-01", 0},
        {"2026-11-21", INT64_C(1795219200000000)},
        {"2026-11-21T00:00:00Z", INT64_C(1795219200000000)},
        {"2026-11-21T01:30:00+01:30", INT64_C(1795219200000000)},
        {"2026-11-20T20:00:00-04:00", INT64_C(1795219200000000)},
        {"2026-11-21T00:00:00.5Z", INT64_C(1795219200500000)},
        {"2026-11-21T00:00:00.123456789Z", INT64_C(1795219200123456)},
        {"2024-02-29", INT64_C(1709164800000000)},
        {"2000-02-29", INT64_C(951782400000000)},
        {"1969-12-31T23:59:59Z", INT64_C(-1000000)},
        {"0001-01-01", INT64_C(-62135596800000000)},
        {"9999-12-31T23:59:59Z", INT64_C(253402300799000000)},
        {"2026-11-21T23:59:59.123456789-23:59", INT64_C(1795391939123456)},
    };
    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++) {
        int64_t us = 7;
        ck_assert_msg(due_parse(span_of(good[i].text), &us) == 0, "%s", good[i].text);
        ck_assert_msg(us == good[i].us, "%s: %lld", good[i].text, (long long)us);
    }
}
END_TEST

START_TEST(anything_else_is_refused)
{
    static const char *const bad[] = {"",
                                      "2026",
                                      "2026-11",
                                      "2026-11-21 ",
                                      " 2026-11-21",
                                      "2026-1-21",
                                      "0000-01-01",
                                      "2026-00-10",
                                      "2026-13-01",
                                      "2026-11-00",
                                      "2026-11-31",
                                      "2025-02-29",
                                      "1900-02-29",
                                      "2026-11-21T",
                                      "2026-11-21T10:00Z",
                                      "2026-11-21T10:00:00",
                                      "2026-11-21t10:00:00Z",
                                      "2026-11-21T10:00:00z",
                                      "2026-11-21 10:00:00Z",
                                      "2026-11-21T24:00:00Z",
                                      "2026-11-21T10:60:00Z",
                                      "2026-11-21T23:59:60Z",
                                      "2026-11-21T10:00:00.Z",
                                      "2026-11-21T10:00:00.1234567890Z",
                                      "2026-11-21T10:00:00+1:00",
                                      "2026-11-21T10:00:00+24:00",
                                      "2026-11-21T10:00:00+01:60",
                                      "2026-11-21T10:00:00+0100",
                                      "2026-11-21T10:00:00Z ",
                                      "2026-11-21T10:00:00ZZ",
                                      "+026-11-21",
                                      "20261121",
                                      "2026-11-21T10:00:00.123456789+01:000"};
    int64_t us = 7;
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        ck_assert_msg(due_parse(span_of(bad[i]), &us) == LK_SYNTAX, "%s", bad[i]);
    ck_assert_int_eq(us, 7);
    ck_assert_int_eq(due_parse(span_of("2026-11-21"), &us), 0);
}
END_TEST

UNIT_MAIN("todo_due", dates_and_date_times_are_instants, anything_else_is_refused)
