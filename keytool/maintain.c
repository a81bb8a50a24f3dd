#include "tool.h"

int tool_maintain(struct tool *t)
{
    struct keydir *kd = NULL;
    int64_t now = 0;
    bool changed = false;
    int error = tool_begin(t, false, &kd, &now);
    if (!error)
        error = keydir_maintain(kd, now, &changed, &t->fault);
    return tool_end(t, kd, error, changed, changed ? "what was due is done" : "nothing was due");
}
