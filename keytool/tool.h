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
    const char *reason;
    const char *after;
    const char *server;
    const char *user;
    const char *passphrase; /* a path */
    const char *operand;    /* KID or FILE; NULL: none */
    bool json, quiet, verbose, help, version, force, dry, exit_unchanged, nagios, yes, and_standby;
    bool public_key, private_key, signer, from_env;

    char *const *env;
    const struct jwa *alg; /* NULL: not asked for */
    struct conf *conf;
    struct key_policy policy;
    const struct command *command;
    struct buf fault; /* the refusal: one line with its mend */
    int exit;         /* the exit code, when it is not the error's; 0: it is */
};

/* A subcommand returns 0 or a negative enum lk_error; main turns it into the line on standard error and the exit code.
 */
typedef int tool_run(struct tool *t);
struct command {
    const char *name;
    tool_run *run;
    const char *operand; /* "KID", "FILE"; NULL: it takes none */
    const char *doc;
};
extern const struct command commands[];
extern const size_t command_count;

int tool_init(struct tool *t);
int tool_maintain(struct tool *t);
int tool_rotate(struct tool *t);
int tool_revoke(struct tool *t);
int tool_publish(struct tool *t);
int tool_status(struct tool *t);
int tool_check(struct tool *t);
int tool_policy(struct tool *t);
int tool_import(struct tool *t);
int tool_export(struct tool *t);
int tool_backup(struct tool *t);
int tool_restore(struct tool *t);
int tool_log(struct tool *t);

/* Opens the key directory, takes the policy over, and says what `now` is. */
int tool_open(struct tool *t, bool create, struct keydir **out, int64_t *now);

/* The same for a command that changes something: the policy has to be feasible, the first change is written to the
 * audit log before it is made, and with --dry-run nothing is written. */
int tool_begin(struct tool *t, bool create, struct keydir **out, int64_t *now);

/* ... or makes the directory if there are no keys: a site may begin with a key of its own, or with a backup. */
int tool_begin_anywhere(struct tool *t, struct keydir **kd, int64_t *now);

/* Ends such a command: the result into the audit log, `done` and what changed on standard output, then --after. Returns
 * `error`, or what failed here. */
int tool_end(struct tool *t, struct keydir *kd, int error, bool changed, const char *done);

/* The group of --group, or -1. */
int tool_find_group(struct tool *t, gid_t *out);

/* From --passphrase, $CREDENTIALS_DIRECTORY or the terminal (`twice`: a new one); never from argv or the environment.
 */
int tool_passphrase(struct tool *t, bool twice, struct buf *out);

/* The audit log. One run of keytool changes one directory. */
void audit_begin(struct tool *t, struct keydir *kd);
int audit_end(int error, struct buf *fault);

/* A line on standard error, "keytool: warning: ...". */
void tool_warn(const char *sentence);
void tool_warn_readers(const struct keydir *kd);

/* What would happen from now on if maintain ran in time, and the steps as they come. */
void tool_print_plan(struct keydir *kd, int64_t now);

/* One JSON value and a line end on standard output; takes the reference. */
int tool_print_json(json_t *value);
json_t *json_time(int64_t t); /* RFC 3339, or null for 0 */

#endif
