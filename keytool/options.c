#include "options.h"

#include "base/error.h"

struct option {
    char letter; /* 0: none */
    const char *name;
    const char *argument; /* NULL: a switch */
    const char *only;     /* the subcommands it belongs to, separated by spaces; NULL: all */
    size_t offset;        /* of a const char * or a bool in struct tool */
    const char *doc;
};

#define CHANGING "init maintain rotate revoke publish import restore"

static const struct option options[] = {
    {'d', "directory", "DIR", NULL, offsetof(struct tool, directory),
     "the key directory, instead of the configured one"},
    {'c', "config", "CONF", NULL, offsetof(struct tool, config), "the configuration file"},
    {'j', "json", NULL, NULL, offsetof(struct tool, json), "answer in JSON"},
    {'q', "quiet", NULL, NULL, offsetof(struct tool, quiet), "print nothing unless it is a failure or a warning"},
    {'v', "verbose", NULL, NULL, offsetof(struct tool, verbose), "say more; status lists the tombstones too"},
    {'n', "dry-run", NULL, CHANGING, offsetof(struct tool, dry), "write nothing; print the plan with its times"},
    {'h', "help", NULL, NULL, offsetof(struct tool, help), "print this text"},
    {0, "version", NULL, NULL, offsetof(struct tool, version), "print the version"},
    {0, "alg", "ALG", "init rotate", offsetof(struct tool, alg_name), "ES256, EdDSA or RS256, for the new keys"},
    {0, "group", "NAME", "init publish import restore", offsetof(struct tool, group),
     "group that may read signing.jwk: the web server's"},
    {0, "force", NULL, "rotate", offsetof(struct tool, force), "rotate although the activation gate is closed"},
    {0, "reason", "TEXT", CHANGING, offsetof(struct tool, reason), "why: it is kept in the audit log"},
    {0, "yes", NULL, "revoke", offsetof(struct tool, yes), "yes, do it"},
    {0, "and-standby", NULL, "revoke", offsetof(struct tool, and_standby), "the standby too; a new key signs at once"},
    {0, "after", "CMD", CHANGING, offsetof(struct tool, after), "run CMD when something was changed"},
    {0, "exit-unchanged", NULL, CHANGING, offsetof(struct tool, exit_unchanged), "exit with 2 when nothing was due"},
    {0, "check", NULL, "status", offsetof(struct tool, nagios), "answer as a monitoring plugin: 0, 1, 2 or 3"},
    {0, "user", "NAME", "check", offsetof(struct tool, user), "read the keys as this user, when run by root"},
    {0, "server", "NAME", "policy", offsetof(struct tool, server), "apache, lighttpd or nginx: how to serve jwks.json"},
    {0, "public", NULL, "import", offsetof(struct tool, public_key), "FILE is a public key"},
    {0, "signer", NULL, "import", offsetof(struct tool, signer), "the program of [keys] signer signs with it"},
    {0, "from-env", NULL, "publish", offsetof(struct tool, from_env), "JWT_PRIVATE_KEY signs: publish its public part"},
    {0, "private", NULL, "export", offsetof(struct tool, private_key), "the private key, encrypted"},
    {0, "passphrase", "FILE", "import export backup restore", offsetof(struct tool, passphrase),
     "the file that holds the passphrase"},
};
#define OPTIONS (sizeof options / sizeof options[0])

struct parsing {
    struct tool *tool;
    int argc;
    char *const *argv;
    int at;
    bool seen[OPTIONS];
};

static int usage(struct tool *t, const char *what, struct span which)
{
    buf_printf(&t->fault, "%s \"%.*s\": keytool --help lists what there is", what, (int)which.n, which.p);
    return LK_USAGE;
}

static const struct option *find(char letter, struct span name)
{
    for (size_t i = 0; i < OPTIONS; i++)
        if (letter ? options[i].letter == letter : span_equals(name, options[i].name))
            return &options[i];
    return NULL;
}

