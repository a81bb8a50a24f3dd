/* grants COUNT REFRESH: how long the program refresh takes over each of the four kinds of tokens that it answers with
 * the one same invalid_grant, COUNT times each, in random order, and prints it as JSON: medians and means in
 * microseconds, and for each kind the t of Welch's test against `unknown`. Beyond 4 or so a patient stranger could tell
 * them apart. Works on the database of LATCHKEY_CONF. */
#include <fcntl.h>
#include <math.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include "auth/session.h"
#include "base/clock.h"
#include "base/error.h"
#include "base/parse.h"

#define COUNT_MAX 10000
#define KINDS     4
#define DAY       86400

static struct conf *conf;
static struct db *db;
static const struct origin_info from = {"192.0.2.1", "bench", "bench", NULL};

/* ---- tokens ----------------------------------------------------------------------------------------------------- */

static int make(struct session *out)
{
    uint8_t proof[16];
    int64_t now_us = clock_now_us(), now = now_us / 1000000;
    struct identity who = {.subject = "bench", .role = "user", .issued_at = now, .expires_at = now + 60};
    return secret_random(proof, sizeof proof)
               ? LK_CRYPTO
               : session_create(db, conf, &who, (struct span){(const char *)proof, sizeof proof}, span_of(""), &from,
                                now_us, "", out);
}

static int make_unknown(struct session *s)
{
    struct refresh_token token;
    int error = refresh_token_make(NULL, &token);
    refresh_token_write(&token, s->refresh_token);
    return error;
}

static int make_expired(struct session *s)
{
    int64_t past = clock_now_us() / 1000000 - conf->session.absolute - DAY;
    return db_exec(db, "UPDATE family SET created_at = $2 WHERE id = $1", DB_ARGS(db_text(s->id), db_int(past)), NULL);
}

static int make_revoked(struct session *s)
{
    return session_end(db, conf, span_of(s->refresh_token), &from, clock_now_us(), NULL);
}

/* A secret that is not the family's: what whoever holds an older token, or a forged one, would present. */
static int forge(struct session *s)
{
    struct refresh_token token, other;
    int error = refresh_token_parse(span_of(s->refresh_token), &token);
    error = error ? error : refresh_token_make(&token, &other);
    if (!error)
        refresh_token_write(&other, s->refresh_token);
    return error;
}

static const struct {
    const char *name;
    int (*make)(struct session *s); /* NULL: nothing more is to be done */
} kinds[KINDS] = {{"unknown", make_unknown}, {"expired", make_expired}, {"revoked", make_revoked}, {"replayed", NULL}};

/* ---- runs ------------------------------------------------------------------------------------------------------- */

static int64_t run(char *program, const posix_spawn_file_actions_t *actions, const char *token)
{
    char cookie[128], *argv[] = {program, NULL};
    pid_t pid;
    int status = 0;
    snprintf(cookie, sizeof cookie, "__Host-%s=%s", conf->session.cookie, token);
    if (setenv("HTTP_COOKIE", cookie, 1))
        return -1;
    int64_t began = clock_monotonic_us();
    if (posix_spawn(&pid, program, actions, NULL, argv, environ) || waitpid(pid, &status, 0) != pid || status)
        return -1;
    return clock_monotonic_us() - began;
}

static int64_t sample(char *program, const posix_spawn_file_actions_t *actions, int kind)
{
    struct session s;
    if (make(&s) || (kinds[kind].make && kinds[kind].make(&s)) || (kind != 0 && forge(&s)))
        return -1;
    return run(program, actions, s.refresh_token);
}

/* ---- numbers ---------------------------------------------------------------------------------------------------- */

static int by_value(const void *a, const void *b)
{
    const int64_t *x = a, *y = b;
    return (*x > *y) - (*x < *y);
}

struct summary {
    double mean, variance;
    int64_t median;
};

/* Of the lower nine tenths: the rest is the machine's other work. */
static struct summary summarize(int64_t *took, size_t n)
{
    struct summary s = {0};
    size_t kept = n * 9 / 10;
    qsort(took, n, sizeof took[0], by_value);
    s.median = took[n / 2];
    for (size_t i = 0; i < kept; i++)
        s.mean += (double)took[i] / (double)kept;
    for (size_t i = 0; i < kept; i++)
        s.variance += pow((double)took[i] - s.mean, 2) / (double)(kept - 1);
    return s;
}

static void report(int64_t took[KINDS][COUNT_MAX], size_t count)
{
    size_t kept = count * 9 / 10;
    struct summary first = {0};
    printf("{\"count\":%zu,\"invalid_grant\":{", count);
    for (int k = 0; k < KINDS; k++) {
        struct summary s = summarize(took[k], count);
        first = k ? first : s;
        printf("%s\"%s\":{\"median_us\":%lld,\"mean_us\":%.1f,\"deviation_us\":%.1f,\"t\":%.2f}", k ? "," : "",
               kinds[k].name, (long long)s.median, s.mean, sqrt(s.variance),
               k ? (s.mean - first.mean) / sqrt((s.variance + first.variance) / (double)kept) : 0.0);
    }
    printf("}}\n");
}

/* One of each kind in a round, beginning with another one each time. */
static int measure(char *program, size_t count)
{
    static int64_t took[KINDS][COUNT_MAX];
    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    for (int fd = 0; fd < 3; fd++)
        posix_spawn_file_actions_addopen(&actions, fd, "/dev/null", O_RDWR, 0);
    for (size_t i = 0; i < count; i++) {
        uint8_t shift = 0;
        if (secret_random(&shift, 1))
            return LK_CRYPTO;
        for (int k = 0; k < KINDS; k++) {
            int kind = (k + shift) % KINDS;
            if ((took[kind][i] = sample(program, &actions, kind)) < 0)
                return LK_SYSTEM;
        }
    }
    report(took, count);
    return 0;
}

int main(int argc, char **argv)
{
    struct buf fault = BUF_INIT(1024);
    uint64_t count = 0;
    if (argc != 3 || parse_u64(span_of(argv[1]), COUNT_MAX, &count) || count < 20) {
        fputs("usage: grants COUNT REFRESH (COUNT from 20 on)\n", stderr);
        return 64;
    }
    int error = secret_init();
    error = error ? error : conf_load(environ, &conf, &fault);
    error = error ? error : db_open(conf->store.path, 10000, &db, &fault);
    error = error ? error : measure(argv[2], count);
    if (error)
        fprintf(stderr, "grants: %s %s\n", lk_error_text(error), fault.n ? buf_cstr(&fault) : "");
    db_close(db);
    conf_free(conf);
    buf_free(&fault);
    return error ? 1 : 0;
}
