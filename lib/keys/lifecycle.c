#include "keys/lifecycle.h"

#include "base/error.h"

static const struct {
    const char *name;
    bool live;
} states[] = {
    [KEY_PUBLISHED] = {"published", true}, [KEY_ACTIVE] = {"active", true},    [KEY_RETIRED] = {"retired", true},
    [KEY_REMOVED] = {"removed", false},    [KEY_REVOKED] = {"revoked", false},
};
#define STATES (sizeof states / sizeof states[0])

const char *key_state_name(enum key_state state)
{
    return states[state].name;
}

int key_state_parse(const char *name, enum key_state *out)
{
    for (size_t i = 0; i < STATES; i++)
        if (strcmp(states[i].name, name) == 0) {
            *out = (enum key_state)i;
            return 0;
        }
    return LK_SYNTAX;
}

bool key_state_is_live(enum key_state state)
{
    return states[state].live;
}

struct key_entry *history_find(struct key_history *h, const char *kid)
{
    for (size_t i = 0; i < h->n; i++)
        if (strcmp(h->entry[i].kid, kid) == 0)
            return &h->entry[i];
    return NULL;
}

struct key_entry *history_in_state(struct key_history *h, enum key_state state)
{
    for (size_t i = h->n; i > 0; i--)
        if (h->entry[i - 1].state == state)
            return &h->entry[i - 1];
    return NULL;
}

static size_t live_keys(const struct key_history *h)
{
    size_t live = 0;
    for (size_t i = 0; i < h->n; i++)
        live += key_state_is_live(h->entry[i].state);
    return live;
}

int history_add(struct key_history *h, const char *kid, const struct jwa *alg, int64_t now)
{
    if (history_find(h, kid))
        return LK_EXISTS;
    if (h->n == KEYS_MAX || live_keys(h) >= KEYS_LIVE_MAX || strlen(kid) >= JWK_THUMBPRINT_SIZE)
        return LK_TOO_LARGE;
    struct key_entry *e = &h->entry[h->n++];
    *e = (struct key_entry){.alg = alg, .state = KEY_PUBLISHED, .created = now, .published = now, .boot = h->boot};
    memcpy(e->kid, kid, strlen(kid) + 1);
    return 0;
}

static int64_t larger(int64_t a, int64_t b)
{
    return a > b ? a : b;
}

