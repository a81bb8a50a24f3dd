#include "web/ahead.h"

#include "auth/foresee.h"
#include "base/error.h"

static bool is_elsewhere(const struct site *site)
{
    return !jwk_is_private(site->signer);
}

static int issue(struct site *site, const struct session *will, int64_t now_us)
{
    buf_reset(&site->ahead.token);
    int error = web_issue(site, will, now_us / 1000000, &site->ahead.grants, &site->ahead.token);
    if (!error)
        memcpy(site->ahead.id, will->id, sizeof site->ahead.id);
    return error;
}

int ahead_of_rotation(struct site *site, struct span token, int64_t now_us)
{
    struct session will;
    if (!is_elsewhere(site))
        return 0;
    int error = foresee_rotation(site->db, site->conf, token, now_us, &will);
    if (error)
        return error == LK_NOT_FOUND ? 0 : error;
    return issue(site, &will, now_us);
}

int ahead_of_exchange(struct site *site, const struct identity *who, struct span proof, int64_t now_us,
                      char id[SESSION_ID_SIZE])
{
    struct session will;
    id[0] = '\0';
    if (!is_elsewhere(site))
        return 0;
    int error = foresee_exchange(site->db, site->conf, who, proof, now_us, &will);
    if (error)
        return error == LK_NOT_FOUND ? 0 : error;
    memcpy(id, will.id, SESSION_ID_SIZE);
    return issue(site, &will, now_us);
}
