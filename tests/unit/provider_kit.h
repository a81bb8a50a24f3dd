#ifndef LK_TESTS_PROVIDER_KIT_H
#define LK_TESTS_PROVIDER_KIT_H

#include <dirent.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error.h"
#include "base/file.h"
#include "jose/jws.h"
#include "provider/attempt.h"
#include "provider/cache.h"
#include "provider/provider.h"
#include "unit.h"

/* A provider of its own in a fresh directory: a cache file, a helper that is a shell script, keys that sign. */

#define NOW    1800000000LL
#define ISSUER "https://id.example"
#define JWKS   ISSUER "/api/auth/jwks"

struct kit {
    char dir[64];
    char cache[128];
    char helper[128];
    struct conf conf;
    struct provider p;
};

#define KIT __attribute__((unused)) static

KIT void kit_open(struct kit *k)
{
    *k = (struct kit){.dir = "/tmp/provider-test.XXXXXX"};
    ck_assert_ptr_nonnull(mkdtemp(k->dir));
    ck_assert_int_eq(file_path(k->cache, sizeof k->cache, k->dir, "cache"), 0);
    ck_assert_int_eq(file_path(k->helper, sizeof k->helper, k->dir, "helper"), 0);
    k->conf.providers[0].issuer = ISSUER;
    k->conf.providers[0].audience = ISSUER;
    k->conf.providers[0].jwks_url = JWKS;
    k->conf.providers[0].algorithms = "EdDSA ES256 ES512 RS256 PS256";
    k->conf.providers[0].cache = k->cache;
    k->conf.providers[0].fetch = k->helper;
    k->conf.providers[0].proxy = "";
    k->conf.providers[0].leeway = 60;
    k->conf.providers[0].fresh = 600;
    k->conf.providers[0].stale = 86400;
    k->conf.providers[0].cooldown = 30;
    k->conf.providers[0].name = "";
    k->conf.providers[0].subject_prefix = "";
    k->conf.provider_count = 1;
    k->p = provider_of(&k->conf.providers[0]);
}

KIT void kit_close(struct kit *k)
{
    DIR *dir = opendir(k->dir);
    ck_assert_ptr_nonnull(dir);
    for (struct dirent *e; (e = readdir(dir));) {
        char path[512];
        snprintf(path, sizeof path, "%s/%s", k->dir, e->d_name);
        if (e->d_name[0] != '.')
            unlink(path);
    }
    closedir(dir);
    ck_assert_int_eq(rmdir(k->dir), 0);
}

KIT void kit_write(struct kit *k, const char *name, const char *text, mode_t mode)
{
    char path[128];
    ck_assert_int_eq(file_path(path, sizeof path, k->dir, name), 0);
    ck_assert_int_eq(file_replace(path, span_of(text), mode, (uid_t)-1, (gid_t)-1), 0);
}

KIT void kit_read(struct kit *k, const char *name, struct buf *out)
{
    char path[128];
    ck_assert_int_eq(file_path(path, sizeof path, k->dir, name), 0);
    buf_reset(out);
    if (file_read(path, FILE_ANY, out, NULL))
        buf_reset(out);
    buf_add(out, "", 0); /* terminates */
}

/* A helper that writes a line with its arguments to DIR/runs, and then does `then` (in which DIR is set). */
KIT void kit_helper(struct kit *k, const char *then)
{
    char script[512];
    snprintf(script, sizeof script, "#!/bin/sh\nDIR=%s\necho \"run $*\" >> $DIR/runs\n%s\n", k->dir, then);
    kit_write(k, "helper", script, 0755);
}

/* How often the helper ran. */
KIT size_t kit_runs(struct kit *k)
{
    struct buf text = BUF_INIT(65536);
    size_t n = 0;
    kit_read(k, "runs", &text);
    for (size_t i = 0; i < text.n; i++)
        n += text.p[i] == '\n';
    buf_free(&text);
    return n;
}

KIT struct jwk *kit_key(const char *alg, const char *kid)
{
    struct jwk *key = NULL;
    ck_assert_int_eq(jwk_generate(jwa_find(span_of(alg)), &key), 0);
    ck_assert_int_eq(jwk_set_kid(key, kid), 0);
    return key;
}

/* The public parts of up to two keys (NULL: none) as the set of `url` in the file NAME. */
KIT void kit_set_of(struct kit *k, const char *name, const char *url, const struct jwk *a, const struct jwk *b,
                    struct cache_meta meta)
{
    const struct jwk *const keys[] = {a, b};
    char path[128];
    json_t *list = json_array(), *root = json_object();
    struct buf text = BUF_INIT(65536);
    for (size_t i = 0; i < 2; i++) {
        json_t *object = NULL;
        if (!keys[i])
            continue;
        ck_assert_int_eq(jwk_to_public(keys[i], &object), 0);
        json_array_append_new(list, object);
    }
    json_object_set_new(root, "keys", list);
    char *dumped = json_dumps(root, JSON_COMPACT);
    buf_str(&text, dumped);
    ck_assert_int_eq(file_path(path, sizeof path, k->dir, name), 0);
    ck_assert_int_eq(cache_write(path, url, &meta, buf_all(&text)), 0);
    free(dumped);
    json_decref(root);
    buf_free(&text);
}

KIT void kit_set(struct kit *k, const char *name, const struct jwk *a, const struct jwk *b, struct cache_meta meta)
{
    kit_set_of(k, name, JWKS, a, b, meta);
}

KIT void kit_attempt(struct kit *k, struct attempt attempt)
{
    ck_assert_int_eq(attempt_write(k->cache, &attempt), 0);
}

/* The claims of a BetterAuth token that is good at NOW. */
KIT json_t *kit_claims(void)
{
    json_t *claims = json_pack("{s:s,s:s,s:s,s:I,s:I,s:s,s:b,s:s}", "iss", ISSUER, "aud", ISSUER, "sub", "user-1",
                               "iat", (json_int_t)(NOW - 5), "exp", (json_int_t)(NOW + 895), "email",
                               "alice@example.com", "emailVerified", 1, "role", "admin,user");
    ck_assert_ptr_nonnull(claims);
    return claims;
}

/* Signs and takes the reference. */
KIT void kit_token(const struct jwk *key, const char *typ, json_t *claims, struct buf *out)
{
    *out = BUF_INIT(JWS_MAX);
    ck_assert_int_eq(jws_sign(key, typ, claims, out), 0);
    json_decref(claims);
}

#endif
