#include <errno.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/error.h"
#include "base/file.h"
#include "base/secret.h"
#include "options.h"

/* keytool: options, policy, dispatch. One file per subcommand. */

const struct command commands[] = {
    {"init", tool_init, NULL, "make the first keys"},
    {"maintain", tool_maintain, NULL, "do everything that is due, and nothing else: for cron"},
    {"rotate", tool_rotate, NULL, "the standby signs from now on, and a new standby is published"},
    {"revoke", tool_revoke, "KID", "kill a key at once, with every token that it has signed"},
    {"publish", tool_publish, NULL, "bring jwks.json up to date and finish what was interrupted"},
    {"status", tool_status, NULL, "list the keys and say what comes next"},
    {"check", tool_check, NULL, "examine modes, owners, keys and jwks.json"},
    {"policy", tool_policy, NULL, "print the settings and the gates they give, or a web server's snippet"},
    {"import", tool_import, "FILE", "take a private key in (PEM or JWK), or a public one of an HSM or KMS"},
    {"export", tool_export, "KID", "print a public key, or a private one encrypted"},
    {"backup", tool_backup, "FILE", "write an encrypted backup"},
    {"restore", tool_restore, "FILE", "put a backup back; what is revoked or removed stays dead"},
    {"log", tool_log, NULL, "print the audit log and verify its chain"},
};
const size_t command_count = sizeof commands / sizeof commands[0];

static const struct {
    int error, code;
} exit_codes[] = {
    {0, 0}, {LK_USAGE, 64}, {LK_BUSY, 75}, {LK_CLOCK, 75}, {LK_UNSAFE_FILE, 77}, {LK_CONFIG, 78}, {LK_SYNTAX, 78},
};

static int exit_code(int error)
{
    for (size_t i = 0; i < sizeof exit_codes / sizeof exit_codes[0]; i++)
        if (exit_codes[i].error == error)
            return exit_codes[i].code;
    return 1;
}

/* ---- configuration -------------------------------------------------------------------------------------------------
 */

/* The environment with LATCHKEY_CONF replaced by `setting`. */
static char **env_with(char *const env[], char *setting)
{
    size_t n = 0, used = 0;
    while (env[n])
        n++;
    char **out = calloc(n + 2, sizeof *out);
    if (!out)
        return NULL;
    out[used++] = setting;
    for (size_t i = 0; i < n; i++)
        if (strncmp(env[i], "LATCHKEY_CONF=", 14) != 0)
            out[used++] = env[i];
    return out;
}

static int load_named(struct tool *t, char *const env[])
{
    struct buf setting = BUF_INIT(8192);
    char **with = NULL;
    int error = buf_printf(&setting, "LATCHKEY_CONF=%s", t->config);
    if (!error)
        error = (with = env_with(env, setting.p)) ? conf_load(with, &t->conf, &t->fault) : LK_NOMEM;
    free(with);
    buf_free(&setting);
    return error;
}

/* keytool is usable before there is a configuration: the issuers mean nothing to it. */
static int load_defaults(struct tool *t, char *const env[])
{
    static const char text[] = "[site]\nissuer = https://localhost\n[provider]\nissuer = https://localhost\n";
    return conf_parse("the built-in defaults", span_of(text), env, &t->conf, &t->fault);
}

static int load_conf(struct tool *t, char *const env[])
{
    struct stat st;
    if (t->config)
        return load_named(t, env);
    if (t->directory && !env_get(env, "LATCHKEY_CONF") && stat(LATCHKEY_CONF_PATH, &st) && errno == ENOENT)
        return load_defaults(t, env);
    return conf_load(env, &t->conf, &t->fault);
}

static int take_policy(struct tool *t, char *const env[])
{
    int error = load_conf(t, env);
    if (error)
        return error;
    const struct conf *c = t->conf;
    t->policy = (struct key_policy){.rotation = c->keys.rotation,
                                    .lag = c->keys.lag,
                                    .remote_cache = c->keys.remote_cache,
                                    .margin = c->keys.margin,
                                    .token = c->token.lifetime,
                                    .leeway = c->keys.leeway,
                                    .run = c->process.run,
                                    .skew = c->keys.skew,
                                    .cron = c->keys.cron};
    if (!t->directory)
        t->directory = c->keys.directory;
    return 0;
}

