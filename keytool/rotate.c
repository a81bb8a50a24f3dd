#include "base/clock.h"
#include "base/error.h"
#include "tool.h"

static void explain_gate(struct tool *t, int64_t opens)
{
    char time[CLOCK_RFC3339_SIZE];
    clock_rfc3339(opens, time);
    buf_printf(&t->fault,
               "too early, the active key signs on: verifiers may not have seen the standby yet; rotate from %s, or "
               "use --force in an emergency",
               time);
}

/* What --force overrides, while it can still be computed: the standby's gate, or 0 when it is open. */
static int64_t closed_gate(struct keydir *kd, int64_t now)
{
    struct key_history *h = keydir_history(kd);
    const struct key_entry *standby = history_in_state(h, KEY_PUBLISHED);
    int64_t opens = standby ? gate_activate(h, standby) : 0;
    return opens > now ? opens : 0;
}

static void warn_forced(int64_t opens)
{
    char time[CLOCK_RFC3339_SIZE], sentence[256];
    clock_rfc3339(opens, time);
    snprintf(sentence, sizeof sentence,
             "--force: the activation gate was closed; verifiers elsewhere that cached jwks.json may reject new tokens "
             "until %s",
             time);
    tool_warn(sentence);
}

int tool_rotate(struct tool *t)
{
    struct keydir *kd = NULL;
    int64_t now = 0, opens = 0, overridden = 0;
    int error = tool_begin(t, false, &kd, &now);
    if (!error) {
        overridden = t->force ? closed_gate(kd, now) : 0;
        error = keydir_rotate(kd, t->alg, t->force, now, &opens, &t->fault);
    }
    if (error == LK_TOO_EARLY)
        explain_gate(t, opens);
    if (!error && overridden)
        warn_forced(overridden);
    return tool_end(t, kd, error, true, "the standby signs from now on, and a new standby is published");
}
