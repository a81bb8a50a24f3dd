#include "base/error.h"
#include "base/json.h"
#include "keys/keylog.h"
#include "tool.h"

static void print_changes(const json_t *entry)
{
    const json_t *change;
    size_t i;
    json_array_foreach(json_object_get(entry, "changes"), i, change)
    {
        const char *from = json_text(change, "from");
        printf("    %s  %s -> %s\n", json_text(change, "kid"), from ? from : "(new)", json_text(change, "to"));
    }
}

static const char *member(const json_t *entry, const char *name, const char *otherwise)
{
    const char *text = json_text(entry, name);
    return text ? text : otherwise;
}

static void on_line(void *context, size_t number, struct span line, const json_t *entry, bool chained)
{
    const struct tool *t = context;
    if (t->json)
        printf("%.*s\n", (int)line.n, line.p);
    else if (!entry)
        printf("line %zu: torn by a crash\n", number);
    else {
        const char *sudo = json_text(entry, "sudo_user"), *reason = json_text(entry, "reason");
        printf("%s  %-6s %s%s%s by uid %lld%s%s%s%s%s%s\n", member(entry, "at", "-"), member(entry, "phase", "-"),
               member(entry, "command", "-"), json_text(entry, "operand") ? " " : "", member(entry, "operand", ""),
               (long long)json_integer_value(json_object_get(entry, "uid")), sudo ? " (" : "", sudo ? sudo : "",
               sudo ? ")" : "", json_text(entry, "outcome") ? ": " : "", member(entry, "outcome", ""),
               chained ? "" : "  CHAIN BROKEN");
        if (reason && json_text(entry, "outcome") == NULL)
            printf("    reason: %s\n", reason);
        print_changes(entry);
    }
}

int tool_log(struct tool *t)
{
    int error = keylog_read(t->directory, on_line, t, &t->fault);
    return error == LK_SYNTAX ? LK_FORBIDDEN : error; /* a broken chain is no configuration error */
}