static int take_alg(struct tool *t)
{
    if (!t->alg_name)
        return 0;
    t->alg = conf_list_has("ES256 EdDSA RS256", t->alg_name) ? jwa_find(span_of(t->alg_name)) : NULL;
    if (t->alg)
        return 0;
    buf_printf(&t->fault, "\"%s\" is not an algorithm for our keys: ES256, EdDSA or RS256", t->alg_name);
    return LK_USAGE;
}

/* ---- what every subcommand needs -----------------------------------------------------------------------------------
 */

int tool_open(struct tool *t, bool create, struct keydir **out, int64_t *now)
{
    int error = keydir_open(t->directory, create, out, &t->fault);
    if (error)
        return error;
    history_raise(keydir_history(*out), &t->policy);
    clock_boot(&keydir_history(*out)->boot);
    *now = clock_now();
    return 0;
}

static int refuse_infeasible(struct tool *t, const struct key_policy *p)
{
    int64_t least = p->lag + p->remote_cache + p->margin + p->cron;
    buf_printf(&t->fault,
               "the policy can never be kept: keys.rotation is %llds, and has to be longer than lag + remote_cache + "
               "margin + cron = %llds: keytool policy",
               (long long)p->rotation, (long long)least);
    return LK_CONFIG;
}

int tool_begin(struct tool *t, bool create, struct keydir **out, int64_t *now)
{
    if (!policy_is_feasible(&t->policy))
        return refuse_infeasible(t, &t->policy);
    int error = tool_open(t, create, out, now);
    if (error)
        return error;
    if (t->dry)
        keydir_set_dry(*out);
    else
        audit_begin(t, *out);
    return 0;
}

int tool_begin_anywhere(struct tool *t, struct keydir **kd, int64_t *now)
{
    int error = tool_begin(t, false, kd, now);
    if (error != LK_NOT_FOUND || t->dry)
        return error;
    buf_reset(&t->fault);
    return tool_begin(t, true, kd, now);
}

void tool_warn(const char *sentence)
{
    fprintf(stderr, "keytool: warning: %s\n", sentence);
}

void tool_warn_readers(const struct keydir *kd)
{
    if (keydir_signs_for_root_only(kd))
        tool_warn("signing.jwk can be read by root alone: chgrp it to the web server's group (init has --group)");
}

/* ---- main ----------------------------------------------------------------------------------------------------------
 */

#define FAULT_MAX 16384 /* a sentence with two long paths in it */

static int run(struct tool *t, int argc, char *const argv[], char *const env[])
{
    const struct command *command = NULL;
    int error = options_parse(t, argc, argv, &command);
    if (error)
        return error;
    if (t->help)
        options_usage();
    else if (t->version)
        puts("keytool " LATCHKEY_VERSION);
    if (!command)
        return 0;
    t->command = command;
    t->env = env;
    error = take_alg(t);
    if (!error)
        error = take_policy(t, env);
    return error ? error : command->run(t);
}

static int harden(void)
{
    const struct rlimit none = {0, 0};
    umask(022);
    return setrlimit(RLIMIT_CORE, &none) ? LK_SYSTEM : secret_init();
}

int main(int argc, char *argv[])
{
    struct tool t = {.fault = BUF_INIT(FAULT_MAX)};
    int error = harden();
    if (!error)
        error = run(&t, argc, argv, environ);
    if (error && !t.fault.n)
        buf_str(&t.fault, lk_error_text(error));
    if (t.fault.n)
        fprintf(stderr, "keytool: %s\n", buf_cstr(&t.fault));
    if ((fflush(stdout) || ferror(stdout)) && !error) {
        fprintf(stderr, "keytool: standard output: %s\n", strerror(errno));
        error = LK_SYSTEM;
    }
    conf_free(t.conf);
    buf_free(&t.fault);
    return t.exit ? t.exit : exit_code(error);
}
