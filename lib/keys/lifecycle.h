#ifndef LK_KEYS_LIFECYCLE_H
#define LK_KEYS_LIFECYCLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/clock.h"
#include "jose/jwk.h"

/* The life of signing keys as a pure state machine: no clock, no files. Times are seconds since the epoch.
 * published -> active -> retired -> removed, and revoked from any; removed and revoked stay as tombstones. */
enum key_state { KEY_PUBLISHED, KEY_ACTIVE, KEY_RETIRED, KEY_REMOVED, KEY_REVOKED };
const char *key_state_name(enum key_state state);
int key_state_parse(const char *name, enum key_state *out); /* LK_SYNTAX */
bool key_state_is_live(enum key_state state);               /* its public part belongs in the JWKS */

/* Durations, seconds. The names of issue and design: V, D, C, A/B, T, L, F, S. */
struct key_policy {
    int64_t rotation;     /* V */
    int64_t lag;          /* D: until a published file is seen by every host */
    int64_t remote_cache; /* C: how long remote verifiers may cache the JWKS */
    int64_t margin;       /* A and B */
    int64_t token;        /* T: longest access token lifetime */
    int64_t leeway;       /* L: of verifiers */
    int64_t run;          /* F: longest CGI run */
    int64_t skew;         /* S: how far the clocks of hosts may differ */
    int64_t cron;         /* how often maintain runs; no gate has it */
};

/* False when a key would have to be replaced before its standby may sign: V <= D + C + A + the period of maintain. */
bool policy_is_feasible(const struct key_policy *p);

struct key_entry {
    char kid[JWK_THUMBPRINT_SIZE];
    const struct jwa *alg;
    enum key_state state;
    int64_t created, published, activated, retired, ended; /* 0: not yet */
    int64_t destroyed;                                     /* when the private key was; a retired key only */
    int64_t revoking;                                      /* a revocation began then and is to be finished */
    int64_t not_before;     /* the gate that is running was once computed as this and never opens earlier; 0: none */
    int64_t hold;           /* the same for destroying the private key */
    struct clock_boot boot; /* when it came into its state */
    bool external;          /* another program signs with it: there is no private file */
};

/* Everything `state.json` holds. T, L and C of `marks` are high-water marks: gates never use less. */
#define KEYS_MAX      4096 /* with the tombstones: ten years of daily rotation */
#define KEYS_LIVE_MAX 100  /* in the JWKS at once; verifiers bound their sets too (JWKS_MAX_KEYS) */
struct key_history {
    struct key_policy marks;
    struct clock_boot
        boot; /* of the machine at `now`, set by the caller and not stored; without id nothing is compared */
    struct key_entry entry[KEYS_MAX];
    size_t n;
};

struct key_entry *history_find(struct key_history *h, const char *kid);
struct key_entry *history_in_state(struct key_history *h, enum key_state state); /* the newest one, or NULL */

/* Adds a key as published. LK_EXISTS: the kid was there before, dead or alive; LK_TOO_LARGE. */
int history_add(struct key_history *h, const char *kid, const struct jwa *alg, int64_t now);

/* Takes a policy over: T, L and C only ever rise, and no gate that is already running opens earlier than before. */
void history_raise(struct key_history *h, const struct key_policy *policy);

/* When a published key may sign (P + D + C + A), when the active one should be replaced (activated + V), when the
 * private key of a retired one is destroyed (R + D + F: no host signs with it any more), and when it may leave the JWKS
 * (R + D + F + T + L + S + B). */
int64_t gate_activate(const struct key_history *h, const struct key_entry *e);
int64_t gate_rotate(const struct key_history *h, const struct key_entry *e);
int64_t gate_destroy(const struct key_history *h, const struct key_entry *e);
int64_t gate_remove(const struct key_history *h, const struct key_entry *e);

int64_t key_since(const struct key_entry *e); /* when it came into its state */

/* The time that a gate of `e` believes: since it came into its state no more time has passed than the wall clock says,
 * and no more than the machine was up. After a reboot only the time since then counts. */
int64_t history_believed(const struct key_history *h, const struct key_entry *e, int64_t now);
int64_t
history_last(const struct key_history *h); /* the latest recorded event: an earlier `now` is not to be trusted */

/* The standby becomes active, the active one retired. LK_TOO_EARLY with `*opens` set, unless `force`; LK_NOT_FOUND
 * without a standby. history_promote does it for a given key with no gate: what happened already is only recorded. */
int history_rotate(struct key_history *h, bool force, int64_t now, int64_t *opens);
void history_promote(struct key_history *h, struct key_entry *e, int64_t now);

/* A key that never signed leaves at once; retired keys whose gates have opened lose their private key, and become
 * removed (how many). */
void history_discard(struct key_entry *e, int64_t now);
size_t history_destroy(struct key_history *h, int64_t now);
size_t history_expire(struct key_history *h, int64_t now);

/* The key has been in its state since now only, whatever was recorded. */
void history_restart(struct key_history *h, struct key_entry *e, int64_t now);

/* Dead at once. For the active key another has to be promoted: until then it is only marked (`revoking`), and
 * history_promote ends it. */
void history_revoke(struct key_history *h, struct key_entry *e, int64_t now);

/* Everything that is due: destroy, remove, and rotate when the active key is as old as V and the standby's gate is
 * open. How many transitions. */
bool history_rotation_is_due(struct key_history *h, int64_t now);
size_t history_maintain(struct key_history *h, int64_t now);

/* What comes next: the earliest step, due when at <= now. */
enum key_step_kind { KEY_STEP_NONE, KEY_STEP_ROTATE, KEY_STEP_DESTROY, KEY_STEP_REMOVE, KEY_STEP_STANDBY };
struct key_step {
    enum key_step_kind what;
    const struct key_entry *entry; /* the standby to activate, the retired key; else NULL */
    int64_t at;
};
struct key_step history_next(struct key_history *h);

#endif
