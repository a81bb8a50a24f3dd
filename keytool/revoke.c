#include "base/clock.h"
#include "base/error.h"
#include "tool.h"

static int refuse_unsure(struct tool *t)
{
    if (!t->reason)
        buf_str(&t->fault, "revoke needs --reason TEXT: it is kept in the audit log");
    else
        buf_printf(&t->fault,
                   "every token that %s has signed dies with it, at once and for good: say --yes, or --dry-run to see "
                   "what would happen",
                   t->operand);
    return LK_USAGE;
}

/* What a revocation costs, said before anything else of the report. */
static void explain(const struct tool *t, struct keydir *kd, const struct key_entry *e, int64_t now)
{
    const struct key_policy *p = &keydir_history(kd)->marks;
    char hosts[CLOCK_RFC3339_SIZE], caches[CLOCK_RFC3339_SIZE], gate[CLOCK_RFC3339_SIZE];
    const struct key_entry *active = history_in_state(keydir_history(kd), KEY_ACTIVE);
    if (t->quiet || t->json)
        return;
    clock_rfc3339(now + p->lag, hosts);
    clock_rfc3339(now + p->lag + p->remote_cache, caches);
    printf("%s: %s every token that %s has signed: its users refresh and go on\n", t->directory,
           t->dry ? "would invalidate" : "invalidates", e->kid);
    printf("  hosts of this site may still accept them until %s, verifiers with a cached jwks.json until %s\n", hosts,
           caches);
    if (!active || active->activated != now)
        return;
    clock_rfc3339(gate_activate(keydir_history(kd), active), gate);
    if (gate_activate(keydir_history(kd), active) > now)
        printf("  verifiers with a cached jwks.json may reject new tokens of %s until %s\n", active->kid, gate);
}

int tool_revoke(struct tool *t)
{
    struct keydir *kd = NULL;
    int64_t now = 0;
    if (!t->reason || (!t->yes && !t->dry))
        return refuse_unsure(t);
    int error = tool_begin(t, false, &kd, &now);
    if (!error)
        error = keydir_revoke(kd, t->operand, t->and_standby, now, &t->fault);
    if (!error)
        explain(t, kd, history_find(keydir_history(kd), t->operand), now);
    return tool_end(t, kd, error, true, "the key is revoked");
}
