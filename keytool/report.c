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

static const char *kid_in(struct keydir *kd, enum key_state state)
{
    const struct key_entry *e = history_in_state(keydir_history(kd), state);
    return e ? e->kid : "";
}

static void report_text(const struct tool *t, struct keydir *kd, const char *done)
{
    struct key_history *h = keydir_history(kd);
    const struct key_entry *standby = history_in_state(h, KEY_PUBLISHED);
    char opens[CLOCK_RFC3339_SIZE];
    printf("%s: %s\n", t->directory, done);
    printf("  active   %s\n", kid_in(kd, KEY_ACTIVE));
    if (standby) {
        clock_rfc3339(gate_activate(h, standby), opens);
        printf("  standby  %s (%s; may sign from %s)\n", standby->kid, standby->alg->name, opens);
    }
}

int tool_report(const struct tool *t, struct keydir *kd, bool changed, const char *done)
{
    const char *finished = keydir_finished(kd);
    if (t->json)
        return tool_print_json(json_pack("{s:s,s:b,s:s,s:s,s:s,s:s?}", "directory", t->directory, "changed", changed,
                                         "result", done, "active", kid_in(kd, KEY_ACTIVE), "standby",
                                         kid_in(kd, KEY_PUBLISHED), "finished", finished));
    if (finished && !t->quiet)
        printf("%s: %s\n", t->directory, finished);
    if (!t->quiet && (changed || t->verbose))
        report_text(t, kd, done);
    return 0;
}
