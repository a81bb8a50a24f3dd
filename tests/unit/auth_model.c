#include "auth/sessions.h"
#include "auth_fixture.h"
#include "base/parse.h"

/* A plain reference of the family state machine, and a random schedule of operations on it and on the library; what
 * both answer is compared at every step, and the rows behind it. LATCHKEY_SEED repeats a schedule, LATCHKEY_STEPS sets
 * its length. */

#define FAMILIES   128
#define HISTORY    64 /* tokens remembered of each family */
#define SUBJECTS   3
#define PER_USER   4
#define STEPS      6000
#define PROOF_LIFE (20 * DAY)

struct model_family {
    char id[SESSION_ID_SIZE];
    char token[HISTORY][REFRESH_TOKEN_SIZE]; /* token[n - 1] is the current one */
    int n;
    int proof;
    int subject;
    int64_t generation, repeats;
    int64_t rotated_us, created, used;
    const char *ended; /* NULL while alive */
};

static struct model_family family[FAMILIES];
static int families, proofs;
static int64_t not_before_us[SUBJECTS];
static uint64_t seed;
static struct fixture x;
static int64_t now_us;

/* xorshift64*: the same schedule everywhere. */
static uint64_t any(uint64_t below)
{
    seed ^= seed >> 12;
    seed ^= seed << 25;
    seed ^= seed >> 27;
    return (seed * UINT64_C(2685821657736338717) >> 32) % below;
}

/* ---- the model -------------------------------------------------------------------------------------------------- */

static int64_t now(void)
{
    return now_us / 1000000;
}

static bool over(const struct model_family *f)
{
    return now() - f->created >= x.conf.session.absolute || now() - f->used >= x.conf.session.idle ||
           f->created - now() > HOUR || f->used - now() > HOUR;
}

static bool alive(const struct model_family *f)
{
    return !f->ended && !over(f);
}

/* Its row may be gone: the sweep takes it some time after the absolute limit. */
static bool may_be_swept(const struct model_family *f, int64_t latest)
{
    return latest - f->created > x.conf.session.absolute + HOUR;
}

static int64_t max_age(const struct model_family *f)
{
    int64_t absolute = x.conf.session.absolute - (now() > f->created ? now() - f->created : 0);
    int64_t idle = x.conf.session.idle - (now() > f->used ? now() - f->used : 0);
    return absolute < idle ? absolute : idle;
}

static bool in_grace(const struct model_family *f)
{
    return llabs(now_us - f->rotated_us) < US(x.conf.session.grace);
}

static int model_repeat(struct model_family *f)
{
    if (llabs(now_us - f->rotated_us) >= SESSION_BURST_US && f->repeats >= SESSION_REPEATS)
        return LK_LIMITED;
    f->repeats++;
    return 0;
}

/* `age`: how many rotations before the current one the presented token was issued; negative: forged. */
static int model_rotate(struct model_family *f, int age)
{
    if (!alive(f))
        return f->ended && strcmp(f->ended, "replaced") == 0 ? LK_SESSION_REPLACED : LK_SESSION_DEAD;
    if (age == 0)
        return 0;
    if (age == 1 && in_grace(f))
        return model_repeat(f);
    f->ended = "reuse";
    return LK_SESSION_REUSE;
}

static void model_advance(struct model_family *f, const char *token)
{
    if (f->n == HISTORY) {
        memmove(f->token[0], f->token[1], sizeof f->token - sizeof f->token[0]);
        f->n--;
    }
    memcpy(f->token[f->n++], token, REFRESH_TOKEN_SIZE);
    f->generation++;
    f->repeats = 0;
    f->rotated_us = now_us;
    f->used = now();
}

/* More than PER_USER alive: the one used longest ago ends. */
static void model_evict(int subject)
{
    for (;;) {
        struct model_family *oldest = NULL;
        int count = 0;
        for (int i = 0; i < families; i++) {
            struct model_family *f = &family[i];
            if (f->subject != subject || f->ended || now() - f->created >= x.conf.session.absolute ||
                now() - f->used >= x.conf.session.idle)
                continue;
            count++;
            if (!oldest || f->rotated_us < oldest->rotated_us)
                oldest = f;
        }
        if (count < PER_USER)
            return;
        oldest->ended = "evicted";
    }
}

