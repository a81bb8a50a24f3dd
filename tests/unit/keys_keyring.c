#include "unit.h"

#include "keys_scratch.h"

#include <sys/wait.h>

#include "jose/jws.h"
#include "keys/keydir_impl.h"
#include "keys/keyring.h"

/* P-256 keys made for these tests; the second is the first as PKCS#8. */
#define JWK_TEXT                                                                                                       \
    "{\"kty\":\"EC\",\"crv\":\"P-256\",\"x\":\"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU\","                         \
    "\"y\":\"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0\",\"d\":\"jpsQnnGQmL-YBIffH1136cspYG6-0iY7X1fCE9-E9LI\"%s}"

static char env_text[1024];
static char *env[] = {env_text, NULL}, *no_env[] = {NULL};

static void set_env(const char *format, const char *more)
{
    char key[900];
    const char *percent = strstr(format, "%s");
    snprintf(key, sizeof key, "%.*s%s%s", percent ? (int)(percent - format) : (int)strlen(format), format,
             percent ? more : "", percent ? percent + 2 : "");
    snprintf(env_text, sizeof env_text, "JWT_PRIVATE_KEY=%s", key);
}

static void begin(void)
{
    scratch_begin();
    init();
}

static int64_t longest;

static int signing(char *const e[], struct jwk **key)
{
    buf_reset(&fault);
    return keyring_signing_key(keys, e, key, &longest, &fault);
}

/* Signs with the one and verifies with the other, as a CGI would. */
static int round_trip(char *const e[])
{
    struct jwk *key = NULL;
    struct jwks *set = NULL;
    struct buf token = BUF_INIT(JWS_MAX);
    struct jws jws;
    json_t *claims = json_pack("{s:s}", "sub", "somebody");
    int error = signing(e, &key);
    if (!error)
        error = keyring_verifying_keys(keys, e, &set, &fault);
    if (!error)
        error = jws_sign(key, "at+jwt", claims, &token);
    if (!error)
        error = jws_parse(buf_all(&token), JWA_ALL, &jws);
    if (!error)
        error = jws_verify(&jws, set);
    json_decref(claims);
    buf_free(&token);
    jwk_free(key);
    jwks_free(set);
    return error;
}

START_TEST(what_the_signing_key_signs_the_verifying_keys_verify)
{
    begin();
    ck_assert_int_eq(round_trip(no_env), 0);
    int64_t opens = 0;
    ck_assert_int_eq(rotate(true, P, &opens), 0);
    ck_assert_int_eq(round_trip(no_env), 0);
    scratch_end();
}
END_TEST

START_TEST(signing_key_that_others_can_read_is_refused)
{
    static const mode_t good[] = {0400, 0440, 0600, 0640}, bad[] = {0644, 0604, 0660, 0666, 0642};
    struct jwk *key = NULL;
    begin();
    for (size_t i = 0; i < 5; i++) {
        ck_assert_int_eq(chmod(in_keys(KEYRING_SIGNING), bad[i]), 0);
        ck_assert_int_eq(signing(no_env, &key), LK_UNSAFE_FILE);
        ck_assert_ptr_nonnull(strstr(buf_cstr(&fault), "chmod 0640"));
    }
    for (size_t i = 0; i < 4; i++) {
        ck_assert_int_eq(chmod(in_keys(KEYRING_SIGNING), good[i]), 0);
        ck_assert_int_eq(signing(no_env, &key), 0);
        jwk_free(key);
    }
    scratch_end();
}
END_TEST

START_TEST(absent_and_broken_files_are_told_apart)
{
    struct jwk *key = NULL;
    struct jwks *set = NULL;
    begin();
    put(KEYRING_SIGNING, span_of("{\"kty\":"), 0640);
    ck_assert_int_eq(signing(no_env, &key), LK_SYNTAX);
    put(KEYRING_SIGNING, span_of("{\"kty\":\"EC\"}"), 0640);
    ck_assert_int_eq(signing(no_env, &key), LK_JWK_FORM);
    put(KEYRING_JWKS, span_of("[]"), 0644);
    ck_assert_int_eq(keyring_verifying_keys(keys, no_env, &set, &fault), LK_SYNTAX);
    ck_assert_int_eq(unlink(in_keys(KEYRING_SIGNING)), 0);
    ck_assert_int_eq(signing(no_env, &key), LK_NOT_FOUND);
    ck_assert_int_eq(unlink(in_keys(KEYRING_JWKS)), 0);
    ck_assert_int_eq(keyring_verifying_keys(keys, no_env, &set, &fault), LK_NOT_FOUND);
    scratch_end();
}
END_TEST

