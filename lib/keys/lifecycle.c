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
    *e = (struct key_entry){.alg = alg, .state = KEY_PUBLISHED, .created = now, .published = now};
    memcpy(e->kid, kid, strlen(kid) + 1);
    return 0;
}

static int64_t larger(int64_t a, int64_t b)
{
    return a > b ? a : b;
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

int64_t gate_remove(const struct key_history *h, const struct key_entry *e)
{
    const struct key_policy *p = &h->marks;
    return larger(e->not_before, e->retired + p->lag + p->run + p->token + p->leeway + p->margin);
}

static int64_t running_gate(const struct key_history *h, const struct key_entry *e)
{
    return e->state == KEY_PUBLISHED ? gate_activate(h, e) : e->state == KEY_RETIRED ? gate_remove(h, e) : 0;
}

void history_raise(struct key_history *h, const struct key_policy *policy)
{
    struct key_policy old = h->marks, raised = *policy;
    raised.token = larger(old.token, policy->token);
    raised.leeway = larger(old.leeway, policy->leeway);
    raised.remote_cache = larger(old.remote_cache, policy->remote_cache);
    for (size_t i = 0; i < h->n; i++) {
        h->marks = old;
        int64_t before = running_gate(h, &h->entry[i]);
        h->marks = raised;
        if (running_gate(h, &h->entry[i]) < before)
            h->entry[i].not_before = before;
    }
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

static void enter(struct key_entry *e, enum key_state state, int64_t *time, int64_t now)
{
    e->state = state;
    e->not_before = 0;
    *time = now;
}

void history_promote(struct key_history *h, struct key_entry *e, int64_t now)
{
    struct key_entry *active = history_in_state(h, KEY_ACTIVE);
    if (active)
        enter(active, KEY_RETIRED, &active->retired, now);
    enter(e, KEY_ACTIVE, &e->activated, now);
}

int history_rotate(struct key_history *h, bool force, int64_t now, int64_t *opens)
{
    struct key_entry *standby = history_in_state(h, KEY_PUBLISHED);
    if (!standby)
        return LK_NOT_FOUND;
    int64_t gate = gate_activate(h, standby);
    if (now < gate && !force) {
        *opens = gate;
        return LK_TOO_EARLY;
    }
    history_promote(h, standby, now);
    return 0;
}

void history_discard(struct key_entry *e, int64_t now)
{
    enter(e, KEY_REMOVED, &e->ended, now);
}

size_t history_expire(struct key_history *h, int64_t now)
{
    size_t expired = 0;
    for (size_t i = 0; i < h->n; i++) {
        struct key_entry *e = &h->entry[i];
        if (e->state == KEY_RETIRED && now >= gate_remove(h, e)) {
            enter(e, KEY_REMOVED, &e->ended, now);
            expired++;
        }
    }
    return expired;
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
        if (e->state == KEY_RETIRED && gate_remove(h, e) < next.at)
            next = (struct key_step){KEY_STEP_REMOVE, e, gate_remove(h, e)};
    }
    return next;
}
