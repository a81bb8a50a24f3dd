#include "base/clock.h"
#include "base/error.h"
#include "tool.h"

/* What a key waits for, by its state. */
struct waiting {
    const char *step; /* NULL: nothing */
    int64_t at;
};

static struct waiting waiting_for(const struct key_history *h, const struct key_entry *e)
{
    switch (e->state) {
    case KEY_PUBLISHED:
        return (struct waiting){"activate", gate_activate(h, e)};
    case KEY_ACTIVE:
        return (struct waiting){"retire", gate_rotate(h, e)};
    case KEY_RETIRED:
        return e->destroyed ? (struct waiting){"remove", gate_remove(h, e)}
                            : (struct waiting){"destroy", gate_destroy(h, e)};
    case KEY_REMOVED:
    case KEY_REVOKED:
        break;
    }
    return (struct waiting){0};
}

/* ---- the advice ----------------------------------------------------------------------------------------------------
 */

struct advice {
    bool action;
    int severity; /* of the monitoring plugin: 0 ok, 1 warning, 2 critical */
    struct buf text;
};

static void advise_step(struct advice *a, const struct key_step *step, const char *at)
{
    static const char *const words[] = {[KEY_STEP_NONE] = "",
                                        [KEY_STEP_ROTATE] = "activate",
                                        [KEY_STEP_DESTROY] = "destroy the private key of",
                                        [KEY_STEP_REMOVE] = "remove",
                                        [KEY_STEP_STANDBY] = "import the next key"};
    if (!step->entry)
        buf_printf(&a->text, "%s: there is no standby, and keytool cannot make a key outside.", words[step->what]);
    else if (a->action)
        buf_printf(&a->text, "keytool maintain: %s %s, due since %s.", words[step->what], step->entry->kid, at);
    else
        buf_printf(&a->text, "%s %s at %s (keytool maintain).", words[step->what], step->entry->kid, at);
}

/* Late is safe, so a step is nobody's worry before maintain has had its turn. */
static int severity_of(struct keydir *kd, const struct key_step *next, int64_t now, int64_t cron)
{
    const struct key_policy *p = &keydir_history(kd)->marks;
    int64_t late = now - next->at;
    if (keydir_needs(kd))
        return 2;
    if (next->what == KEY_STEP_ROTATE && late > p->rotation / 2)
        return 2;
    return next->what == KEY_STEP_STANDBY || late > cron ? 1 : 0;
}

static void advise(struct keydir *kd, int64_t now, int64_t cron, struct advice *a)
{
    struct key_step next = history_next(keydir_history(kd));
    char at[CLOCK_RFC3339_SIZE];
    const char *needs = keydir_needs(kd);
    clock_rfc3339(next.at, at);
    a->severity = severity_of(kd, &next, now, cron);
    bool clock_is_back = now < history_last(keydir_history(kd));
    a->action = needs || next.at <= now || clock_is_back;
    buf_str(&a->text, a->action ? "ACTION: " : "No action needed; next: ");
    if (clock_is_back) {
        a->severity = 2;
        buf_str(&a->text, "the clock is earlier than the last event of the keys, and nothing is changed until then: "
                          "set the clock.");
    } else if (needs)
        buf_printf(&a->text, "%s.", needs);
    else
        advise_step(a, &next, at);
}

/* ---- text ----------------------------------------------------------------------------------------------------------
 */

static void print_row(const struct key_history *h, const struct key_entry *e)
{
    char since[CLOCK_RFC3339_SIZE], at[CLOCK_RFC3339_SIZE];
    struct waiting w = waiting_for(h, e);
    clock_rfc3339(key_since(e), since);
    clock_rfc3339(w.at, at);
    printf("%-43s  %-5s  %-9s  %s  %-8s  %s\n", e->kid, e->alg->name, key_state_name(e->state), since,
           w.step ? w.step : "-", w.step ? at : "-");
}