START_TEST(jwks_that_others_can_write_is_refused)
{
    struct jwks *set = NULL;
    begin();
    ck_assert_int_eq(chmod(in_keys(KEYRING_JWKS), 0664), 0);
    ck_assert_int_eq(keyring_verifying_keys(keys, no_env, &set, &fault), LK_UNSAFE_FILE);
    ck_assert_int_eq(chmod(in_keys(KEYRING_JWKS), 0644), 0);
    ck_assert_int_eq(keyring_verifying_keys(keys, no_env, &set, &fault), 0);
    jwks_free(set);
    scratch_end();
}
END_TEST

START_TEST(kid_of_signing_file_must_be_its_thumbprint)
{
    struct jwk *key = NULL;
    char text[900];
    begin();
    snprintf(text, sizeof text, JWK_TEXT, ",\"kid\":\"mine\"");
    put(KEYRING_SIGNING, span_of(text), 0640);
    ck_assert_int_eq(signing(no_env, &key), LK_JWK_FORM);
    snprintf(text, sizeof text, JWK_TEXT, "");
    put(KEYRING_SIGNING, span_of(text), 0640);
    ck_assert_int_eq(signing(no_env, &key), 0);
    jwk_free(key);
    scratch_end();
}
END_TEST

START_TEST(injected_jwk_replaces_the_file)
{
    struct jwk *key = NULL;
    char thumbprint[JWK_THUMBPRINT_SIZE];
    begin();
    set_env(JWK_TEXT, ",\"kid\":\"from-kms\"");
    ck_assert_int_eq(signing(env, &key), 0);
    ck_assert_str_eq(jwk_kid(key), "from-kms");
    jwk_free(key);
    ck_assert_int_eq(round_trip(env), 0);
    set_env(JWK_TEXT, "");
    ck_assert_int_eq(signing(env, &key), 0);
    ck_assert_int_eq(jwk_thumbprint(key, thumbprint), 0);
    ck_assert_str_eq(jwk_kid(key), thumbprint);
    jwk_free(key);
    scratch_end();
}
END_TEST

START_TEST(injected_key_needs_no_directory)
{
    scratch_begin();
    ck_assert_int_eq(round_trip(no_env), LK_NOT_FOUND);
    set_env(JWK_TEXT, "");
    ck_assert_int_eq(round_trip(env), 0);
    scratch_end();
}
END_TEST

START_TEST(injected_key_that_is_published_too_stays_unambiguous)
{
    struct buf text;
    begin();
    text = contents(KEYRING_SIGNING);
    set_env("%s", buf_cstr(&text));
    ck_assert_int_eq(round_trip(env), 0);
    buf_free(&text);
    scratch_end();
}
END_TEST

START_TEST(injected_pem_signs)
{
    static const char pem[] = "-----BEGIN PRIVATE KEY-----\n"
                              "MC4CAQAwBQYDK2VwBCIEIJ1hsZ3v/VpguoRK9JLsLMREScVpezJpGXA7rAMcrn9g\n"
                              "-----END PRIVATE KEY-----\n";
    begin();
    set_env("%s", pem);
    ck_assert_int_eq(round_trip(env), 0);
    scratch_end();
}
END_TEST

