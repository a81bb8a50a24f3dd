#include <sys/wait.h>

#include "auth_fixture.h"

/* Real processes, each with its own connection, let go at one moment. What each got comes back through a pipe. */

#define RACERS 20

struct result {
    int number;
    int error;
    char token[REFRESH_TOKEN_SIZE];
};

typedef int racer(struct fixture *x, int number, struct session *out);

static void run_racer(struct fixture *x, racer *run, int number, int gate, int results)
{
    struct session s = {.id = ""};
    struct result r = {.number = number};
    char go;
    x->db = NULL;
    struct buf fault = BUF_INIT(256);
    r.error = db_open(x->path, 20000, &x->db, &fault);
    if (read(gate, &go, 1) != 0 || r.error)
        _exit(1);
    r.error = run(x, number, &s);
    memcpy(r.token, s.refresh_token, sizeof r.token);
    bool told = write(results, &r, sizeof r) == (ssize_t)sizeof r;
    db_close(x->db);
    _exit(told ? 0 : 1);
}

static void race(struct fixture *x, racer *run, struct result out[RACERS])
{
    int gate[2], results[2], status;
    pid_t child[RACERS];
    struct result r;
    ck_assert_int_eq(pipe(gate), 0);
    ck_assert_int_eq(pipe(results), 0);
    db_close(x->db); /* a connection must not cross fork */
    x->db = NULL;
    for (int i = 0; i < RACERS; i++) {
        if ((child[i] = fork()) == 0) {
            close(gate[1]);
            run_racer(x, run, i, gate[0], results[1]);
        }
        ck_assert_int_gt(child[i], 0);
    }
    close(gate[1]);                    /* all racers read the end of the file at once */
    for (int i = 0; i < RACERS; i++) { /* they come in the order in which the racers are done */
        ck_assert_int_eq(read(results[0], &r, sizeof r), sizeof r);
        out[r.number] = r;
    }
    for (int i = 0; i < RACERS; i++) {
        ck_assert_int_eq(waitpid(child[i], &status, 0), child[i]);
        ck_assert_int_eq(status, 0);
    }
    close(gate[0]);
    close(results[0]);
    close(results[1]);
    x->db = fixture_open(x);
}

static char first[REFRESH_TOKEN_SIZE], second[REFRESH_TOKEN_SIZE];

static int present_first(struct fixture *x, int number, struct session *out)
{
    return rotate(x, first, US(NOW + 60) + number, out);
}

START_TEST(twenty_processes_with_one_token_all_get_the_same_successor)
{
    struct fixture x;
    struct session s;
    struct result r[RACERS];
    fixture_start(&x);
    ck_assert_int_eq(exchange_with(&x, "proof", "", US(NOW), &s), 0);
    memcpy(first, s.refresh_token, sizeof first);
    race(&x, present_first, r);
    for (int i = 0; i < RACERS; i++) {
        ck_assert_int_eq(r[i].error, 0);
        ck_assert_str_eq(r[i].token, r[0].token);
    }
    ck_assert_str_ne(r[0].token, first);
    ck_assert_int_eq(committed(&x, "SELECT generation FROM family"), 1);
    ck_assert_int_eq(committed(&x, "SELECT repeats FROM family"), RACERS - 1);
    ck_assert_int_eq(rotate(&x, r[7].token, US(NOW + 61), &s), 0);
    fixture_stop(&x);
}
END_TEST

static int present_proof(struct fixture *x, int number, struct session *out)
{
    return exchange_with(x, "proof", "", US(NOW) + number, out);
}

START_TEST(twenty_processes_with_one_proof_all_get_the_same_session)
{
    struct fixture x;
    struct session s;
    struct result r[RACERS];
    fixture_start(&x);
    race(&x, present_proof, r);
    for (int i = 0; i < RACERS; i++) {
        ck_assert_int_eq(r[i].error, 0);
        ck_assert_str_eq(r[i].token, r[0].token);
    }
    ck_assert_int_eq(committed(&x, "SELECT count(*) FROM family"), 1);
    ck_assert_int_eq(rotate(&x, r[0].token, US(NOW + 1), &s), 0);
    fixture_stop(&x);
}
END_TEST

