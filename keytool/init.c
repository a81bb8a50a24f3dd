#include <grp.h>

#include "base/error.h"
#include "base/parse.h"
#include "tool.h"

/* A group by number, or by name from /etc/group: the name service would open sockets, and keytool never does. */
static int find_group(struct tool *t, gid_t *out)
{
    uint64_t number = 0;
    const struct group *g;
    *out = (gid_t)-1;
    if (!t->group)
        return 0;
    if (parse_u64(span_of(t->group), INT32_MAX, &number) == 0) {
        *out = (gid_t)number;
        return 0;
    }
    FILE *groups = fopen("/etc/group", "re");
    while (groups && *out == (gid_t)-1 && (g = fgetgrent(groups)))
        if (strcmp(g->gr_name, t->group) == 0)
            *out = g->gr_gid;
    if (groups)
        fclose(groups);
    if (*out != (gid_t)-1)
        return 0;
    buf_printf(&t->fault, "there is no group \"%s\" in /etc/group: give its number", t->group);
    return LK_USAGE;
}

int tool_init(struct tool *t)
{
    struct keydir *kd = NULL;
    gid_t gid = (gid_t)-1;
    int64_t now = 0;
    int error = find_group(t, &gid);
    if (!error)
        error = tool_open(t, true, &kd, &now);
    if (!error)
        error = keydir_init(kd, t->alg ? t->alg : jwa_find(span_of("ES256")), gid, now, &t->fault);
    if (!error)
        error = tool_report(t, kd, true, "the first key signs, and a standby is published");
    if (!error)
        tool_warn_readers(kd);
    keydir_close(kd);
    return error;
}
