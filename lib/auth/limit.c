#include "auth/limit.h"

#include <arpa/inet.h>

#include "base/error.h"
#include "base/secret.h"

#define MICRO     INT64_C(1000000)
#define FORGIVEN  (60 * MICRO) /* one failure in that time */
#define DOUBLINGS 20           /* more would be longer than any lockout */

enum { TAKE, PEEK, SWEEP, CHECK, FAIL, SWEEP_FAILURE };

/* $2 now, $3 the interval of one request, $4 the period. A time beyond now + period comes from a clock that was set
 * back or from a longer period of before, and counts as a quota that is used up. */
const char *const limit_sql[] = {
    [TAKE] = "INSERT INTO bucket (key, tat_us, taken) VALUES ($1, $2 + $3, 1) ON CONFLICT (key) DO UPDATE SET "
             "tat_us = CASE WHEN bucket.tat_us <= $2 THEN $2 + $3 WHEN bucket.tat_us <= $2 + $4 - $3 "
             "THEN bucket.tat_us + $3 WHEN bucket.tat_us <= $2 + $4 THEN bucket.tat_us ELSE $2 + $4 END, "
             "taken = CASE WHEN bucket.tat_us <= $2 + $4 - $3 THEN 1 ELSE 0 END RETURNING tat_us, taken",
    [PEEK] = "SELECT tat_us FROM bucket WHERE key = $1",
    [SWEEP] = "DELETE FROM bucket WHERE key IN (SELECT key FROM bucket WHERE tat_us < $1 ORDER BY tat_us LIMIT 4)",
    [CHECK] = "SELECT clear_us, failed_us FROM failure WHERE key = $1",
    [FAIL] = "INSERT INTO failure (key, clear_us, failed_us) VALUES ($1, $2 + $3, $2) ON CONFLICT (key) DO UPDATE SET "
             "clear_us = CASE WHEN failure.clear_us <= $2 THEN $2 + $3 WHEN failure.clear_us <= $2 + $4 "
             "THEN failure.clear_us + $3 ELSE $2 + $4 END, failed_us = $2",
    [SWEEP_FAILURE] = ("DELETE FROM failure WHERE key IN (SELECT key FROM failure WHERE clear_us < $1 "
                       "ORDER BY clear_us LIMIT 4)"),
};
const size_t limit_sql_count = sizeof limit_sql / sizeof limit_sql[0];

static const struct {
    const char *name;
    size_t offset; /* of its rate in struct conf */
} policies[] = {
    [LIMIT_EXCHANGE_ADDRESS] = {"exchange-address", offsetof(struct conf, limits.exchange_address)},
    [LIMIT_EXCHANGE_SUBJECT] = {"exchange-subject", offsetof(struct conf, limits.exchange_subject)},
    [LIMIT_REFRESH_FAMILY] = {"refresh-family", offsetof(struct conf, limits.refresh_family)},
    [LIMIT_TODOS_USER] = {"todos-user", offsetof(struct conf, limits.todos_user)},
};
static const char *const pools[] = {[LIMIT_PROOF] = "proof", [LIMIT_REFRESH] = "refresh", [LIMIT_BEARER] = "bearer"};

const char *limit_name(enum limit_policy policy)
{
    return policies[policy].name;
}

const char *limit_pool_name(enum limit_pool pool)
{
    return pools[pool];
}

struct conf_rate limit_rate(const struct conf *conf, enum limit_policy policy)
{
    return *(const struct conf_rate *)(const void *)((const char *)conf + policies[policy].offset);
}

void limit_address(const char *address, char out[LIMIT_ADDRESS_SIZE])
{
    static const uint8_t mapped[12] = {[10] = 0xff, [11] = 0xff};
    struct in6_addr six;
    if (inet_pton(AF_INET6, address, &six) != 1) {
        snprintf(out, LIMIT_ADDRESS_SIZE, "%s", address);
        return;
    }
    if (memcmp(six.s6_addr, mapped, sizeof mapped) == 0) {
        inet_ntop(AF_INET, six.s6_addr + sizeof mapped, out, LIMIT_ADDRESS_SIZE);
        return;
    }
    memset(six.s6_addr + 8, 0, 8);
    inet_ntop(AF_INET6, &six, out, LIMIT_ADDRESS_SIZE);
}

static int key_of(const char *what, struct span who, uint8_t out[SHA256_SIZE])
{
    struct buf b = BUF_INIT(1024);
    buf_add(&b, what, strlen(what) + 1);
    buf_span(&b, who);
    int error = b.error ? b.error : secret_sha256(buf_all(&b), out);
    buf_free(&b);
    return error;
}

/* ---- rates ------------------------------------------------------------------------------------------------------ */

static int take(struct db *limits, const uint8_t key[SHA256_SIZE], int64_t now, int64_t interval, int64_t period,
                int64_t *tat, bool *taken)
{
    struct db_row *row = NULL;
    int error = db_query(limits, limit_sql[TAKE],
                         DB_ARGS(db_blob(key, SHA256_SIZE), db_int(now), db_int(interval), db_int(period)), &row);
    error = error ? error : db_next(row);
    if (!error) {
        *tat = db_col_int(row, 0);
        *taken = db_col_int(row, 1) != 0;
    }
    db_done(row);
    return error ? error : db_exec(limits, limit_sql[SWEEP], DB_ARGS(db_int(now)), NULL);
}

