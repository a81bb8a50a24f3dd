#include "unit.h"

#include <sys/wait.h>
#include <unistd.h>

#include "base/error.h"
#include "todo/uuid7.h"

START_TEST(has_time_version_and_variant)
{
    /* RFC 9562 A.6: 2022-02-22T19:22:22Z is 017f22e2-79b0 */
    char id[UUID7_SIZE];
    ck_assert_int_eq(uuid7_make(INT64_C(1645557742000000), id), 0);
    ck_assert_mem_eq(id, "017f22e2-79b0-7000-", 19);
    ck_assert_ptr_nonnull(strchr("89ab", id[19]));
    ck_assert_uint_eq(strlen(id), 36);
    ck_assert(uuid7_valid(span_of(id)));
}
END_TEST

START_TEST(microseconds_count_too)
{
    char id[UUID7_SIZE];
    ck_assert_int_eq(uuid7_make(INT64_C(1645557742000500), id), 0);
    ck_assert_mem_eq(id, "017f22e2-79b0-7800-", 19); /* half of a millisecond is half of 4096 */
    ck_assert_int_eq(uuid7_make(INT64_C(1645557742000999), id), 0);
    ck_assert_mem_eq(id, "017f22e2-79b0-7ffb-", 19);
}
END_TEST

START_TEST(each_is_greater_than_the_last)
{
    static const int64_t steps[] = {0, 0, 0, 1, 5, 1000, -1, -5000, -3600000000, 0, 0, 1};
    char last[UUID7_SIZE] = "";
    char id[UUID7_SIZE];
    int64_t now = INT64_C(1645557742000000);
    for (int i = 0; i < 60000; i++) {
        now += steps[i % 12] * (i % 12 == 8 && i > 12 ? 0 : 1);
        ck_assert_int_eq(uuid7_make(now, id), 0);
        ck_assert_msg(strcmp(id, last) > 0, "%s after %s", id, last);
        ck_assert(uuid7_valid(span_of(id)));
        memcpy(last, id, sizeof last);
    }
}
END_TEST

/* Of 256 ids: 62 bits are set in some and clear in others, the two of the variant never change. */
START_TEST(every_bit_of_the_tail_is_random)
{
    char id[UUID7_SIZE];
    unsigned set[UUID7_SIZE] = {0}, clear[UUID7_SIZE] = {0};
    for (int i = 0; i < 256; i++) {
        ck_assert_int_eq(uuid7_make(1000, id), 0);
        for (int k = 19; k < 36; k++) {
            unsigned digit = id[k] <= '9' ? (unsigned)(id[k] - '0') : (unsigned)(id[k] - 'a') + 10;
            set[k] |= digit;
            clear[k] |= ~digit & 15;
        }
    }
    for (int k = 19; k < 36; k++) {
        if (k == 23)
            continue; /* the hyphen */
        ck_assert_uint_eq(set[k], k == 19 ? 0xb : 0xf);
        ck_assert_uint_eq(clear[k], k == 19 ? 0x7 : 0xf);
    }
}
END_TEST

START_TEST(time_before_the_epoch_is_the_epoch)
{
    char id[UUID7_SIZE];
    ck_assert_int_eq(uuid7_make(-5, id), 0);
    ck_assert_mem_eq(id, "00000000-0000-7", 15);
}
END_TEST

/* Two processes at the same microsecond. */
START_TEST(processes_do_not_collide)
{
    char mine[UUID7_SIZE], theirs[UUID7_SIZE];
    int ends[2], status = 0;
    ck_assert_int_eq(pipe(ends), 0);
    pid_t pid = fork();
    if (pid == 0) {
        int error = uuid7_make(1000, theirs);
        _exit(error || write(ends[1], theirs, sizeof theirs) != sizeof theirs);
    }
    ck_assert_int_eq(uuid7_make(1000, mine), 0);
    ck_assert_int_eq(read(ends[0], theirs, sizeof theirs), sizeof theirs);
    waitpid(pid, &status, 0);
    ck_assert_mem_eq(mine, theirs, 19);
    ck_assert_str_ne(mine, theirs);
}
END_TEST

START_TEST(only_the_one_spelling_is_valid)
{
    static const char *const wrong[] = {
        "",
        "017f22e2-79b0-7cc3-98c4-dc0c0c07398",
        "017f22e2-79b0-7cc3-98c4-dc0c0c07398ff",
        "017F22E2-79B0-7CC3-98C4-DC0C0C07398F",
        "017f22e2-79b0-4cc3-98c4-dc0c0c07398f", /* version 4 */
        "017f22e2-79b0-7cc3-c8c4-dc0c0c07398f", /* variant 11 */
        "017f22e2-79b0-7cc3-78c4-dc0c0c07398f", /* variant 0 */
        "017f22e2079b0-7cc3-98c4-dc0c0c07398f",
        "017f22e2-79b0-7cc3-98c4-dc0c0c07398g",
        "017f22e2-79b0-7cc3-98c4-dc0c0c07398 ",
        "xxxxxxxx-xxxx-7xxx-Vxxx-xxxxxxxxxxxx",
        "../../../../../../../../../../../../",
    };
    ck_assert(uuid7_valid(span_of("017f22e2-79b0-7cc3-98c4-dc0c0c07398f")));
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++)
        ck_assert_msg(!uuid7_valid(span_of(wrong[i])), "%s", wrong[i]);
    char nul[] = "017f22e2-79b0-7cc3-98c4-dc0c0c07398f";
    nul[35] = '\0';
    ck_assert(!uuid7_valid((struct span){nul, 36}));
    nul[35] = '0';
    ck_assert(uuid7_valid((struct span){nul, 36}));
}
END_TEST

UNIT_MAIN("todo_uuid7", has_time_version_and_variant, microseconds_count_too, each_is_greater_than_the_last,
          every_bit_of_the_tail_is_random, time_before_the_epoch_is_the_epoch, processes_do_not_collide,
          only_the_one_spelling_is_valid)