static int64_t smaller(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

bool policy_is_feasible(const struct key_policy *p)
{
    return p->rotation > p->lag + p->remote_cache + p->margin + p->cron;
}

int64_t gate_activate(const struct key_history *h, const struct key_entry *e)
{
    const struct key_policy *p = &h->marks;
    return larger(e->not_before, e->published + p->lag + p->remote_cache + p->margin);
}

int64_t gate_rotate(const struct key_history *h, const struct key_entry *e)
{
    return e->activated + h->marks.rotation;
}

int64_t gate_destroy(const struct key_history *h, const struct key_entry *e)
{
    return larger(e->hold, e->retired + h->marks.lag + h->marks.run);
}

int64_t gate_remove(const struct key_history *h, const struct key_entry *e)
{
    const struct key_policy *p = &h->marks;
    return larger(e->not_before, e->retired + p->lag + p->run + p->token + p->leeway + p->skew + p->margin);
}

static int64_t running_gate(const struct key_history *h, const struct key_entry *e)
{
    return e->state == KEY_PUBLISHED ? gate_activate(h, e) : e->state == KEY_RETIRED ? gate_remove(h, e) : 0;
}

static void hold_gates(struct key_history *h, struct key_entry *e, const struct key_policy *old,
                       const struct key_policy *raised)
{
    h->marks = *old;
    int64_t before = running_gate(h, e), destroy = gate_destroy(h, e);
    h->marks = *raised;
    if (running_gate(h, e) < before)
        e->not_before = before;
    if (e->state == KEY_RETIRED && gate_destroy(h, e) < destroy)
        e->hold = destroy;
}

void history_raise(struct key_history *h, const struct key_policy *policy)
{
    struct key_policy old = h->marks, raised = *policy;
    raised.token = larger(old.token, policy->token);
    raised.leeway = larger(old.leeway, policy->leeway);
    raised.remote_cache = larger(old.remote_cache, policy->remote_cache);
    for (size_t i = 0; i < h->n; i++)
        hold_gates(h, &h->entry[i], &old, &raised);
    h->marks = raised;
}

int64_t key_since(const struct key_entry *e)
{
    switch (e->state) {
    case KEY_PUBLISHED:
        return e->published;
    case KEY_ACTIVE:
        return e->activated;
    case KEY_RETIRED:
        return e->retired;
    case KEY_REMOVED:
    case KEY_REVOKED:
        break;
    }
    return e->ended;
}

int64_t history_believed(const struct key_history *h, const struct key_entry *e, int64_t now)
{
    if (!h->boot.id[0] || !e->boot.id[0])
        return now;
    bool same = strcmp(h->boot.id, e->boot.id) == 0;
    return smaller(now, key_since(e) + h->boot.seconds - (same ? e->boot.seconds : 0));
}

int64_t history_last(const struct key_history *h)
{
    int64_t last = 0;
    for (size_t i = 0; i < h->n; i++) {
        const struct key_entry *e = &h->entry[i];
        last = larger(larger(last, key_since(e)), larger(e->created, larger(e->destroyed, e->revoking)));
    }
    return last;
}

static void enter(struct key_history *h, struct key_entry *e, enum key_state state, int64_t *time, int64_t now)
{
    e->state = state;
    e->not_before = 0;
    e->hold = 0;
    e->boot = h->boot;
    *time = now;
}

static void bury(struct key_entry *e, enum key_state state, int64_t now)
{
    e->state = state;
    e->not_before = e->hold = e->revoking = 0;
    e->boot = (struct clock_boot){0};
    e->ended = now;
}

void history_promote(struct key_history *h, struct key_entry *e, int64_t now)
{
    struct key_entry *active = history_in_state(h, KEY_ACTIVE);
    if (active && active->revoking)
        bury(active, KEY_REVOKED, now);
    else if (active)
        enter(h, active, KEY_RETIRED, &active->retired, now);
    enter(h, e, KEY_ACTIVE, &e->activated, now);
}

void history_restart(struct key_history *h, struct key_entry *e, int64_t now)
{
    if (e->state == KEY_PUBLISHED)
        e->published = now;
    else if (e->state == KEY_RETIRED)
        e->retired = now;
    e->boot = h->boot;
}

void history_revoke(struct key_history *h, struct key_entry *e, int64_t now)
{
    (void)h;
    if (e->state == KEY_ACTIVE)
        e->revoking = now;
    else
        bury(e, KEY_REVOKED, now);
}

int history_rotate(struct key_history *h, bool force, int64_t now, int64_t *opens)
{
    struct key_entry *standby = history_in_state(h, KEY_PUBLISHED);
    if (!standby)
        return LK_NOT_FOUND;
    int64_t gate = gate_activate(h, standby), believed = history_believed(h, standby, now);
    if (believed < gate && !force) {
        *opens = now + gate - believed;
        return LK_TOO_EARLY;
    }
    history_promote(h, standby, now);
    return 0;
}

void history_discard(struct key_entry *e, int64_t now)
{
    bury(e, KEY_REMOVED, now);
}

size_t history_destroy(struct key_history *h, int64_t now)
{
    size_t destroyed = 0;
    for (size_t i = 0; i < h->n; i++) {
        struct key_entry *e = &h->entry[i];
        if (e->state == KEY_RETIRED && !e->destroyed && history_believed(h, e, now) >= gate_destroy(h, e)) {
            e->destroyed = now;
            destroyed++;
        }
    }
    return destroyed;
}

size_t history_expire(struct key_history *h, int64_t now)
{
    size_t expired = 0;
    for (size_t i = 0; i < h->n; i++) {
        struct key_entry *e = &h->entry[i];
        if (e->state == KEY_RETIRED && history_believed(h, e, now) >= gate_remove(h, e)) {
            bury(e, KEY_REMOVED, now);
            expired++;
        }
    }
    return expired;
}

/* Its age is no gate: after a reboot the wall clock alone says it. */
static bool is_old(const struct key_history *h, const struct key_entry *active, int64_t now)
{
    bool same_boot = h->boot.id[0] && strcmp(h->boot.id, active->boot.id) == 0;
    return (same_boot ? history_believed(h, active, now) : now) >= gate_rotate(h, active);
}

bool history_rotation_is_due(struct key_history *h, int64_t now)
{
    const struct key_entry *active = history_in_state(h, KEY_ACTIVE), *standby = history_in_state(h, KEY_PUBLISHED);
    return active && standby && is_old(h, active, now) &&
           history_believed(h, standby, now) >= gate_activate(h, standby);
}

size_t history_maintain(struct key_history *h, int64_t now)
{
    size_t n = history_destroy(h, now) + history_expire(h, now);
    if (history_rotation_is_due(h, now)) {
        history_promote(h, history_in_state(h, KEY_PUBLISHED), now);
        n++;
    }
    return n;
}

/* Of a retired key: first its private part goes, then it leaves the JWKS. */
static struct key_step step_of_retired(const struct key_history *h, const struct key_entry *e)
{
    if (!e->destroyed)
        return (struct key_step){KEY_STEP_DESTROY, e, gate_destroy(h, e)};
    return (struct key_step){KEY_STEP_REMOVE, e, gate_remove(h, e)};
}

struct key_step history_next(struct key_history *h)
{
    const struct key_entry *active = history_in_state(h, KEY_ACTIVE);
    const struct key_entry *standby = history_in_state(h, KEY_PUBLISHED);
    if (!active)
        return (struct key_step){.what = KEY_STEP_NONE};
    if (!standby)
        return (struct key_step){.what = KEY_STEP_STANDBY};
    struct key_step next = {KEY_STEP_ROTATE, standby, larger(gate_rotate(h, active), gate_activate(h, standby))};
    for (size_t i = 0; i < h->n; i++) {
        const struct key_entry *e = &h->entry[i];
        struct key_step step = step_of_retired(h, e);
        if (e->state == KEY_RETIRED && step.at < next.at)
            next = step;
    }
    return next;
}