/* An exchange that began before all was ended, or by a clock that was then further on. */
static bool model_is_revoked(int subject)
{
    return now_us <= not_before_us[subject] && not_before_us[subject] - now_us <= US(x.conf.process.run);
}

/* ---- comparing -------------------------------------------------------------------------------------------------- */

static int64_t latest; /* the furthest the clock has been */

static void compare_row(const struct model_family *f)
{
    struct db_row *row = NULL;
    ck_assert_int_eq(db_query(x.db,
                              "SELECT generation, repeats, rotated_at_us, created_at, last_used_at, end_reason "
                              "FROM family WHERE id = $1",
                              DB_ARGS(db_text(f->id)), &row),
                     0);
    int error = db_next(row);
    if (error) {
        ck_assert_int_eq(error, LK_NOT_FOUND);
        ck_assert(may_be_swept(f, latest));
    } else {
        ck_assert_int_eq(db_col_int(row, 0), f->generation);
        ck_assert_int_eq(db_col_int(row, 1), f->repeats);
        ck_assert_int_eq(db_col_int(row, 2), f->rotated_us);
        ck_assert_int_eq(db_col_int(row, 3), f->created);
        ck_assert_int_eq(db_col_int(row, 4), f->used);
        ck_assert_str_eq(db_col_text(row, 5), f->ended ? f->ended : "");
    }
    db_done(row);
}

static void compare_all(void)
{
    char subject[24];
    ck_assert_int_eq(db_begin_read(x.db), 0);
    for (int i = 0; i < families; i++) {
        snprintf(subject, sizeof subject, "user%d", family[i].subject);
        int error = session_check(x.db, &x.conf, family[i].id, subject, now());
        if (!may_be_swept(&family[i], latest))
            ck_assert_int_eq(error, alive(&family[i]) ? 0 : LK_SESSION_DEAD);
        else
            ck_assert(error == LK_SESSION_DEAD || alive(&family[i]));
        compare_row(&family[i]);
    }
    db_rollback(x.db);
}

static void compare_session(const struct model_family *f, const struct session *s, bool repeated)
{
    ck_assert_str_eq(s->id, f->id);
    ck_assert_str_eq(s->refresh_token, f->token[f->n - 1]);
    ck_assert_int_eq(s->cookie_max_age, max_age(f));
    ck_assert_int_eq(s->created_at, f->created);
    ck_assert(s->repeated == repeated);
}

/* How often each answer was given: a schedule that misses one proves nothing about it. */
static int answers[LK_ERROR_END - LK_ERROR_FIRST + 1];

static int tally(int error)
{
    answers[(error ? error : LK_ERROR_END) - LK_ERROR_FIRST]++;
    return error;
}

/* ---- operations ------------------------------------------------------------------------------------------------- */

static struct model_family *some_family(void)
{
    int recent = families < 12 ? families : 12;
    return families ? &family[any(4) ? families - 1 - (int)any((uint64_t)recent) : (int)any((uint64_t)families)] : NULL;
}

static void become(int subject)
{
    snprintf(x.ann.subject, sizeof x.ann.subject, "user%d", subject);
    x.ann.issued_at = now();
    x.ann.expires_at = now() + PROOF_LIFE;
}

/* Families that can never come back make room. */
static void forget(void)
{
    int kept = 0;
    for (int i = 0; i < families; i++)
        if (!family[i].ended && !may_be_swept(&family[i], latest))
            family[kept++] = family[i];
    families = kept;
}

