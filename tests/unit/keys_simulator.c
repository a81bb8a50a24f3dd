#include "unit.h"

#include "base/error.h"
#include "base/parse.h"
#include "keys/lifecycle.h"

/* Years of a site in the pure core: a cron job that runs or does not, admins who rotate, revoke and change the policy,
 * hosts that see the files late and whose clocks differ, and verifiers elsewhere that cache the JWKS. After every step
 * every token that should be good is good everywhere. LATCHKEY_SEED repeats a run. */

#define HOSTS  3
#define CACHES 3
#define TOKENS 256
#define STEPS  3000
#define RUNS   10
#define KEYS   200

struct snapshot { /* what is published at some time: the signing key and the set */
    int64_t at;
    size_t signer; /* index of the entry */
    size_t n;
    bool live[KEYS + 8];
};
#define SNAPSHOTS 64

struct token {
    size_t key;
    int64_t exp;
};

static struct key_history h, before;
static struct snapshot published[SNAPSHOTS];
static size_t published_n;
static struct token tokens[TOKENS];
static size_t tokens_n;
static struct key_policy policy;
static int64_t now, skew[HOSTS], cron_stopped_until;
static size_t seen[HOSTS];             /* the snapshot that each host works with */
static struct snapshot cached[CACHES]; /* what remote verifiers hold */
static int64_t fetched[CACHES];
static int64_t longest_token; /* T as signers clamp it */
static uint64_t seed, state;

static uint64_t next_random(void) /* xorshift64* */
{
    state ^= state >> 12;
    state ^= state << 25;
    state ^= state >> 27;
    return state * 2685821657736338717ULL;
}

static int64_t below(int64_t n)
{
    return n > 0 ? (int64_t)(next_random() % (uint64_t)n) : 0;
}