/* `value` is what came attached (NULL: nothing did). */
static int apply(struct parsing *p, const struct option *o, const char *value)
{
    char *field = (char *)p->tool + o->offset;
    p->seen[o - options] = true;
    if (!o->argument) {
        if (value)
            return usage(p->tool, "no value belongs to option", span_of(o->name));
        *(bool *)(void *)field = true;
        return 0;
    }
    if (!value && p->at + 1 < p->argc)
        value = p->argv[++p->at];
    if (!value || !*value)
        return usage(p->tool, "a value is missing for option", span_of(o->name));
    *(const char **)(void *)field = value;
    return 0;
}

static int parse_long(struct parsing *p, const char *text)
{
    const char *equals = strchr(text, '=');
    struct span name = {text, equals ? (size_t)(equals - text) : strlen(text)};
    const struct option *o = find(0, name);
    return o ? apply(p, o, equals ? equals + 1 : NULL) : usage(p->tool, "unknown option", name);
}

static int parse_short(struct parsing *p, const char *letters)
{
    int error = 0;
    for (; !error && *letters; letters++) {
        const struct option *o = find(*letters, (struct span){0});
        if (!o)
            return usage(p->tool, "unknown option", (struct span){letters, 1});
        if (o->argument)
            return apply(p, o, letters[1] ? letters + 1 : NULL);
        error = apply(p, o, NULL);
    }
    return error;
}

static int parse_command(struct parsing *p, const char *name, const struct command **command)
{
    if (*command && (*command)->operand && !p->tool->operand) {
        p->tool->operand = name;
        return 0;
    }
    if (*command)
        return usage(p->tool, "more than one command:", span_of(name));
    for (size_t i = 0; i < command_count; i++)
        if (strcmp(commands[i].name, name) == 0)
            *command = &commands[i];
    return *command ? 0 : usage(p->tool, "unknown command", span_of(name));
}

static int check_belonging(const struct parsing *p, const struct command *command)
{
    for (size_t i = 0; i < OPTIONS; i++)
        if (p->seen[i] && options[i].only && !conf_list_has(options[i].only, command->name)) {
            buf_printf(&p->tool->fault, "option \"%s\" belongs to %s, not to %s", options[i].name, options[i].only,
                       command->name);
            return LK_USAGE;
        }
    return 0;
}

static int parse_all(struct parsing *p, const struct command **command)
{
    bool only_words = false;
    int error = 0;
    for (p->at = 1; !error && p->at < p->argc; p->at++) {
        const char *word = p->argv[p->at];
        if (only_words || word[0] != '-' || !word[1])
            error = parse_command(p, word, command);
        else if (word[1] != '-')
            error = parse_short(p, word + 1);
        else if (word[2])
            error = parse_long(p, word + 2);
        else
            only_words = true;
    }
    return error;
}

int options_parse(struct tool *t, int argc, char *const argv[], const struct command **command)
{
    struct parsing p = {.tool = t, .argc = argc, .argv = argv};
    const struct command *found = NULL;
    int error = parse_all(&p, &found);
    if (!error && (t->help || t->version)) {
        *command = NULL;
        return 0;
    }
    if (!error && !found) {
        buf_str(&t->fault, "a command is missing: keytool --help lists them");
        error = LK_USAGE;
    }
    if (!error && found->operand && !t->operand) {
        buf_printf(&t->fault, "%s needs a %s", found->name, found->operand);
        error = LK_USAGE;
    }
    if (!error)
        error = check_belonging(&p, found);
    if (!error)
        *command = found;
    return error;
}

void options_usage(void)
{
    printf("usage: keytool [options] command\n\ncommands:\n");
    for (size_t i = 0; i < command_count; i++) {
        char left[64];
        snprintf(left, sizeof left, "%s %s", commands[i].name, commands[i].operand ? commands[i].operand : "");
        printf("  %-14s %s\n", left, commands[i].doc);
    }
    printf("\noptions:\n");
    for (size_t i = 0; i < OPTIONS; i++) {
        const struct option *o = &options[i];
        char left[64];
        snprintf(left, sizeof left, "%c%c%s--%s%s%s", o->letter ? '-' : ' ', o->letter ? o->letter : ' ',
                 o->letter ? ", " : "  ", o->name, o->argument ? " " : "", o->argument ? o->argument : "");
        printf("  %-22s %s%s%s%s\n", left, o->doc, o->only ? " (" : "", o->only ? o->only : "", o->only ? ")" : "");
    }
}
