#ifndef LK_TESTS_PROVIDER_PROOF_H
#define LK_TESTS_PROVIDER_PROOF_H

#include "provider/proof.h"
#include "provider_kit.h"

/* What the tests of proof_verify share. */

/* A set in DIR/cache, fetched `ago` seconds before NOW; the helper is there and counts. */
static void cached(struct kit *k, const struct jwk *key, int64_t ago)
{
    kit_set(k, "cache", key, NULL,
            (struct cache_meta){.fetched_at = NOW - ago, .fresh_for = 600, .serial = 5, .generation = 5});
}

static int verify(const struct kit *k, const struct buf *token, struct identity *who, bool *refresh)
{
    struct proof_refresh later = {.provider = &k->conf.providers[0]};
    int error = proof_verify(&k->conf, buf_all(token), KEYSET_FETCH, NOW, who, &later);
    *refresh = later.provider != NULL;
    return error;
}

/* The verdict on one token, which is used up; nobody is identified by a refused one. */
static int verdict(const struct kit *k, struct buf token)
{
    struct identity who = {0};
    bool refresh = true;
    int error = verify(k, &token, &who, &refresh);
    ck_assert_int_eq(who.subject[0] != '\0', error == 0);
    buf_free(&token);
    return error;
}

static struct buf made(const struct jwk *key, const char *typ, json_t *claims)
{
    struct buf token;
    kit_token(key, typ, claims, &token);
    return token;
}

#endif
