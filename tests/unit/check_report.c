#include "check/check.h"

#include "base/json.h"
#include "unit.h"

static enum verdict right(void *context, struct finding *f)
{
    (void)context;
    (void)f;
    return CHECK_RIGHT;
}

static enum verdict wrong(void *context, struct finding *f)
{
    (void)context;
    return finding_wrong(f, NULL, "it is %s", "so\nwrong: forged");
}

static enum verdict counted(void *context, struct finding *f)
{
    ++*(int *)context;
    return finding_right(f, "seen");
}

enum { A = 1, B = 2 };
static const struct check table[] = {
    {"first", 0, A, right, "all is well", "-"},
    {"second", A, B, wrong, "-", "do this"},
    {"third", A | B, 0, counted, "-", "-"},
    {"fourth", A, 0, counted, "-", "-"},
};

static char *text; /* of the last report */
static size_t text_size;

static bool run(size_t n, bool json, int *calls)
{
    struct report r = {.out = open_memstream(&text, &text_size), .list = json ? json_array() : NULL};
    report_run(&r, table, n, calls);
    bool ok = report_end(&r);
    fclose(r.out);
    return ok;
}

START_TEST(each_check_is_one_line_and_the_last_one_counts)
{
    int calls = 0;
    ck_assert(!run(4, false, &calls));
    ck_assert_str_eq(text, "right    first: all is well\n"
                           "wrong    second: it is so?wrong: forged. To mend it: do this\n"
                           "unknown  third: not checked without second\n"
                           "right    fourth: seen\n"
                           "2 right, 1 wrong, 1 unknown\n");
    ck_assert_int_eq(calls, 1);
    free(text);
}
END_TEST

START_TEST(without_anything_wrong_the_report_is_good)
{
    ck_assert(run(1, false, NULL));
    ck_assert_str_eq(text, "right    first: all is well\n1 right, 0 wrong\n");
    free(text);
}
END_TEST

START_TEST(as_json_it_is_one_object)
{
    json_t *all = NULL;
    int calls = 0;
    ck_assert(!run(4, true, &calls));
    ck_assert_int_eq(0, json_read_object((struct span){text, text_size}, 65536, 8, &all));
    ck_assert(json_is_false(json_object_get(all, "ok")));
    ck_assert_int_eq(json_integer_value(json_object_get(all, "wrong")), 1);
    const json_t *second = json_array_get(json_object_get(all, "checks"), 1);
    ck_assert_str_eq(json_text(second, "result"), "wrong");
    ck_assert_str_eq(json_text(second, "mend"), "do this");
    ck_assert_ptr_null(json_object_get(json_array_get(json_object_get(all, "checks"), 0), "mend"));
    json_decref(all);
    free(text);
}
END_TEST

UNIT_MAIN("check_report", each_check_is_one_line_and_the_last_one_counts, without_anything_wrong_the_report_is_good,
          as_json_it_is_one_object)