START_TEST(unusable_injected_key_is_refused_and_never_falls_back)
{
    static const char *const texts[] = {"nonsense", "{", "{}", " ", "-----BEGIN PRIVATE KEY-----\nMC4C\n"};
    struct jwk *key = NULL;
    struct jwks *set = NULL;
    begin();
    for (size_t i = 0; i < 5; i++) {
        set_env("%s", texts[i]);
        ck_assert_int_ne(signing(env, &key), 0);
        ck_assert_ptr_nonnull(strstr(buf_cstr(&fault), "JWT_PRIVATE_KEY"));
        ck_assert_int_ne(keyring_verifying_keys(keys, env, &set, &fault), 0);
    }
    set_env("", "");
    ck_assert_int_eq(round_trip(env), 0); /* empty counts as not set */
    scratch_end();
}
END_TEST

/* ---- how long a token may live ----------------------------------------------------------------------------------- */

static int64_t longest_of(char *const e[])
{
    struct jwk *key = NULL;
    ck_assert_msg(signing(e, &key) == 0, "%s", buf_cstr(&fault));
    jwk_free(key);
    return longest;
}

static void maintained(int64_t token)
{
    struct key_policy other = policy;
    struct keydir *kd = opened(false);
    bool changed = false;
    other.token = token;
    history_raise(keydir_history(kd), &other);
    ck_assert_int_eq(keydir_maintain(kd, P + 1, &changed, &fault), 0);
    keydir_close(kd);
}

START_TEST(signers_are_told_what_the_gates_count_with)
{
    begin();
    ck_assert_int_eq(longest_of(no_env), 900);
    maintained(7200);
    ck_assert_int_eq(longest_of(no_env), 7200);
    maintained(60);
    ck_assert_int_eq(longest_of(no_env), 7200);
    ck_assert(contains(KEYRING_STATE, "\"token\":7200"));
    rotated(GATE + 1000);
    ck_assert_int_eq(longest_of(no_env), 7200);
    ck_assert(!contains(KEYRING_STANDBY, KEYFILE_LONGEST));
    ck_assert(!contains(KEYRING_JWKS, KEYFILE_LONGEST));
    ck_assert_str_eq(complaints(), "");
    scratch_end();
}
END_TEST

START_TEST(signers_are_not_told_before_the_gates_count_with_it)
{
    struct key_policy longer = policy;
    struct keydir *kd;
    int64_t opens = 0;
    begin();
    kd = opened(false);
    longer.token = 7200;
    history_raise(keydir_history(kd), &longer);
    ck_assert_int_eq(unlink(in_keys(KEYRING_STATE)), 0);
    ck_assert_int_eq(mkdir(in_keys(KEYRING_STATE), 0755), 0); /* state.json cannot be replaced */
    ck_assert_int_ne(keydir_rotate(kd, NULL, true, GATE, &opens, &fault), 0);
    ck_assert_int_eq(longest_of(no_env), 900);
    keydir_close(kd);
    ck_assert_int_eq(rmdir(in_keys(KEYRING_STATE)), 0);
    scratch_end();
}
END_TEST

START_TEST(injected_key_keeps_to_what_the_directory_says)
{
    begin();
    set_env(JWK_TEXT, ",\"" KEYFILE_LONGEST "\":5");
    ck_assert_int_eq(longest_of(env), 900);
    ck_assert_int_eq(chmod(in_keys(KEYRING_SIGNING), 0644), 0);
    struct jwk *key = NULL;
    ck_assert_int_eq(signing(env, &key), LK_UNSAFE_FILE);
    ck_assert_int_eq(unlink(in_keys(KEYRING_SIGNING)), 0);
    ck_assert(longest_of(env) == INT64_MAX);
    scratch_end();
}
END_TEST

START_TEST(signing_file_that_does_not_say_is_completed_and_one_that_says_nonsense_is_refused)
{
    static const char *const values[] = {"\"900\"", "-1", "9.5", "null", "[]"};
    struct jwk *key = NULL;
    begin();
    copy(KEYRING_STANDBY, "spare", 0600);
    rotated(GATE);
    copy("spare", KEYRING_SIGNING, 0640);
    ck_assert(longest_of(no_env) == INT64_MAX);
    ck_assert_ptr_nonnull(strstr(complaints(), "signing.jwk: tokens may live longer"));
    published(GATE);
    ck_assert_int_eq(longest_of(no_env), 900);
    ck_assert_str_eq(complaints(), "");
    for (size_t i = 0; i < sizeof values / sizeof values[0]; i++) {
        char more[64];
        snprintf(more, sizeof more, ",\"" KEYFILE_LONGEST "\":%s", values[i]);
        set_env(JWK_TEXT, more);
        put(KEYRING_SIGNING, span_of(env_text + sizeof "JWT_PRIVATE_KEY=" - 1), 0640);
        ck_assert_msg(signing(no_env, &key) == LK_JWK_FORM, "%s", values[i]);
    }
    set_env(JWK_TEXT, ",\"" KEYFILE_LONGEST "\":5");
    put(KEYRING_SIGNING, span_of(env_text + sizeof "JWT_PRIVATE_KEY=" - 1), 0640);
    ck_assert_int_eq(longest_of(no_env), 5);
    scratch_end();
}
END_TEST