#define MUST(what)                                                                                                     \
    ck_assert_msg(what, "LATCHKEY_SEED=%llu at %lld: %s", (unsigned long long)seed, (long long)now, #what)

/* ---- the site -----------------------------------------------------------------------------------------------------
 */

static void add_standby(void)
{
    char kid[JWK_THUMBPRINT_SIZE];
    static unsigned long long number;
    snprintf(kid, sizeof kid, "key%llu", ++number);
    MUST(history_add(&h, kid, jwa_find(span_of("ES256")), now) == 0);
}

static size_t index_of(const struct key_entry *e)
{
    return (size_t)(e - h.entry);
}

static void publish(void)
{
    struct snapshot *s;
    if (published_n == SNAPSHOTS) { /* nobody is that late */
        memmove(published, published + SNAPSHOTS / 2, SNAPSHOTS / 2 * sizeof published[0]);
        published_n = SNAPSHOTS / 2;
        for (size_t i = 0; i < HOSTS; i++)
            seen[i] = seen[i] >= SNAPSHOTS / 2 ? seen[i] - SNAPSHOTS / 2 : 0;
    }
    s = &published[published_n++];
    *s = (struct snapshot){.at = now, .signer = index_of(history_in_state(&h, KEY_ACTIVE)), .n = h.n};
    for (size_t i = 0; i < h.n; i++)
        s->live[i] = key_state_is_live(h.entry[i].state);
}

/* A host has everything that is older than D, and perhaps more. */
static void hosts_look(void)
{
    for (size_t i = 0; i < HOSTS; i++) {
        while (seen[i] + 1 < published_n && published[seen[i] + 1].at + h.marks.lag <= now)
            seen[i]++;
        seen[i] += (size_t)below((int64_t)(published_n - seen[i]));
    }
}

static void caches_look(void)
{
    for (size_t i = 0; i < CACHES; i++)
        if (now - fetched[i] >= h.marks.remote_cache || below(20) == 0) {
            cached[i] = published[seen[below(HOSTS)]];
            fetched[i] = now;
        }
}

/* A CGI read its key up to F ago, and its clock may be ahead by S. The guard's own leeway L comes on top. */
static void sign(void)
{
    size_t host = (size_t)below(HOSTS);
    struct token t = {published[seen[host]].signer, now + skew[host] + longest_token};
    size_t at = tokens_n < TOKENS ? tokens_n++ : (size_t)below(TOKENS);
    tokens[at] = t;
}

static void take_policy(void)
{
    history_raise(&h, &policy);
    if (policy.token > longest_token)
        longest_token = h.marks.token;
}

/* ---- what is done to it
 * ---------------------------------------------------------------------------------------------- */

static void check_gates(void)
{
    for (size_t i = 0; i < before.n; i++) {
        const struct key_entry *was = &before.entry[i], *is = &h.entry[i];
        before.marks = h.marks; /* the gates as they are now; not_before holds what they were */
        if (was->state == KEY_PUBLISHED && is->state == KEY_ACTIVE)
            MUST(now >= was->published + h.marks.remote_cache);
        if (was->state == KEY_RETIRED && is->state == KEY_REMOVED)
            MUST(now >= gate_remove(&before, was) && now >= was->retired + h.marks.token + h.marks.leeway);
        if (!was->destroyed && is->destroyed)
            MUST(now >= gate_destroy(&before, was));
    }
}

static void remember(void)
{
    before.n = h.n;
    memcpy(before.entry, h.entry, h.n * sizeof h.entry[0]);
}

static void do_maintain(void)
{
    take_policy();
    remember();
    history_maintain(&h, now);
    if (!history_in_state(&h, KEY_PUBLISHED))
        add_standby();
    check_gates();
    publish();
}

static void do_rotate(void)
{
    int64_t opens = 0;
    take_policy();
    remember();
    int error = history_rotate(&h, false, now, &opens);
    MUST(error == 0 || (error == LK_TOO_EARLY && opens > now));
    if (!error) {
        history_destroy(&h, now);
        history_expire(&h, now);
        add_standby();
    }
    check_gates();
    publish();
}

/* Tokens of a revoked key are dead, and verifiers are told: nothing is promised to new tokens before the caches have
 * turned over, so the world waits for that. */
static void settle(int64_t seconds)
{
    now += seconds;
    for (size_t i = 0; i < HOSTS; i++)
        seen[i] = published_n - 1;
    for (size_t i = 0; i < CACHES; i++) {
        cached[i] = published[published_n - 1];
        fetched[i] = now;
    }
}

static void do_revoke(void)
{
    int64_t opens = 0;
    size_t at = (size_t)below((int64_t)h.n);
    struct key_entry *e = &h.entry[at];
    if (!key_state_is_live(e->state))
        return;
    take_policy();
    history_revoke(&h, e, now);
    if (e->revoking)
        MUST(history_rotate(&h, true, now, &opens) == 0);
    MUST(e->state == KEY_REVOKED);
    if (!history_in_state(&h, KEY_PUBLISHED))
        add_standby();
    publish();
    settle(h.marks.lag + h.marks.remote_cache);
}

static void do_policy(void)
{
    struct key_policy p = {.lag = below(600),
                           .remote_cache = below(7200),
                           .margin = below(300),
                           .token = 60 + below(3600),
                           .leeway = below(120),
                           .run = below(60),
                           .skew = 30,
                           .cron = 86400};
    p.rotation = p.lag + p.remote_cache + p.margin + p.cron + 1 + below(30 * 86400);
    MUST(policy_is_feasible(&p));
    /* A cache time that is raised is announced first and used later; a lag that is lowered is true first. */
    p.lag = p.lag > policy.lag ? p.lag : policy.lag;
    policy = p;
    do_maintain();
}

static void one_step(void)
{
    int64_t what = below(1000);
    now += below(4) ? below(900) : below(2 * 86400);
    hosts_look();
    caches_look();
    if (what < 500 && now >= cron_stopped_until)
        do_maintain();
    else if (what < 530)
        do_rotate();
    else if (what < 535)
        do_revoke();
    else if (what < 545)
        do_policy();
    else if (what < 548)
        cron_stopped_until = now + below(200 * 86400);
    hosts_look();
    caches_look();
    sign();
}

/* ---- what must hold
 * -------------------------------------------------------------------------------------------------- */

static bool knows(const struct snapshot *s, size_t key)
{
    return key < s->n && s->live[key];
}

static void check_invariants(void)
{
    size_t active = 0;
    for (size_t i = 0; i < h.n; i++) {
        active += h.entry[i].state == KEY_ACTIVE;
        MUST(i + 1 == h.n || strcmp(h.entry[i].kid, h.entry[h.n - 1].kid) != 0);
    }
    MUST(active == 1);
    for (size_t i = 0; i < tokens_n; i++) {
        const struct token *t = &tokens[i];
        if (t->exp + h.marks.leeway < now || h.entry[t->key].state == KEY_REVOKED)
            continue;
        for (size_t k = 0; k < HOSTS; k++)
            MUST(knows(&published[seen[k]], t->key));
        for (size_t k = 0; k < CACHES; k++)
            MUST(now - fetched[k] > h.marks.remote_cache || knows(&cached[k], t->key));
    }
}

static void begin(void)
{
    memset(&h, 0, sizeof h);
    published_n = tokens_n = 0;
    now = 1000000;
    cron_stopped_until = longest_token = 0;
    policy = (struct key_policy){.rotation = 7 * 86400,
                                 .lag = 60,
                                 .remote_cache = 900,
                                 .margin = 60,
                                 .token = 900,
                                 .leeway = 60,
                                 .run = 30,
                                 .skew = 30,
                                 .cron = 86400};
    take_policy();
    add_standby();
    history_promote(&h, &h.entry[0], now);
    add_standby();
    publish();
    for (size_t i = 0; i < HOSTS; i++) {
        seen[i] = 0;
        skew[i] = below(31);
    }
    settle(0);
}

static uint64_t first_seed(void)
{
    uint64_t given = 0;
    const char *text = getenv("LATCHKEY_SEED");
    if (text && parse_u64(span_of(text), UINT64_MAX, &given) == 0 && given)
        return given;
    return (uint64_t)time(NULL) * 2654435761U + 1;
}

START_TEST(years_of_anything_never_reject_a_good_token)
{
    uint64_t first = first_seed();
    fprintf(stderr, "LATCHKEY_SEED=%llu\n", (unsigned long long)first);
    for (uint64_t run = 0; run < RUNS; run++) {
        seed = state = first + run;
        begin();
        int64_t started = now;
        for (size_t i = 0; i < STEPS && h.n < KEYS; i++) {
            one_step();
            check_invariants();
        }
        MUST(now - started > 180 * 86400);
    }
}
END_TEST

START_TEST(nothing_overdue_stops_the_signing)
{
    seed = state = 7;
    begin();
    for (size_t i = 0; i < 50; i++) {
        now += 400 * 86400; /* nobody looked for a year */
        hosts_look();
        caches_look();
        sign();
        check_invariants();
        do_maintain();
        settle(h.marks.lag + h.marks.remote_cache);
        check_invariants();
    }
    MUST(history_in_state(&h, KEY_ACTIVE)->activated + 401 * 86400 > now);
}
END_TEST

UNIT_MAIN("keys_simulator", years_of_anything_never_reject_a_good_token, nothing_overdue_stops_the_signing)
