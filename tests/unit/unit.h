#ifndef LK_TESTS_UNIT_H
#define LK_TESTS_UNIT_H

#include <check.h>

/* One program per module; the last line of its file names the tests: UNIT_MAIN("b64", refuses_padding, ...).
 * Check writes TAP where CK_TAP_LOG_FILE_NAME says. */
static int unit_run(const char *name, const TTest *const *tests, size_t n)
{
    Suite *suite = suite_create(name);
    TCase *tcase = tcase_create(name);
    tcase_set_timeout(tcase, 120);
    for (size_t i = 0; i < n; i++)
        tcase_add_test(tcase, tests[i]);
    suite_add_tcase(suite, tcase);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed ? 1 : 0;
}

#define UNIT_MAIN(name, ...)                                                                                           \
    int main(void)                                                                                                     \
    {                                                                                                                  \
        const TTest *const tests[] = {__VA_ARGS__};                                                                    \
        return unit_run(name, tests, sizeof tests / sizeof tests[0]);                                                  \
    }

#endif