static void do_exchange(void)
{
    if (families == FAMILIES)
        forget();
    struct model_family *old = any(3) ? NULL : some_family(), *f = &family[families];
    struct session s;
    char proof[24];
    *f = (struct model_family){.subject = (int)any(SUBJECTS), .proof = proofs, .rotated_us = now_us};
    f->created = f->used = now();
    snprintf(proof, sizeof proof, "proof%d", proofs++);
    become(f->subject);
    int expected = model_is_revoked(f->subject) ? LK_PROOF_REVOKED : 0;
    ck_assert_int_eq(tally(exchange_with(&x, proof, old ? old->token[old->n - 1] : "", now_us, &s)), expected);
    if (expected)
        return;
    if (old && !may_be_swept(old, latest))
        old->ended = "replaced";
    model_evict(f->subject);
    memcpy(f->id, s.id, sizeof f->id);
    memcpy(f->token[f->n++], s.refresh_token, REFRESH_TOKEN_SIZE);
    families++;
    compare_session(f, &s, false);
}

static void do_old_proof(void)
{
    struct model_family *f = some_family();
    struct session s;
    char proof[24];
    if (!f || latest - f->created > PROOF_LIFE) /* a verifier refuses it by then, and its row may be gone */
        return;
    snprintf(proof, sizeof proof, "proof%d", f->proof);
    become(f->subject);
    bool again = alive(f) && f->generation == 0 && in_grace(f);
    int expected = again ? model_repeat(f) : LK_PROOF_USED;
    ck_assert_int_eq(tally(exchange_with(&x, proof, "", now_us, &s)), expected);
    if (!expected)
        compare_session(f, &s, true);
}

static void present(struct model_family *f, int age)
{
    struct session s;
    char token[REFRESH_TOKEN_SIZE];
    memcpy(token, f->token[f->n - 1 - (age < 0 ? 0 : age)], sizeof token);
    if (age < 0)
        token[40] = token[40] == 'A' ? 'B' : 'A';
    bool swept = may_be_swept(f, latest);
    int expected = model_rotate(f, age), error = tally(rotate(&x, token, now_us, &s));
    if (swept && error == LK_NOT_FOUND)
        return;
    ck_assert_int_eq(error, expected);
    if (!error && age == 0)
        model_advance(f, s.refresh_token);
    if (!error)
        compare_session(f, &s, age != 0);
}

static void do_rotate(void)
{
    struct model_family *f = some_family();
    uint64_t kind = any(24);
    int age = kind < 13 ? 0 : kind < 21 ? 1 : kind < 22 ? 2 : kind < 23 ? (int)any(HISTORY) : -1;
    if (f)
        present(f, age < f->n ? age : 0);
}

/* A client that never learns: the same old token again and again inside the grace time. */
static void do_hammer(void)
{
    struct model_family *f = some_family();
    if (!f || !alive(f))
        return;
    present(f, 0);
    now_us += US(any(6));
    latest = now() > latest ? now() : latest;
    for (uint64_t i = any(12); i > 0; i--)
        present(f, 1);
}

static void do_unknown(void)
{
    struct session s;
    ck_assert_int_eq(rotate(&x, "lkrt_AAECAwQFBgcICQoLDA0ODw.EBESExQVFhcYGRobHB0eHyAhIiMkJSYnKCkqKywtLi8", now_us, &s),
                     LK_NOT_FOUND);
    ck_assert_int_eq(rotate(&x, "lkrt_", now_us, &s), LK_SYNTAX);
}

static void do_logout(void)
{
    struct model_family *f = some_family();
    char id[SESSION_ID_SIZE];
    if (!f)
        return;
    bool swept = may_be_swept(f, latest);
    const char *token = f->token[any((uint64_t)f->n)];
    ck_assert_int_eq(session_end(x.db, &x.conf, span_of(token), &x.from, now_us, id), 0);
    if (swept && !id[0])
        return;
    ck_assert_str_eq(id, f->ended ? "" : f->id);
    f->ended = f->ended ? f->ended : "logout";
}

static void do_revoke(void)
{
    struct model_family *f = some_family();
    char subject[24];
    if (!f)
        return;
    bool live = alive(f);
    snprintf(subject, sizeof subject, "user%d", f->subject);
    ck_assert_int_eq(db_begin_write(x.db), 0);
    ck_assert_int_eq(sessions_end(x.db, &x.conf, subject, f->id, &x.from, now_us), live ? 0 : LK_NOT_FOUND);
    ck_assert_int_eq(db_commit(x.db), 0);
    if (live)
        f->ended = "revoked";
}