static int status_text(const struct tool *t, struct keydir *kd, const struct advice *a)
{
    const struct key_history *h = keydir_history(kd);
    if (!t->quiet) {
        printf("%-43s  %-5s  %-9s  %-20s  %-8s  %s\n", "KID", "ALG", "STATE", "SINCE", "NEXT", "ELIGIBLE");
        for (size_t i = 0; i < h->n; i++)
            if (key_state_is_live(h->entry[i].state) || t->verbose)
                print_row(h, &h->entry[i]);
    }
    if (a->action || !t->quiet)
        printf("%s%s\n", t->quiet ? "" : "\n", buf_cstr(&a->text));
    return 0;
}

/* ---- JSON ----------------------------------------------------------------------------------------------------------
 */

static json_t *json_next(const struct key_history *h, const struct key_entry *e)
{
    struct waiting w = waiting_for(h, e);
    return w.step ? json_pack("{s:s,s:o}", "step", w.step, "at", json_time(w.at)) : json_null();
}

static json_t *json_key(const struct key_history *h, const struct key_entry *e)
{
    return json_pack("{s:s,s:s,s:s,s:o,s:o,s:o,s:o,s:o,s:o,s:o}", "kid", e->kid, "alg", e->alg->name, "state",
                     key_state_name(e->state), "since", json_time(key_since(e)), "next", json_next(h, e), "created",
                     json_time(e->created), "published", json_time(e->published), "activated", json_time(e->activated),
                     "retired", json_time(e->retired), "ended", json_time(e->ended));
}

static json_t *json_policy(const struct key_policy *p)
{
    return json_pack("{s:I,s:I,s:I,s:I,s:I,s:I,s:I,s:I}", "rotation", (json_int_t)p->rotation, "lag",
                     (json_int_t)p->lag, "remote_cache", (json_int_t)p->remote_cache, "margin", (json_int_t)p->margin,
                     "token", (json_int_t)p->token, "leeway", (json_int_t)p->leeway, "run", (json_int_t)p->run, "skew",
                     (json_int_t)p->skew);
}

static int status_json(const struct tool *t, struct keydir *kd, const struct advice *a)
{
    const struct key_history *h = keydir_history(kd);
    json_t *keys = json_array();
    for (size_t i = 0; i < h->n; i++)
        if (json_array_append_new(keys, json_key(h, &h->entry[i]))) {
            json_decref(keys);
            return LK_NOMEM;
        }
    return tool_print_json(json_pack("{s:s,s:o,s:o,s:b,s:s}", "directory", t->directory, "keys", keys, "policy",
                                     json_policy(&h->marks), "action", a->action, "advice", buf_cstr(&a->text)));
}

/* ---- monitoring plugin --------------------------------------------------------------------------------------------
 */

/* One line, as Nagios' plugin guidelines have it; the exit code is the severity. */
static void status_plugin(struct keydir *kd, const struct advice *a, int64_t now)
{
    static const char *const words[] = {"OK", "WARNING", "CRITICAL"};
    const struct key_entry *active = history_in_state(keydir_history(kd), KEY_ACTIVE);
    printf("KEYS %s - %s | age=%llds\n", words[a->severity], buf_cstr(&a->text),
           (long long)(active ? now - active->activated : 0));
}

static int unknown(struct tool *t)
{
    printf("KEYS UNKNOWN - %s\n", buf_cstr(&t->fault));
    buf_reset(&t->fault);
    t->exit = 3;
    return 0;
}

int tool_status(struct tool *t)
{
    struct keydir *kd = NULL;
    struct advice a = {.text = BUF_INIT(1024)};
    int64_t now = 0;
    int error = tool_open(t, false, &kd, &now);
    if (!error)
        advise(kd, now, t->policy.cron, &a);
    if (!error && t->nagios) {
        status_plugin(kd, &a, now);
        t->exit = a.severity;
    } else if (!error) {
        error = (t->json ? status_json : status_text)(t, kd, &a);
        tool_warn_readers(kd);
    }
    keydir_close(kd);
    buf_free(&a.text);
    return error && t->nagios ? unknown(t) : error;
}
