#include "provider/command.h"

#include <getopt.h>

#include "provider_kit.h"

static int read_words(const char *a, const char *b, const char *c, struct command *out)
{
    static char words[4][64] = {"jwks-fetch"};
    char *argv[] = {words[0], NULL, NULL, NULL, NULL};
    const char *const given[] = {a, b, c};
    int argc = 1;
    for (size_t i = 0; i < 3 && given[i]; i++, argc++) {
        snprintf(words[argc], sizeof words[argc], "%s", given[i]);
        argv[argc] = words[argc];
    }
    optind = 0;
    return command_read(argc, argv, out);
}

START_TEST(each_option_means_what_it_says)
{
    static const struct {
        const char *word;
        enum task task;
        enum fetch_mode mode;
    } rows[] = {{NULL, TASK_FETCH, FETCH_DUE},        {"--force", TASK_FETCH, FETCH_FORCE},
                {"--prime", TASK_FETCH, FETCH_PRIME}, {"--miss=7", TASK_FETCH, FETCH_MISS},
                {"--show", TASK_SHOW, FETCH_DUE},     {"--flush", TASK_FLUSH, FETCH_DUE},
                {"-h", TASK_HELP, FETCH_DUE},         {"--version", TASK_VERSION, FETCH_DUE}};
    struct command c;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        ck_assert_int_eq(read_words(rows[i].word, NULL, NULL, &c), 0);
        ck_assert_int_eq(c.task, rows[i].task);
        ck_assert_int_eq(c.order.mode, rows[i].mode);
        ck_assert_uint_eq(c.order.generation, rows[i].mode == FETCH_MISS ? 7 : 0);
    }
    ck_assert_int_eq(read_words("-v", "--show", "--json", &c), 0);
    ck_assert(c.verbose && c.json && c.task == TASK_SHOW);
    ck_assert_int_eq(read_words("-c", "/some/where", NULL, &c), 0);
    ck_assert_str_eq(c.conf, "/some/where");
    ck_assert_ptr_null(c.provider);
    ck_assert_int_eq(read_words("--provider=b", "--show", NULL, &c), 0);
    ck_assert_str_eq(c.provider, "b");
    ck_assert_int_eq(read_words("--provider=", "--miss=7", NULL, &c), 0);
    ck_assert_str_eq(c.provider, "");
}
END_TEST

START_TEST(what_makes_no_sense_is_refused)
{
    static const char *const rows[][2] = {{"--force", "--prime"}, {"--show", "--flush"},  {"--json", NULL},
                                          {"extra", NULL},        {"--nothing", NULL},    {"--miss=x", NULL},
                                          {"--miss=", NULL},      {"--force", "--force"}, {"--miss=-1", NULL},
                                          {"--provider", NULL}};
    struct command c;
    opterr = 0;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        ck_assert_int_eq(read_words(rows[i][0], rows[i][1], NULL, &c), LK_USAGE);
}
END_TEST

UNIT_MAIN("provider_command", each_option_means_what_it_says, what_makes_no_sense_is_refused)