static void do_revoke_all(void)
{
    struct model_family *keep = some_family();
    char subject[24];
    if (!keep || any(8))
        return;
    int s = keep->subject;
    bool others = any(2);
    snprintf(subject, sizeof subject, "user%d", s);
    ck_assert_int_eq(db_begin_write(x.db), 0);
    ck_assert_int_eq(sessions_end_all(x.db, &x.conf, subject, others ? keep->id : "", &x.from, now_us), 0);
    ck_assert_int_eq(db_commit(x.db), 0);
    for (int i = 0; i < families; i++)
        if (family[i].subject == s && alive(&family[i]) && !(others && &family[i] == keep))
            family[i].ended = "revoked";
    if (!(not_before_us[s] >= now_us && not_before_us[s] <= now_us + US(60)))
        not_before_us[s] = now_us;
    do_exchange(); /* one that is under way */
    do_exchange();
}

/* The process dies in the middle: a change that was not committed, then a new connection. */
static void do_crash(void)
{
    struct model_family *f = some_family();
    if (f && any(2)) {
        ck_assert_int_eq(db_begin_write(x.db), 0);
        ck_assert_int_eq(
            db_exec(x.db, "UPDATE family SET generation = 99, ended_at = 1, end_reason = 'lost'", NULL, 0, NULL), 0);
    }
    db_close(x.db);
    x.db = fixture_open(&x);
}

static void do_time(void)
{
    static const int64_t steps[] = {1,     1000,  500000, US(1),   US(1),    US(2),   US(3),
                                    US(5), US(9), US(11), US(600), US(HOUR), US(DAY), US(3 * DAY)};
    int64_t step = steps[any(any(3) ? 10 : sizeof steps / sizeof steps[0])];
    now_us += any(20) ? step : -(int64_t)any(US(15)); /* now and then the clock is set back a little */
    latest = now() > latest ? now() : latest;
}

static uint64_t from_environment(const char *name, uint64_t otherwise)
{
    const char *text = getenv(name);
    uint64_t value = 0;
    return text && parse_u64(span_of(text), UINT64_MAX, &value) == 0 ? value : otherwise;
}

START_TEST(library_and_model_agree_on_random_schedules)
{
    static void (*const operation[])(void) = {
        do_exchange, do_old_proof, do_old_proof, do_rotate, do_rotate,     do_rotate, do_rotate, do_rotate, do_hammer,
        do_hammer,   do_unknown,   do_logout,    do_revoke, do_revoke_all, do_time,   do_time,   do_time,   do_time};
    uint64_t steps = from_environment("LATCHKEY_STEPS", STEPS);
    seed = from_environment("LATCHKEY_SEED", (uint64_t)time(NULL) * 1000003 + (uint64_t)getpid());
    printf("auth_model: LATCHKEY_SEED=%llu\n", (unsigned long long)seed);
    fflush(stdout);
    seed += !seed;
    fixture_start(&x);
    x.conf.session.per_user = PER_USER;
    now_us = US(NOW);
    latest = NOW;
    for (uint64_t i = 0; i < steps; i++) {
        if (any(500) == 0)
            do_crash();
        else
            operation[any(sizeof operation / sizeof operation[0])]();
        compare_all();
    }
    static const int each[] = {0, LK_SESSION_DEAD, LK_SESSION_REUSE, LK_LIMITED, LK_PROOF_USED, LK_PROOF_REVOKED};
    for (size_t i = 0; steps >= STEPS && i < sizeof each / sizeof each[0]; i++)
        ck_assert_msg(answers[(each[i] ? each[i] : LK_ERROR_END) - LK_ERROR_FIRST] > 5, "%s", lk_error_code(each[i]));
    fixture_stop(&x);
}
END_TEST

UNIT_MAIN("auth_model", library_and_model_agree_on_random_schedules)
