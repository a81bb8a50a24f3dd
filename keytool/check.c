#include "base/error.h"
#include "tool.h"

struct findings {
    const struct tool *tool;
    json_t *list; /* NULL: text */
    size_t failed;
};

static const char *const words[] = {[KEYDIR_OK] = "ok", [KEYDIR_WARN] = "warn", [KEYDIR_FAIL] = "FAIL"};

static void on_finding(void *context, enum keydir_finding finding, const char *sentence)
{
    struct findings *f = context;
    f->failed += finding == KEYDIR_FAIL;
    if (f->list)
        json_array_append_new(f->list, json_pack("{s:s,s:s}", "result", words[finding], "finding", sentence));
    else if (finding != KEYDIR_OK || !f->tool->quiet)
        printf("%s: %s\n", words[finding], sentence);
}

int tool_check(struct tool *t)
{
    struct findings f = {.tool = t, .list = t->json ? json_array() : NULL};
    int error = keydir_check(t->directory, on_finding, &f);
    if (f.failed)
        buf_printf(&t->fault, "%s: %zu of the checks failed", t->directory, f.failed);
    if (f.list) {
        int printed = tool_print_json(
            json_pack("{s:s,s:b,s:o}", "directory", t->directory, "ok", f.failed == 0, "findings", f.list));
        error = error ? error : printed;
    }
    return error;
}
