#include <syslog.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/error.h"
#include "keys/keylog.h"
#include "tool.h"

/* What is going to be done is written before it is done, and what came of it after. Both lines also go to syslog, with
 * the hash of the line, so that a log that was cut short is found out. */
static struct {
    struct tool *tool;
    struct keydir *kd;
    bool intended;
} audit;

static void add_transition(void *context, const char *from, const struct key_entry *e)
{
    json_array_append_new(context,
                          json_pack("{s:s,s:s?,s:s}", "kid", e->kid, "from", from, "to", key_state_name(e->state)));
}

static json_t *transitions(const struct keydir *kd)
{
    json_t *list = json_array();
    keydir_transitions(kd, add_transition, list);
    return list;
}

static json_t *policy(const struct key_policy *p)
{
    return json_pack("{s:I,s:I,s:I,s:I,s:I,s:I,s:I,s:I,s:I}", "rotation", (json_int_t)p->rotation, "lag",
                     (json_int_t)p->lag, "remote_cache", (json_int_t)p->remote_cache, "margin", (json_int_t)p->margin,
                     "token", (json_int_t)p->token, "leeway", (json_int_t)p->leeway, "run", (json_int_t)p->run, "skew",
                     (json_int_t)p->skew, "cron", (json_int_t)p->cron);
}

static json_t *line(const char *phase)
{
    const struct tool *t = audit.tool;
    const char *sudo = env_get(t->env, "SUDO_USER");
    return json_pack("{s:o,s:s,s:s,s:s?,s:I,s:s?,s:s?}", "at", json_time(clock_now()), "phase", phase, "command",
                     t->command->name, "operand", t->operand, "uid", (json_int_t)getuid(), "sudo_user",
                     sudo && *sudo ? sudo : NULL, "reason", t->reason);
}

static void tell_syslog(const char *phase, const char *outcome, const char *hash)
{
    if (access("/dev/log", W_OK))
        return;
    openlog("keytool", LOG_PID, LOG_AUTH);
    syslog(LOG_NOTICE, "%s %s %s: %s%shash=%s", audit.tool->command->name, audit.tool->directory, phase, outcome,
           *outcome ? " " : "", hash);
    closelog();
}

static int write_line(json_t *entry, const char *phase, const char *outcome, struct buf *fault)
{
    char hash[KEYLOG_HASH];
    int error = keylog_append(audit.tool->directory, entry, hash, fault);
    if (!error)
        tell_syslog(phase, outcome, hash);
    return error;
}

static int intend(void *context, struct buf *fault)
{
    (void)context;
    json_t *entry = line("intent");
    if (json_object_set_new(entry, "policy", policy(&keydir_history(audit.kd)->marks))) {
        json_decref(entry);
        return LK_NOMEM;
    }
    int error = write_line(entry, "intent", "", fault);
    audit.intended = !error;
    return error;
}

void audit_begin(struct tool *t, struct keydir *kd)
{
    audit.tool = t;
    audit.kd = kd;
    audit.intended = false;
    keydir_on_change(kd, intend, NULL);
}

int audit_end(int error, struct buf *fault)
{
    if (!audit.intended)
        return 0;
    json_t *entry = line("result");
    const char *outcome = error ? lk_error_code(error) : "done";
    if (json_object_set_new(entry, "outcome", json_string(outcome)) ||
        json_object_set_new(entry, "changes", transitions(audit.kd))) {
        json_decref(entry);
        return LK_NOMEM;
    }
    return write_line(entry, "result", outcome, fault);
}
