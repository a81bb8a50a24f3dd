#include "keys/reconcile.h"

#include "base/error.h"

static void judge_signing(struct key_history *h, const struct key_files *files, struct key_repair *r)
{
    const struct key_entry *e = history_find(h, files->signing);
    if (!history_in_state(h, KEY_ACTIVE) || (!e && *files->signing && files->signing_listed))
        r->adopt_signing = true;
    else if (e && e->state == KEY_PUBLISHED)
        r->swap = true;
    else if (!e || e->state != KEY_ACTIVE)
        r->signing_lost = true;
}

static int judge_standby(struct key_history *h, const struct key_files *files, struct key_repair *r)
{
    const struct key_entry *e = history_find(h, files->standby);
    bool is_signing = strcmp(files->standby, files->signing) == 0;
    if (!*files->standby || is_signing || (e && e->state != KEY_PUBLISHED))
        r->new_standby = !files->signing_external;
    else if (!e && files->standby_listed)
        r->adopt_standby = true;
    else if (!e)
        return LK_CONFIG;
    return 0;
}

int reconcile(struct key_history *h, const struct key_files *files, struct key_repair *out)
{
    struct key_repair r = {.unborn = !history_in_state(h, KEY_ACTIVE) && !*files->signing};
    if (!r.unborn) {
        judge_signing(h, files, &r);
        int error = judge_standby(h, files, &r);
        if (error)
            return error;
    }
    *out = r;
    return 0;
}

bool repair_is_due(const struct key_repair *r)
{
    return r->adopt_signing || r->swap || r->adopt_standby || r->new_standby;
}
