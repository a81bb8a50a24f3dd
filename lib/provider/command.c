#include "provider/command.h"

#include <getopt.h>

#include "base/error.h"
#include "base/parse.h"

/* What getopt returns for an option: its short form, or one of these when it has none. */
enum { FLUSH = 256, FORCE, JSON, MISS, PRIME, PROVIDER, SHOW, VERSION };

static const struct choice {
    const char *name;
    int letter;
    const char *argument;
    const char *help;
} choices[] = {
    {"conf", 'c', "CONF", "read this configuration instead of the usual one"},
    {"flush", FLUSH, NULL, "forget what is cached"},
    {"force", FORCE, NULL, "fetch now, however new the cached set is"},
    {"help", 'h', NULL, "print this"},
    {"json", JSON, NULL, "with --show: as JSON"},
    {"miss", MISS, "GENERATION", "fetch if the cached set is still of this generation, which lacks a key"},
    {"prime", PRIME, NULL, "fetch only if nothing usable is cached"},
    {"provider", PROVIDER, "NAME", "only this provider; empty: the [provider] without a name"},
    {"show", SHOW, NULL, "print what is cached; exit 1 if it is not usable"},
    {"verbose", 'v', NULL, "say on standard error what is done"},
    {"version", VERSION, NULL, "print the version"},
};
#define CHOICES (sizeof choices / sizeof choices[0])

/* The options of which there can be one. */
static const struct {
    int letter;
    enum task task;
    enum fetch_mode mode;
} tasks[] = {
    {FLUSH, TASK_FLUSH, FETCH_DUE},     {FORCE, TASK_FETCH, FETCH_FORCE}, {'h', TASK_HELP, FETCH_DUE},
    {MISS, TASK_FETCH, FETCH_MISS},     {PRIME, TASK_FETCH, FETCH_PRIME}, {SHOW, TASK_SHOW, FETCH_DUE},
    {VERSION, TASK_VERSION, FETCH_DUE},
};

void command_usage(FILE *to)
{
    fputs("usage: jwks-fetch [options]\n", to);
    for (size_t i = 0; i < CHOICES; i++) {
        char form[48];
        snprintf(form, sizeof form, "--%s%s%s", choices[i].name, choices[i].argument ? "=" : "",
                 choices[i].argument ? choices[i].argument : "");
        if (choices[i].letter < FLUSH)
            fprintf(to, "  -%c, %-20s %s\n", choices[i].letter, form, choices[i].help);
        else
            fprintf(to, "      %-20s %s\n", form, choices[i].help);
    }
}

static int apply_task(struct command *c, size_t row, const char *value)
{
    bool first = c->task == TASK_FETCH && c->order.mode == FETCH_DUE;
    c->task = tasks[row].task;
    c->order.mode = tasks[row].mode;
    if (!first || (tasks[row].letter == MISS && parse_u64(span_of(value), UINT64_MAX, &c->order.generation)))
        return LK_USAGE;
    return 0;
}

static int apply(struct command *c, int letter, const char *value)
{
    for (size_t i = 0; i < sizeof tasks / sizeof tasks[0]; i++)
        if (tasks[i].letter == letter)
            return apply_task(c, i, value);
    switch (letter) {
    case JSON:
        c->json = true;
        return 0;
    case 'v':
        c->verbose = true;
        return 0;
    case PROVIDER:
        c->provider = value;
        return 0;
    case 'c':
        c->conf = value;
        return 0;
    default:
        return LK_USAGE;
    }
}

int command_read(int argc, char **argv, struct command *out)
{
    struct option options[CHOICES + 1] = {{0}};
    struct command c = {.task = TASK_FETCH, .order = {.mode = FETCH_DUE}};
    for (size_t i = 0; i < CHOICES; i++)
        options[i] = (struct option){choices[i].name, choices[i].argument ? required_argument : no_argument, NULL,
                                     choices[i].letter};
    for (int letter; (letter = getopt_long(argc, argv, "c:hv", options, NULL)) != -1;)
        if (apply(&c, letter, optarg))
            return LK_USAGE;
    if (optind != argc || (c.json && c.task != TASK_SHOW))
        return LK_USAGE;
    *out = c;
    return 0;
}
