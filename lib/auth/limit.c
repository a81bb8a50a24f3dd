#include "auth/limit.h"

#include <arpa/inet.h>

#include "base/error.h"

#define MICRO     INT64_C(1000000)
#define FORGIVEN  (60 * MICRO) /* one failure in that time */
#define KEY_MAX   320
#define DOUBLINGS 20 /* more would be longer than any lockout */

enum { TAKE, PEEK, NOTE, SWEEP, CHECK, FAIL, NOTE_FAILURE, SWEEP_FAILURE };

/* $2 now, $3 the interval of one request, $4 the period. A time beyond now + period comes from a clock that was set
 * back or from a longer period of before, and counts as a quota that is used up. */
const char *const limit_sql[] = {
    [TAKE] = "INSERT INTO bucket (key, tat_us, taken) VALUES ($1, $2 + $3, 1) ON CONFLICT (key) DO UPDATE SET "
             "tat_us = CASE WHEN bucket.tat_us <= $2 THEN $2 + $3 WHEN bucket.tat_us <= $2 + $4 - $3 "
             "THEN bucket.tat_us + $3 WHEN bucket.tat_us <= $2 + $4 THEN bucket.tat_us ELSE $2 + $4 END, "
             "taken = CASE WHEN bucket.tat_us <= $2 + $4 - $3 THEN 1 ELSE 0 END RETURNING tat_us, taken, noted_us",
    [PEEK] = "SELECT tat_us, noted_us FROM bucket WHERE key = $1",
    [NOTE] = "UPDATE bucket SET noted_us = $2 WHERE key = $1 AND noted_us NOT BETWEEN $2 - $3 AND $2 + $3",
    [SWEEP] = "DELETE FROM bucket WHERE key IN (SELECT key FROM bucket WHERE tat_us < $1 ORDER BY tat_us LIMIT 4)",
    [CHECK] = "SELECT clear_us, failed_us, noted_us FROM failure WHERE key = $1",
    [FAIL] = "INSERT INTO failure (key, clear_us, failed_us) VALUES ($1, $2 + $3, $2) ON CONFLICT (key) DO UPDATE SET "
             "clear_us = CASE WHEN failure.clear_us <= $2 THEN $2 + $3 WHEN failure.clear_us <= $2 + $4 "
             "THEN failure.clear_us + $3 ELSE $2 + $4 END, failed_us = $2",
    [NOTE_FAILURE] = "UPDATE failure SET noted_us = $2 WHERE key = $1 AND noted_us NOT BETWEEN $2 - $3 AND $2 + $3",
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
    [LIMIT_AUDIT] = {"audit", offsetof(struct conf, audit.outsiders)},
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

/* Of a row: the policy or pool, a NUL, and who. */
struct limit_key {
    char bytes[KEY_MAX];
    size_t n;
};

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

/* Not hashed: what OpenSSL has to load for its first hash would cost a refusal as much as its database. */
static int key_of(const char *what, struct span who, struct limit_key *out)
{
    size_t n = strlen(what) + 1;
    if (who.n > sizeof out->bytes - n)
        return LK_TOO_LARGE;
    memcpy(out->bytes, what, n);
    memcpy(out->bytes + n, who.p, who.n);
    out->n = n + who.n;
    return 0;
}

static struct db_value key_value(const struct limit_key *key)
{
    return db_blob(key->bytes, key->n);
}

/* What is known of a bucket. */
struct bucket {
    struct limit_key key;
    int64_t interval, period; /* of one request, and of all of the rate */
    int64_t tat, noted;
};

/* As the statements of noting have it: a time that a clock stamped before it was set back is none. */
static bool is_noted(int64_t noted, int64_t period, int64_t now)
{
    return noted >= now - period && noted <= now + period;
}

static int note(struct db *limits, int statement, const struct limit_key *key, int64_t period, int64_t now, bool *first)
{
    int64_t changed = 0;
    int error = db_exec(limits, limit_sql[statement], DB_ARGS(key_value(key), db_int(now), db_int(period)), &changed);
    if (!error)
        *first = changed != 0;
    return error;
}

/* ---- rates ------------------------------------------------------------------------------------------------------ */

static int open_bucket(struct conf_rate rate, enum limit_policy policy, struct span who, struct bucket *b)
{
    b->period = rate.period * MICRO;
    b->interval = b->period / (int64_t)rate.count;
    b->interval = b->interval ? b->interval : 1;
    return key_of(limit_name(policy), who, &b->key);
}

static int take(struct db *limits, struct bucket *b, int64_t now, bool *taken)
{
    struct db_row *row = NULL;
    int error = db_query(limits, limit_sql[TAKE],
                         DB_ARGS(key_value(&b->key), db_int(now), db_int(b->interval), db_int(b->period)), &row);
    error = error ? error : db_next(row);
    if (!error) {
        b->tat = db_col_int(row, 0);
        *taken = db_col_int(row, 1) != 0;
        b->noted = db_col_int(row, 2);
    }
    db_done(row);
    return error ? error : db_exec(limits, limit_sql[SWEEP], DB_ARGS(db_int(now)), NULL);
}

/* Is the quota used up already? Asked first, because a flood of refusals must not queue for the write lock. */
static int peek(struct db *limits, struct bucket *b, int64_t now)
{
    struct db_row *row = NULL;
    int error = db_query(limits, limit_sql[PEEK], DB_ARGS(key_value(&b->key)), &row);
    error = error ? error : db_next(row);
    if (!error) {
        b->tat = db_col_int(row, 0);
        b->noted = db_col_int(row, 1);
        error = b->tat > now + b->period - b->interval && b->tat <= now + b->period ? LK_LIMITED : 0;
    }
    db_done(row);
    return error == LK_NOT_FOUND ? 0 : error;
}

static int take_one(struct db *limits, struct bucket *b, int64_t now)
{
    bool taken = false;
    int error = db_begin_write(limits);
    error = error ? error : take(limits, b, now, &taken);
    error = error ? error : db_commit(limits);
    if (error)
        db_rollback(limits);
    return error ? error : taken ? 0 : LK_LIMITED;
}

int limit_take(struct db *limits, const struct conf *conf, enum limit_policy policy, struct span who, int64_t now_us,
               struct limit_state *out)
{
    struct conf_rate rate = limit_rate(conf, policy);
    struct bucket b;
    if (!rate.count)
        return 0;
    int error = open_bucket(rate, policy, who, &b);
    error = error ? error : peek(limits, &b, now_us);
    error = error ? error : take_one(limits, &b, now_us);
    if (error && error != LK_LIMITED)
        return error;
    *out = (struct limit_state){.remaining = (uint64_t)((now_us + b.period - b.tat) / b.interval),
                                .reset_us = b.tat - now_us,
                                .wait_us = error ? b.tat + b.interval - b.period - now_us : 0,
                                .unnoted = error && !is_noted(b.noted, b.period, now_us)};
    return error;
}

int limit_note(struct db *limits, const struct conf *conf, enum limit_policy policy, struct span who, int64_t now_us,
               bool *first)
{
    struct conf_rate rate = limit_rate(conf, policy);
    struct bucket b;
    if (!rate.count) {
        *first = false;
        return 0;
    }
    int error = open_bucket(rate, policy, who, &b);
    return error ? error : note(limits, NOTE, &b.key, b.period, now_us, first);
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

static int failure_key(enum limit_pool pool, const char *address, struct limit_key *out)
{
    char who[LIMIT_ADDRESS_SIZE];
    limit_address(address, who);
    return key_of(pools[pool], span_of(who), out);
}

int limit_check(struct db *limits, const struct conf *conf, enum limit_pool pool, const char *address, int64_t now_us,
                struct limit_state *out)
{
    struct db_row *row = NULL;
    struct limit_key key;
    if (!conf->limits.failures)
        return 0;
    int error = failure_key(pool, address, &key);
    error = error ? error : db_query(limits, limit_sql[CHECK], DB_ARGS(key_value(&key)), &row);
    error = error ? error : db_next(row);
    if (!error) {
        int64_t clear = db_col_int(row, 0), failed = db_col_int(row, 1);
        int64_t level = clear > failed ? (clear - failed + FORGIVEN - 1) / FORGIVEN : 0;
        int64_t delay = limit_delay_us(conf, (uint64_t)level);
        int64_t wait = failed + delay - now_us;
        if (wait > 0 && wait <= delay) { /* more than the delay: the clock was set back */
            bool noted = is_noted(db_col_int(row, 2), conf->limits.lockout * MICRO, now_us);
            *out = (struct limit_state){.wait_us = wait, .unnoted = !noted};
            error = LK_LIMITED;
        }
    }
    db_done(row);
    return error == LK_NOT_FOUND ? 0 : error;
}

int limit_fail(struct db *limits, const struct conf *conf, enum limit_pool pool, const char *address, int64_t now_us)
{
    struct limit_key key;
    if (!conf->limits.failures)
        return 0;
    int64_t most = ((int64_t)conf->limits.failures + DOUBLINGS) * FORGIVEN;
    int error = failure_key(pool, address, &key);
    error = error ? error : db_begin_write(limits);
    error = error ? error
                  : db_exec(limits, limit_sql[FAIL],
                            DB_ARGS(key_value(&key), db_int(now_us), db_int(FORGIVEN), db_int(most)), NULL);
    error = error ? error : db_exec(limits, limit_sql[SWEEP_FAILURE], DB_ARGS(db_int(now_us)), NULL);
    error = error ? error : db_commit(limits);
    if (error)
        db_rollback(limits);
    return error;
}

int limit_note_failures(struct db *limits, const struct conf *conf, enum limit_pool pool, const char *address,
                        int64_t now_us, bool *first)
{
    struct limit_key key;
    int error = failure_key(pool, address, &key);
    return error ? error : note(limits, NOTE_FAILURE, &key, conf->limits.lockout * MICRO, now_us, first);
}