/* ---- a reader beside rotations ----------------------------------------------------------------------------------- */

#ifdef __SANITIZE_ADDRESS__
#define ROTATIONS 300 /* each is ten times slower */
#else
#define ROTATIONS 1000
#endif

/* Tombstones would make each rotation slower than the one before; nothing here is about them. */
static void forget_tombstones(struct keydir *kd)
{
    struct key_history *h = &kd->history;
    size_t n = 0;
    for (size_t i = 0; i < h->n; i++)
        if (key_state_is_live(h->entry[i].state)) {
            struct jwk *pub = kd->pub[i];
            kd->pub[i] = NULL;
            kd->pub[n] = pub;
            h->entry[n++] = h->entry[i];
        }
    h->n = n;
}

/* One rotation a second, each key kept for a while, so that a reader of both files always finds the kid. */
static void rotate_many(void)
{
    static const struct key_policy quick = {.token = 40};
    for (int64_t i = 1; i <= ROTATIONS; i++) {
        struct keydir *kd = NULL;
        int64_t opens = 0;
        if (keydir_open(keys, false, &kd, &fault))
            _exit(1);
        forget_tombstones(kd);
        history_raise(keydir_history(kd), &quick);
        if (keydir_rotate(kd, NULL, true, P + i, &opens, &fault))
            _exit(2);
        keydir_close(kd);
    }
    _exit(0);
}

START_TEST(reader_beside_rotations_never_sees_a_torn_or_missing_file)
{
    static const struct key_policy quick = {.token = 40};
    int status = 0;
    size_t reads = 0;
    scratch_begin();
    struct keydir *kd = NULL;
    ck_assert_int_eq(keydir_open(keys, true, &kd, &fault), 0);
    history_raise(keydir_history(kd), &quick);
    ck_assert_int_eq(keydir_init(kd, jwa_find(span_of("EdDSA")), (gid_t)-1, P, &fault), 0);
    keydir_close(kd);
    pid_t writer = fork();
    ck_assert_int_ge(writer, 0);
    if (writer == 0)
        rotate_many();
    while (waitpid(writer, &status, WNOHANG) == 0) {
        int error = round_trip(no_env);
        ck_assert_msg(error == 0, "read %zu: %s %s", reads, lk_error_code(error), buf_cstr(&fault));
        reads++;
    }
    ck_assert_int_eq(status, 0);
    ck_assert_uint_gt(reads, 0);
    ck_assert_str_eq(complaints(), "");
    scratch_end();
}
END_TEST

UNIT_MAIN("keys_keyring", what_the_signing_key_signs_the_verifying_keys_verify,
          signing_key_that_others_can_read_is_refused, absent_and_broken_files_are_told_apart,
          jwks_that_others_can_write_is_refused, kid_of_signing_file_must_be_its_thumbprint,
          injected_jwk_replaces_the_file, injected_key_needs_no_directory,
          injected_key_that_is_published_too_stays_unambiguous, injected_pem_signs,
          unusable_injected_key_is_refused_and_never_falls_back, signers_are_told_what_the_gates_count_with,
          signers_are_not_told_before_the_gates_count_with_it, injected_key_keeps_to_what_the_directory_says,
          signing_file_that_does_not_say_is_completed_and_one_that_says_nonsense_is_refused,
          reader_beside_rotations_never_sees_a_torn_or_missing_file)
