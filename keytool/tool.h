#ifndef LK_KEYTOOL_TOOL_H
#define LK_KEYTOOL_TOOL_H

#include "base/conf.h"
#include "keys/keydir.h"

/* One run of keytool: its command line, its policy, and what every subcommand needs. */
struct tool {
    /* options, filled by options_parse */
    const char *directory;
    const char *config;
    const char *alg_name;
    const char *group;
    bool json, quiet, verbose, help, version, force;

    const struct jwa *alg; /* NULL: not asked for */
    struct conf *conf;
    struct key_policy policy;
    struct buf fault; /* the refusal: one line with its mend */
};

/* A subcommand returns 0 or a negative enum lk_error; main turns it into the line on standard error and the exit code.
 */
typedef int tool_run(struct tool *t);
struct command {
    const char *name;
    tool_run *run;
    const char *doc;
};
extern const struct command commands[];
extern const size_t command_count;

int tool_init(struct tool *t);
int tool_rotate(struct tool *t);
int tool_publish(struct tool *t);
int tool_status(struct tool *t);
int tool_check(struct tool *t);

/* Opens the key directory, takes the policy over, and says what `now` is. */
int tool_open(struct tool *t, bool create, struct keydir **out, int64_t *now);

/* A line on standard error, "keytool: warning: ...". */
void tool_warn(const char *sentence);
void tool_warn_readers(const struct keydir *kd);

/* What a changing command did: `done` and the keys now, as text or JSON. */
int tool_report(const struct tool *t, struct keydir *kd, bool changed, const char *done);

/* One JSON value and a line end on standard output; takes the reference. */
int tool_print_json(json_t *value);

#endif