/* Is the quota used up already? Asked first, because a flood of refusals must not queue for the write lock. */
static int peek(struct db *limits, const uint8_t key[SHA256_SIZE], int64_t now, int64_t interval, int64_t period,
                int64_t *tat)
{
    struct db_row *row = NULL;
    int error = db_query(limits, limit_sql[PEEK], DB_ARGS(db_blob(key, SHA256_SIZE)), &row);
    error = error ? error : db_next(row);
    if (!error) {
        *tat = db_col_int(row, 0);
        error = *tat > now + period - interval && *tat <= now + period ? LK_LIMITED : 0;
    }
    db_done(row);
    return error == LK_NOT_FOUND ? 0 : error;
}

static int take_one(struct db *limits, const uint8_t key[SHA256_SIZE], int64_t now, int64_t interval, int64_t period,
                    int64_t *tat)
{
    bool taken = false;
    int error = db_begin_write(limits);
    error = error ? error : take(limits, key, now, interval, period, tat, &taken);
    error = error ? error : db_commit(limits);
    if (error)
        db_rollback(limits);
    return error ? error : taken ? 0 : LK_LIMITED;
}

int limit_take(struct db *limits, const struct conf *conf, enum limit_policy policy, struct span who, int64_t now_us,
               struct limit_state *out)
{
    struct conf_rate rate = limit_rate(conf, policy);
    uint8_t key[SHA256_SIZE];
    int64_t tat = 0;
    if (!rate.count)
        return 0;
    int64_t period = rate.period * MICRO, interval = period / (int64_t)rate.count;
    interval = interval ? interval : 1;
    int error = key_of(limit_name(policy), who, key);
    error = error ? error : peek(limits, key, now_us, interval, period, &tat);
    error = error ? error : take_one(limits, key, now_us, interval, period, &tat);
    if (error && error != LK_LIMITED)
        return error;
    out->remaining = (uint64_t)((now_us + period - tat) / interval);
    out->reset_us = tat - now_us;
    out->wait_us = error ? tat + interval - period - now_us : 0;
    return error;
}

/* ---- failures --------------------------------------------------------------------------------------------------- */

int64_t limit_delay_us(const struct conf *conf, uint64_t level)
{
    int64_t longest = conf->limits.lockout * MICRO;
    if (!conf->limits.failures || level <= conf->limits.failures)
        return 0;
    uint64_t doublings = level - conf->limits.failures - 1;
    int64_t delay = MICRO << (doublings < DOUBLINGS ? doublings : DOUBLINGS);
    return delay < longest ? delay : longest;
}

static int failure_key(enum limit_pool pool, const char *address, uint8_t out[SHA256_SIZE])
{
    char who[LIMIT_ADDRESS_SIZE];
    limit_address(address, who);
    return key_of(pools[pool], span_of(who), out);
}

int limit_check(struct db *limits, const struct conf *conf, enum limit_pool pool, const char *address, int64_t now_us,
                int64_t *wait_us)
{
    struct db_row *row = NULL;
    uint8_t key[SHA256_SIZE];
    if (!conf->limits.failures)
        return 0;
    int error = failure_key(pool, address, key);
    error = error ? error : db_query(limits, limit_sql[CHECK], DB_ARGS(db_blob(key, SHA256_SIZE)), &row);
    error = error ? error : db_next(row);
    if (!error) {
        int64_t clear = db_col_int(row, 0), failed = db_col_int(row, 1);
        int64_t level = clear > failed ? (clear - failed + FORGIVEN - 1) / FORGIVEN : 0;
        int64_t delay = limit_delay_us(conf, (uint64_t)level);
        int64_t wait = failed + delay - now_us;
        if (wait > 0 && wait <= delay) { /* more than the delay: the clock was set back */
            *wait_us = wait;
            error = LK_LIMITED;
        }
    }
    db_done(row);
    return error == LK_NOT_FOUND ? 0 : error;
}

int limit_fail(struct db *limits, const struct conf *conf, enum limit_pool pool, const char *address, int64_t now_us)
{
    uint8_t key[SHA256_SIZE];
    if (!conf->limits.failures)
        return 0;
    int64_t most = ((int64_t)conf->limits.failures + DOUBLINGS) * FORGIVEN;
    int error = failure_key(pool, address, key);
    error = error ? error : db_begin_write(limits);
    error = error ? error
                  : db_exec(limits, limit_sql[FAIL],
                            DB_ARGS(db_blob(key, SHA256_SIZE), db_int(now_us), db_int(FORGIVEN), db_int(most)), NULL);
    error = error ? error : db_exec(limits, limit_sql[SWEEP_FAILURE], DB_ARGS(db_int(now_us)), NULL);
    error = error ? error : db_commit(limits);
    if (error)
        db_rollback(limits);
    return error;
}
