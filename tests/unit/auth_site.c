#include "auth/site.h"

#include "auth_fixture.h"
#include "base/file.h"
#include "base/json.h"
#include "keys/keyring.h"

/* A site in a directory of its own: latchkey.conf and a signing key. */

static char conf_env[128];
static char *env[] = {conf_env, NULL};

static void put(const struct fixture *x, const char *name, const char *text, unsigned mode)
{
    char path[128];
    snprintf(path, sizeof path, "%s/%s", x->dir, name);
    ck_assert_int_eq(file_replace(path, span_of(text), mode, (uid_t)-1, (gid_t)-1), 0);
}

static void put_key(const struct fixture *x, struct jwk *key)
{
    struct buf text = BUF_INIT(8192);
    json_t *object = NULL;
    ck_assert_int_eq(jwk_to_private(key, &object), 0);
    ck_assert_int_eq(json_write(object, &text), 0);
    put(x, KEYRING_SIGNING, buf_cstr(&text), 0640);
    buf_free(&text);
    json_decref(object);
}

static void start(struct fixture *x)
{
    char text[512];
    fixture_start(x);
    snprintf(text, sizeof text,
             "[site]\nissuer = https://site.example\n[provider]\nissuer = https://id.example\n[store]\npath = %s\n"
             "[keys]\ndirectory = %s\n",
             x->path, x->dir);
    put(x, "latchkey.conf", text, 0644);
    snprintf(conf_env, sizeof conf_env, "LATCHKEY_CONF=%s/latchkey.conf", x->dir);
}

static void stop(struct fixture *x)
{
    static const char *const names[] = {"latchkey.conf", KEYRING_SIGNING};
    for (size_t i = 0; i < 2; i++) {
        char path[128];
        snprintf(path, sizeof path, "%s/%s", x->dir, names[i]);
        unlink(path);
    }
    fixture_stop(x);
}

START_TEST(each_part_is_opened_when_asked_for_and_then_kept)
{
    struct fixture x;
    struct site site;
    struct jwk *key = NULL;
    start(&x);
    ck_assert_int_eq(jwk_generate(jwa_find(span_of("ES256")), &key), 0);
    put_key(&x, key);
    ck_assert_int_eq(site_open(env, &site), 0);
    ck_assert_ptr_null(site.db);
    ck_assert_ptr_null(site.signer);
    ck_assert_ptr_null(site.claims);
    ck_assert_int_eq(site_db(&site), 0);
    ck_assert_int_eq(site_signer(&site), 0);
    ck_assert_int_eq(site_claims(&site), 0);
    struct db *db = site.db;
    struct jwk *signer = site.signer;
    ck_assert_int_eq(site_db(&site), 0);
    ck_assert_int_eq(site_signer(&site), 0);
    ck_assert_ptr_eq(site.db, db);
    ck_assert_ptr_eq(site.signer, signer);
    ck_assert_str_eq(jwk_kid(site.signer), jwk_kid(key));
    site_close(&site);
    jwk_free(key);
    stop(&x);
}
END_TEST

START_TEST(after_forgetting_the_next_request_sees_a_rotated_key)
{
    struct fixture x;
    struct site site;
    struct jwk *old = NULL, *new = NULL;
    start(&x);
    ck_assert_int_eq(jwk_generate(jwa_find(span_of("ES256")), &old), 0);
    ck_assert_int_eq(jwk_generate(jwa_find(span_of("ES256")), &new), 0);
    put_key(&x, old);
    ck_assert_int_eq(site_open(env, &site), 0);
    ck_assert_int_eq(site_signer(&site), 0);
    put_key(&x, new);
    site_forget(&site);
    ck_assert_int_eq(site_signer(&site), 0);
    ck_assert_str_eq(jwk_kid(site.signer), jwk_kid(new));
    site_close(&site);
    jwk_free(old);
    jwk_free(new);
    stop(&x);
}
END_TEST

START_TEST(what_is_missing_is_one_line_for_the_log)
{
    struct fixture x;
    struct site site;
    start(&x);
    ck_assert_int_eq(site_open(env, &site), 0);
    ck_assert_int_eq(site_signer(&site), LK_NOT_FOUND);
    ck_assert_ptr_nonnull(strstr(buf_cstr(&site.fault), KEYRING_SIGNING));
    site.conf->claims.file = "/nonexistent/claims.json";
    ck_assert_int_eq(site_claims(&site), LK_CONFIG);
    ck_assert_ptr_nonnull(strstr(buf_cstr(&site.fault), "/nonexistent/claims.json"));
    ck_assert_ptr_null(strstr(buf_cstr(&site.fault), KEYRING_SIGNING));
    site.conf->store.path = "/nonexistent/latchkey.db";
    ck_assert_int_eq(site_db(&site), LK_STORE);
    ck_assert_ptr_nonnull(strstr(buf_cstr(&site.fault), "/nonexistent/latchkey.db"));
    site_close(&site);
    stop(&x);
}
END_TEST

START_TEST(an_unusable_configuration_is_named)
{
    struct fixture x;
    struct site site;
    start(&x);
    put(&x, "latchkey.conf", "[site]\nissuer = nonsense\n", 0644);
    ck_assert_int_eq(site_open(env, &site), LK_CONFIG);
    ck_assert_ptr_nonnull(strstr(buf_cstr(&site.fault), "issuer"));
    ck_assert_ptr_null(site.conf);
    site_close(&site);
    stop(&x);
}
END_TEST

UNIT_MAIN("auth_site", each_part_is_opened_when_asked_for_and_then_kept,
          after_forgetting_the_next_request_sees_a_rotated_key, what_is_missing_is_one_line_for_the_log,
          an_unusable_configuration_is_named)
