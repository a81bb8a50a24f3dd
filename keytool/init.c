#include <grp.h>

#include "base/clock.h"
#include "base/error.h"
#include "base/parse.h"
#include "tool.h"

/* A group by number, or by name from /etc/group: the name service would open sockets, and keytool never does. */
int tool_find_group(struct tool *t, gid_t *out)
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

/* A directory that is not there cannot be opened, and a dry run makes none. */
static int init_dry(struct tool *t)
{
    struct keydir *kd = NULL;
    char opens[CLOCK_RFC3339_SIZE];
    const struct key_policy *p = &t->policy;
    int error = keydir_open(t->directory, false, &kd, &t->fault);
    keydir_close(kd);
    if (!error)
        buf_printf(&t->fault, "%s: there are keys already, or an init to finish", t->directory);
    if (error != LK_NOT_FOUND)
        return error ? error : LK_EXISTS;
    buf_reset(&t->fault);
    clock_rfc3339(clock_now() + p->lag + p->remote_cache + p->margin, opens);
    printf("%s: dry run, nothing is written: an %s key would sign at once, and its standby could sign from %s\n",
           t->directory, t->alg ? t->alg->name : "ES256", opens);
    return 0;
}

int tool_init(struct tool *t)
{
    struct keydir *kd = NULL;
    gid_t gid = (gid_t)-1;
    int64_t now = 0;
    int error = tool_find_group(t, &gid);
    if (!error && t->dry)
        return init_dry(t);
    if (!error)
        error = tool_begin(t, true, &kd, &now);
    if (!error)
        error = keydir_init(kd, t->alg ? t->alg : jwa_find(span_of("ES256")), gid, now, &t->fault);
    return tool_end(t, kd, error, true, "the first key signs, and a standby is published");
}
