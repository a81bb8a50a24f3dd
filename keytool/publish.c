#include "tool.h"

int tool_publish(struct tool *t)
{
    struct keydir *kd = NULL;
    int64_t now = 0;
    bool changed = false;
    int error = tool_begin(t, false, &kd, &now);
    if (!error)
        error = keydir_publish(kd, now, &changed, &t->fault);
    return tool_end(t, kd, error, changed, changed ? "jwks.json is up to date now" : "jwks.json was up to date");
}
