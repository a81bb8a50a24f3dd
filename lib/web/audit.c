#include "web/audit.h"

#include "base/error.h"
#include "base/log.h"

#define MICRO       INT64_C(1000000)
#define REASON_SIZE 32

static bool may_audit(struct site *site, int64_t now_us)
{
    struct limit_state state;
    return site_limits(site) == 0 &&
           limit_take(site->limits, site->conf, LIMIT_AUDIT, span_of(""), now_us, &state) == 0;
}

static void tell(struct site *site, int error)
{
    if (error)
        log_event("audit.failed", "reason", lk_error_code(error), "fault", web_fault(site), NULL);
}

static void record(struct site *site, const struct request *req, const char *event, const char *reason,
                   const char *subject, int64_t now_us)
{
    struct origin_info from = web_origin(req);
    int error = site_db(site);
    tell(site, error ? error : audit_alone(site->db, site->conf, now_us / MICRO, event, reason, subject, "", &from));
}

void web_audit_refused(struct site *site, const struct request *req, int reason, int64_t now_us)
{
    if (may_audit(site, now_us))
        record(site, req, "refuse", lk_error_code(reason), "", now_us);
}

/* The guard's transaction ends with the request that is refused. */
static bool may_audit_limit(struct site *site, bool first, int64_t now_us)
{
    if (site->db)
        db_rollback(site->db);
    return first && may_audit(site, now_us);
}

static void record_family(struct site *site, const struct request *req, struct span family, int64_t now_us)
{
    struct origin_info from = web_origin(req);
    int error = site_db(site);
    tell(site, error ? error
                     : session_note_limit(site->db, site->conf, limit_name(LIMIT_REFRESH_FAMILY),
                                          (const uint8_t *)family.p, &from, now_us));
}

void web_audit_limit(struct site *site, const struct request *req, enum limit_policy policy, struct span who,
                     int64_t now_us)
{
    char subject[256] = "";
    bool first = false;
    if (limit_note(site->limits, site->conf, policy, who, now_us, &first) || !may_audit_limit(site, first, now_us))
        return;
    if (policy == LIMIT_REFRESH_FAMILY) {
        record_family(site, req, who, now_us);
        return;
    }
    if (policy != LIMIT_EXCHANGE_ADDRESS)
        snprintf(subject, sizeof subject, "%.*s", (int)who.n, who.p);
    record(site, req, "limit", limit_name(policy), subject, now_us);
}

void web_audit_failures(struct site *site, const struct request *req, enum limit_pool pool, int64_t now_us)
{
    char reason[REASON_SIZE];
    bool first = false;
    if (limit_note_failures(site->limits, site->conf, pool, req->address, now_us, &first) ||
        !may_audit_limit(site, first, now_us))
        return;
    snprintf(reason, sizeof reason, "failures-%s", limit_pool_name(pool));
    record(site, req, "limit", reason, "", now_us);
}