/* The thief has the token before last, the owner the current one. */
static int present_first_or_second(struct fixture *x, int number, struct session *out)
{
    return rotate(x, number % 2 ? first : second, US(NOW + 60) + number, out);
}

START_TEST(owner_and_thief_at_once_end_with_a_dead_family)
{
    struct fixture x;
    struct session s, t, u;
    struct result r[RACERS];
    int reuses = 0;
    fixture_start(&x);
    ck_assert_int_eq(exchange_with(&x, "proof", "", US(NOW), &s), 0);
    ck_assert_int_eq(rotate(&x, s.refresh_token, US(NOW + 20), &t), 0);
    ck_assert_int_eq(rotate(&x, t.refresh_token, US(NOW + 40), &u), 0);
    memcpy(first, s.refresh_token, sizeof first);
    memcpy(second, u.refresh_token, sizeof second);
    race(&x, present_first_or_second, r);
    for (int i = 0; i < RACERS; i++) {
        reuses += r[i].error == LK_SESSION_REUSE;
        if (i % 2)
            ck_assert(r[i].error == LK_SESSION_REUSE || r[i].error == LK_SESSION_DEAD);
        else
            ck_assert(r[i].error == 0 || r[i].error == LK_SESSION_DEAD);
        if (r[i].error == 0)
            ck_assert_int_eq(rotate(&x, r[i].token, US(NOW + 61), &s), LK_SESSION_DEAD);
    }
    ck_assert_int_eq(reuses, 1);
    ck_assert_int_eq(committed(&x, "SELECT count(*) FROM audit WHERE event = 'reuse'"), 1);
    ck_assert_int_eq(check(&x, u.id, "ann", NOW + 61), LK_SESSION_DEAD);
    fixture_stop(&x);
}
END_TEST

static int refresh_or_logout(struct fixture *x, int number, struct session *out)
{
    if (number == RACERS / 2)
        return session_end(x->db, &x->conf, span_of(first), &x->from, US(NOW + 60) + number, NULL);
    return rotate(x, first, US(NOW + 60) + number, out);
}

START_TEST(logout_among_refreshes_leaves_nothing_alive)
{
    struct fixture x;
    struct session s, t;
    struct result r[RACERS];
    fixture_start(&x);
    ck_assert_int_eq(exchange_with(&x, "proof", "", US(NOW), &s), 0);
    memcpy(first, s.refresh_token, sizeof first);
    race(&x, refresh_or_logout, r);
    for (int i = 0; i < RACERS; i++)
        ck_assert(r[i].error == 0 || r[i].error == LK_SESSION_DEAD);
    ck_assert_int_eq(r[RACERS / 2].error, 0);
    ck_assert_int_eq(rotate(&x, first, US(NOW + 61), &t), LK_SESSION_DEAD);
    ck_assert_int_eq(check(&x, s.id, "ann", NOW + 61), LK_SESSION_DEAD);
    fixture_stop(&x);
}
END_TEST

static int exchange_own(struct fixture *x, int number, struct session *out)
{
    char proof[24];
    snprintf(proof, sizeof proof, "proof%d", number);
    return exchange_with(x, proof, "", US(NOW) + number, out);
}

START_TEST(parallel_exchanges_keep_to_the_users_limit)
{
    struct fixture x;
    struct result r[RACERS];
    fixture_start(&x);
    x.conf.session.per_user = 3;
    race(&x, exchange_own, r);
    for (int i = 0; i < RACERS; i++)
        ck_assert_int_eq(r[i].error, 0);
    ck_assert_int_eq(committed(&x, "SELECT count(*) FROM family WHERE ended_at IS NULL"), 3);
    ck_assert_int_eq(committed(&x, "SELECT count(*) FROM audit WHERE event = 'evict'"), RACERS - 3);
    fixture_stop(&x);
}
END_TEST

UNIT_MAIN("auth_race", twenty_processes_with_one_token_all_get_the_same_successor,
          twenty_processes_with_one_proof_all_get_the_same_session, owner_and_thief_at_once_end_with_a_dead_family,
          logout_among_refreshes_leaves_nothing_alive, parallel_exchanges_keep_to_the_users_limit)
