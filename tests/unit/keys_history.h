#ifndef LK_TESTS_UNIT_KEYS_HISTORY_H
#define LK_TESTS_UNIT_KEYS_HISTORY_H

#include "base/error.h"
#include "keys/lifecycle.h"

/* A history of keys that a test may do anything with. */

#define P 1000000 /* when things begin */

static const struct key_policy policy = {
    .rotation = 10000, .lag = 10, .remote_cache = 100, .margin = 5, .token = 900, .leeway = 60, .run = 30};
static struct key_history h;

static const struct jwa *es256(void)
{
    return jwa_find(span_of("ES256"));
}

/* An active key A and a standby B, both published at P. */
static void begin(void)
{
    memset(&h, 0, sizeof h);
    history_raise(&h, &policy);
    ck_assert_int_eq(history_add(&h, "A", es256(), P), 0);
    history_promote(&h, history_find(&h, "A"), P);
    ck_assert_int_eq(history_add(&h, "B", es256(), P), 0);
}

#endif
