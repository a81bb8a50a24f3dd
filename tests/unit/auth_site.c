#include "auth/site.h"

#include "auth/memo.h"
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
             "[keys]\ndirectory = %s\n[limits]\npath = %s/limits.db\n",
             x->path, x->dir, x->dir);
    put(x, "latchkey.conf", text, 0644);
    snprintf(conf_env, sizeof conf_env, "LATCHKEY_CONF=%s/latchkey.conf", x->dir);
}

static void stop(struct fixture *x)
{
    static const char *const names[] = {"latchkey.conf", KEYRING_SIGNING, KEYRING_JWKS,   "claims.json",
                                        "limits.db",     "limits.db-wal", "limits.db-shm"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
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

static struct jwk *new_key(const struct fixture *x)
{
    struct jwk *key = NULL;
    ck_assert_int_eq(jwk_generate(jwa_find(span_of("ES256")), &key), 0);
    put_key(x, key);
    return key;
}

/* A site whose second request begins. */
static void start_kept(struct fixture *x, struct site *site)
{
    start(x);
    ck_assert_int_eq(site_open(env, site), 0);
    site_keep(site);
}

START_TEST(what_has_not_changed_stays_open_from_request_to_request)
{
    struct fixture x;
    struct site site;
    start_kept(&x, &site);
    jwk_free(new_key(&x));
    put(&x, KEYRING_JWKS, "{\"keys\":[]}", 0644);
    ck_assert_int_eq(site_db(&site), 0);
    ck_assert_int_eq(site_limits(&site), 0); /* made now, which is a change */
    site_keep(&site);
    ck_assert_int_eq(site_limits(&site), 0);
    ck_assert_int_eq(site_signer(&site), 0);
    ck_assert_int_eq(site_verifiers(&site), 0);
    struct site before = site;
    site_keep(&site);
    ck_assert_ptr_eq(site.db, before.db);
    ck_assert_ptr_eq(site.limits, before.limits);
    ck_assert_ptr_eq(site.signer, before.signer);
    ck_assert_ptr_eq(site.verifiers, before.verifiers);
    site_close(&site);
    stop(&x);
}
END_TEST

START_TEST(the_next_request_sees_a_rotated_key)
{
    struct fixture x;
    struct site site;
    start_kept(&x, &site);
    jwk_free(new_key(&x));
    ck_assert_int_eq(site_signer(&site), 0);
    struct jwk *new = new_key(&x);
    site_keep(&site);
    ck_assert_ptr_null(site.signer);
    ck_assert_int_eq(site_signer(&site), 0);
    ck_assert_str_eq(jwk_kid(site.signer), jwk_kid(new));
    jwk_free(new);
    site_close(&site);
    stop(&x);
}
END_TEST

#define CLAIMS_SIZE 128

/* `claims` is for the path, and the configuration's from then on. */
static void open_verifiers_and_claims(struct fixture *x, struct site *site, char claims[CLAIMS_SIZE])
{
    snprintf(claims, CLAIMS_SIZE, "%s/claims.json", x->dir);
    site->conf->claims.file = claims;
    put(x, KEYRING_JWKS, "{\"keys\":[]}", 0644);
    put(x, "claims.json", "{}", 0644);
    ck_assert_int_eq(site_verifiers(site), 0);
    ck_assert_int_eq(site_claims(site), 0);
}

START_TEST(the_next_request_sees_changed_verifiers_and_claims)
{
    struct fixture x;
    struct site site;
    char claims[CLAIMS_SIZE];
    start_kept(&x, &site);
    open_verifiers_and_claims(&x, &site, claims);
    put(&x, "claims.json", "{ }", 0644);
    site_keep(&site);
    ck_assert_ptr_null(site.claims);
    ck_assert_ptr_nonnull(site.verifiers);
    put(&x, KEYRING_JWKS, "{\"keys\": []}", 0644);
    site_keep(&site);
    ck_assert_ptr_null(site.verifiers);
    site_close(&site);
    stop(&x);
}
END_TEST

START_TEST(what_was_verified_is_forgotten_with_the_keys_and_with_the_claims)
{
    struct fixture x;
    struct site site;
    char claims[CLAIMS_SIZE];
    start_kept(&x, &site);
    open_verifiers_and_claims(&x, &site, claims);
    ck_assert_int_eq(memo_new(&site.memo), 0);
    site_keep(&site);
    ck_assert_ptr_nonnull(site.memo);
    put(&x, "claims.json", "{ }", 0644);
    site_keep(&site);
    ck_assert_ptr_null(site.memo);
    ck_assert_int_eq(memo_new(&site.memo), 0);
    put(&x, KEYRING_JWKS, "{\"keys\": []}", 0644);
    site_keep(&site);
    ck_assert_ptr_null(site.memo);
    site_close(&site);
    stop(&x);
}
END_TEST

START_TEST(a_key_file_that_goes_bad_is_an_error_and_recovers_when_mended)
{
    struct fixture x;
    struct site site;
    start_kept(&x, &site);
    jwk_free(new_key(&x));
    ck_assert_int_eq(site_signer(&site), 0);
    put(&x, KEYRING_SIGNING, "{", 0640);
    site_keep(&site);
    ck_assert_int_ne(site_signer(&site), 0);
    site_keep(&site);
    ck_assert_uint_eq(site.fault.n, 0); /* of the request before */
    ck_assert_int_ne(site_signer(&site), 0);
    jwk_free(new_key(&x));
    site_keep(&site);
    ck_assert_int_eq(site_signer(&site), 0);
    site_close(&site);
    stop(&x);
}
END_TEST

START_TEST(a_restored_database_is_opened_anew)
{
    struct fixture x;
    struct site site;
    char aside[128];
    start_kept(&x, &site);
    ck_assert_int_eq(site_db(&site), 0);
    site_keep(&site);
    ck_assert_ptr_nonnull(site.db);
    snprintf(aside, sizeof aside, "%s.aside", x.path);
    ck_assert_int_eq(rename(x.path, aside), 0);
    site_keep(&site);
    ck_assert_ptr_null(site.db);
    ck_assert_int_eq(rename(aside, x.path), 0);
    ck_assert_int_eq(site_db(&site), 0);
    site_close(&site);
    stop(&x);
}
END_TEST

START_TEST(nothing_of_a_request_is_left_in_the_next)
{
    struct fixture x;
    struct site site;
    start_kept(&x, &site);
    ck_assert_int_eq(site_db(&site), 0);
    struct db *db = site.db;
    ck_assert_int_eq(db_begin_write(db), 0);
    buf_str(&site.fault, "of the request before");
    site.refresh.order.missing = 7;
    site.limits_error = LK_BUSY;
    ck_assert_int_eq(site_limits(&site), LK_BUSY);
    site_keep(&site);
    ck_assert_int_eq(site.limits_error, 0);
    ck_assert_ptr_eq(site.db, db);
    ck_assert_int_eq(db_begin_write(db), 0); /* none was open */
    db_rollback(db);
    ck_assert_uint_eq(site.fault.n, 0);
    ck_assert_uint_eq(site.refresh.order.missing, 0);
    site_close(&site);
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
          what_has_not_changed_stays_open_from_request_to_request, the_next_request_sees_a_rotated_key,
          the_next_request_sees_changed_verifiers_and_claims,
          what_was_verified_is_forgotten_with_the_keys_and_with_the_claims,
          a_key_file_that_goes_bad_is_an_error_and_recovers_when_mended, a_restored_database_is_opened_anew,
          nothing_of_a_request_is_left_in_the_next, what_is_missing_is_one_line_for_the_log,
          an_unusable_configuration_is_named)
