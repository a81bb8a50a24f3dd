#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/error.h"
#include "base/json.h"
#include "tool.h"

int tool_print_json(json_t *value)
{
    struct buf text = BUF_INIT(4U << 20);
    int error = value ? json_write(value, &text) : LK_NOMEM;
    if (!error)
        printf("%s\n", buf_cstr(&text));
    json_decref(value);
    buf_free(&text);
    return error;
}

json_t *json_time(int64_t t)
{
    char text[CLOCK_RFC3339_SIZE];
    clock_rfc3339(t, text);
    return t ? json_string(text) : json_null();
}

static const char *kid_in(struct keydir *kd, enum key_state state)
{
    const struct key_entry *e = history_in_state(keydir_history(kd), state);
    return e ? e->kid : "";
}

/* ---- text -------------------------------------------------------------------------------------------------------- */

static void print_transition(void *context, const char *from, const struct key_entry *e)
{
    (void)context;
    printf("  %s  %s -> %s\n", e->kid, from ? from : "(new)", key_state_name(e->state));
}

static void report_text(const struct tool *t, struct keydir *kd, const char *done)
{
    struct key_history *h = keydir_history(kd);
    const struct key_entry *standby = history_in_state(h, KEY_PUBLISHED);
    char opens[CLOCK_RFC3339_SIZE];
    printf("%s: %s%s\n", t->directory, t->dry ? "dry run, nothing is written: " : "", done);
    if (t->dry || t->verbose)
        keydir_transitions(kd, print_transition, NULL);
    printf("  active   %s\n", kid_in(kd, KEY_ACTIVE));
    if (standby) {
        clock_rfc3339(gate_activate(h, standby), opens);
        printf("  standby  %s (%s; may sign from %s)\n", standby->kid, standby->alg->name, opens);
    }
}

/* ---- the plan ---------------------------------------------------------------------------------------------------- */

#define PLAN_STEPS 8

static const char *const step_words[] = {[KEY_STEP_ROTATE] = "activate",
                                         [KEY_STEP_DESTROY] = "destroy the private key of",
                                         [KEY_STEP_REMOVE] = "remove from the JWKS",
                                         [KEY_STEP_STANDBY] = "publish",
                                         [KEY_STEP_NONE] = ""};

static void take_step(struct key_history *h, const struct key_step *step, int64_t at, size_t *number)
{
    char name[24];
    struct key_entry *e = step->entry ? history_find(h, step->entry->kid) : NULL;
    if (!e)
        return;
    if (step->what == KEY_STEP_DESTROY)
        e->destroyed = at;
    else if (step->what == KEY_STEP_REMOVE)
        history_discard(e, at);
    else if (step->what == KEY_STEP_ROTATE) {
        snprintf(name, sizeof name, "(new key %zu)", ++*number);
        history_promote(h, e, at);
        history_add(h, name, e->alg, at);
    }
}

void tool_print_plan(struct keydir *kd, int64_t now)
{
    struct key_history *h = calloc(1, sizeof *h);
    char at[CLOCK_RFC3339_SIZE];
    size_t number = 0;
    if (!h)
        return;
    *h = *keydir_history(kd);
    h->boot = (struct clock_boot){0};
    for (size_t i = 0; i < PLAN_STEPS; i++) {
        struct key_step step = history_next(h);
        if (step.what == KEY_STEP_NONE || step.what == KEY_STEP_STANDBY)
            break;
        now = step.at > now ? step.at : now;
        clock_rfc3339(now, at);
        printf("  %s  %s %s\n", at, step_words[step.what], step.entry->kid);
        take_step(h, &step, now, &number);
    }
    free(h);
}

/* ---- JSON -------------------------------------------------------------------------------------------------------- */

static void add_transition(void *list, const char *from, const struct key_entry *e)
{
    json_array_append_new(list,
                          json_pack("{s:s,s:s?,s:s}", "kid", e->kid, "from", from, "to", key_state_name(e->state)));
}

static int report_json(const struct tool *t, struct keydir *kd, bool changed, const char *done)
{
    json_t *changes = json_array();
    keydir_transitions(kd, add_transition, changes);
    return tool_print_json(json_pack("{s:s,s:b,s:b,s:s,s:s,s:s,s:s?,s:o}", "directory", t->directory, "changed",
                                     changed, "dry_run", t->dry, "result", done, "active", kid_in(kd, KEY_ACTIVE),
                                     "standby", kid_in(kd, KEY_PUBLISHED), "finished", keydir_finished(kd), "changes",
                                     changes));
}

static int report(const struct tool *t, struct keydir *kd, bool changed, const char *done)
{
    const char *finished = keydir_finished(kd);
    if (t->json)
        return report_json(t, kd, changed, done);
    if (finished && !t->quiet)
        printf("%s: %s\n", t->directory, finished);
    if (!t->quiet && (changed || t->verbose || t->dry))
        report_text(t, kd, done);
    if (!t->quiet && t->dry) {
        printf("what follows, if keytool maintain runs in time:\n");
        tool_print_plan(kd, clock_now());
    }
    return 0;
}

/* ---- the end of a command ---------------------------------------------------------------------------------------- */

static int run_after(struct tool *t)
{
    int status = 0;
    fflush(stdout);
    pid_t pid = fork();
    if (pid == 0) {
        execl("/bin/sh", "sh", "-c", t->after, (char *)NULL);
        _exit(127);
    }
    if (pid > 0 && waitpid(pid, &status, 0) == pid && WIFEXITED(status) && WEXITSTATUS(status) == 0)
        return 0;
    buf_printf(&t->fault, "the keys are changed, but --after failed: %s", t->after);
    return LK_SYSTEM;
}

int tool_end(struct tool *t, struct keydir *kd, int error, bool changed, const char *done)
{
    struct buf fault = BUF_INIT(4096);
    int logged = kd ? audit_end(error, &fault) : 0;
    if (!error && logged) {
        buf_printf(&t->fault, "the keys are changed, but not the audit log: %s", buf_cstr(&fault));
        error = logged;
    }
    buf_free(&fault);
    if (!error)
        error = report(t, kd, changed, done);
    if (!error)
        tool_warn_readers(kd);
    keydir_close(kd); /* the lock is free when the command of --after runs */
    if (!error && changed && t->after && !t->dry)
        error = run_after(t);
    if (!error && !changed && t->exit_unchanged)
        t->exit = 2;
    return error;
}
