#include "web/limits.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error.h"
#include "base/log.h"
#include "web/audit.h"

#define MICRO        INT64_C(1000000)
#define FIELD_SIZE   160
#define QUIET_S      60
#define STAMP_MODE   0600
#define STAMP_SUFFIX ".limits-fault"

static long long seconds_up(int64_t us)
{
    return (long long)((us + MICRO - 1) / MICRO);
}

static void retry_after(struct response *res, int64_t wait_us)
{
    char value[24];
    snprintf(value, sizeof value, "%lld", seconds_up(wait_us));
    response_keep(res, "Retry-After", value);
}

/* ---- a database that cannot be used ------------------------------------------------------------------------------ */

/* True once a minute for all processes: a file beside the main database carries the time. */
static bool may_complain(const struct conf *conf, int64_t now)
{
    char path[512];
    struct stat st;
    int n = snprintf(path, sizeof path, "%s" STAMP_SUFFIX, conf->store.path);
    int fd = n > 0 && (size_t)n < sizeof path ? open(path, O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, STAMP_MODE) : -1;
    if (fd < 0)
        return true;
    bool locked = flock(fd, LOCK_EX | LOCK_NB) == 0;
    bool due = locked && fstat(fd, &st) == 0 && (st.st_size == 0 || now - st.st_mtime >= QUIET_S || now < st.st_mtime);
    const struct timespec times[2] = {{.tv_sec = now}, {.tv_sec = now}};
    if (due && st.st_size == 0)
        due = write(fd, "\n", 1) == 1;
    if (due)
        futimens(fd, times);
    close(fd);
    return due;
}

static int unusable(struct site *site, int error, int64_t now_us)
{
    const char *fault = site->limits ? db_fault(site->limits) : buf_cstr(&site->limits_fault);
    if (may_complain(site->conf, now_us / MICRO))
        log_event("limits.unusable", "reason", lk_error_code(error), "fault", fault, NULL);
    site->limits_error = error;
    return site->conf->limits.required ? LK_UNAVAILABLE : 0;
}

/* ---- rates ------------------------------------------------------------------------------------------------------ */

void web_limit_policy(const struct site *site, struct response *res, enum limit_policy policy)
{
    struct conf_rate rate = limit_rate(site->conf, policy);
    char field[FIELD_SIZE];
    if (!rate.count)
        return;
    snprintf(field, sizeof field, "\"%s\";q=%llu;w=%lld", limit_name(policy), (unsigned long long)rate.count,
             (long long)rate.period);
    response_keep(res, "RateLimit-Policy", field);
}

void web_limit_policy_api(void *state, struct response *res)
{
    web_limit_policy(state, res, LIMIT_TODOS_USER);
}

int web_limit(struct site *site, const struct request *req, struct response *res, enum limit_policy policy,
              struct span who, int64_t now_us)
{
    struct limit_state state = {0};
    char field[FIELD_SIZE];
    if (!limit_rate(site->conf, policy).count)
        return 0;
    int error = site_limits(site);
    error = error ? error : limit_take(site->limits, site->conf, policy, who, now_us, &state);
    if (error && error != LK_LIMITED)
        return unusable(site, error, now_us);
    snprintf(field, sizeof field, "\"%s\";r=%llu;t=%lld", limit_name(policy), (unsigned long long)state.remaining,
             seconds_up(state.reset_us));
    response_keep(res, "RateLimit", field);
    if (error)
        retry_after(res, state.wait_us);
    if (state.unnoted)
        web_audit_limit(site, req, policy, who, now_us);
    return error;
}

/* ---- failures --------------------------------------------------------------------------------------------------- */

int web_limit_failures(struct site *site, const struct request *req, struct response *res, enum limit_pool pool,
                       int64_t now_us)
{
    struct limit_state state = {0};
    if (!site->conf->limits.failures)
        return 0;
    int error = site_limits(site);
    error = error ? error : limit_check(site->limits, site->conf, pool, req->address, now_us, &state);
    if (error && error != LK_LIMITED)
        return unusable(site, error, now_us);
    if (error)
        retry_after(res, state.wait_us);
    if (state.unnoted)
        web_audit_failures(site, req, pool, now_us);
    return error;
}

void web_failed(struct site *site, const struct request *req, enum limit_pool pool, int64_t now_us)
{
    log_event("auth.failed", "pool", limit_pool_name(pool), "address", req->address, NULL);
    if (!site->conf->limits.failures)
        return;
    int error = site_limits(site);
    error = error ? error : limit_fail(site->limits, site->conf, pool, req->address, now_us);
    if (error)
        unusable(site, error, now_us);
}
