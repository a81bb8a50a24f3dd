#include "unit.h"

#include "keys_scratch.h"

/* Each instant at which a command can be killed, made by hand: the files of before and after, mixed in commit order. */

static char a[JWK_THUMBPRINT_SIZE], b[JWK_THUMBPRINT_SIZE], c[JWK_THUMBPRINT_SIZE];
static char kid[JWK_THUMBPRINT_SIZE];

static void keep(const char *suffix)
{
    static const char *const names[] = {KEYRING_STATE, KEYRING_SIGNING, KEYRING_STANDBY, KEYRING_JWKS};
    char to[64];
    for (size_t i = 0; i < 4; i++) {
        snprintf(to, sizeof to, "%s%s", names[i], suffix);
        copy(names[i], to, 0600);
    }
}

static void bring_back(const char *name, const char *suffix, mode_t mode)
{
    char from[64];
    snprintf(from, sizeof from, "%s%s", name, suffix);
    copy(from, name, mode);
}

/* ".0": a signs, b is the standby; as it is now: b signs, c is the standby. */
static void begin(void)
{
    scratch_begin();
    init();
    kid_of(KEYRING_SIGNING, a);
    kid_of(KEYRING_STANDBY, b);
    keep(".0");
    rotated(GATE);
    kid_of(KEYRING_STANDBY, c);
}

static struct key_entry entry_of(const char *wanted)
{
    struct keydir *kd = opened(false);
    struct key_entry *found = history_find(keydir_history(kd), wanted);
    struct key_entry e = found ? *found : (struct key_entry){.state = (enum key_state)99};
    keydir_close(kd);
    return e;
}

START_TEST(killed_after_the_jwks_the_rotation_never_was)
{
    begin();
    bring_back(KEYRING_STATE, ".0", 0600);
    bring_back(KEYRING_SIGNING, ".0", 0640);
    bring_back(KEYRING_STANDBY, ".0", 0600);
    published(GATE + 7);
    ck_assert_str_eq(complaints(), "");
    ck_assert_str_eq(kid_of(KEYRING_SIGNING, kid), a);
    ck_assert(!contains(KEYRING_JWKS, c));
    scratch_end();
}
END_TEST

START_TEST(killed_after_the_signing_file_the_rotation_is_finished)
{
    begin();
    bring_back(KEYRING_STATE, ".0", 0600);
    bring_back(KEYRING_STANDBY, ".0", 0600);
    published(GATE + 7);
    ck_assert_str_eq(complaints(), "");
    ck_assert_str_eq(kid_of(KEYRING_SIGNING, kid), b);
    ck_assert_int_eq(entry_of(a).state, KEY_RETIRED);
    ck_assert_int_eq(entry_of(a).retired, GATE + 7);
    ck_assert_int_eq(entry_of(kid_of(KEYRING_STANDBY, kid)).published, GATE + 7);
    ck_assert(!contains(KEYRING_JWKS, c));
    scratch_end();
}
END_TEST

START_TEST(killed_after_the_standby_file_the_rotation_is_finished_with_it)
{
    begin();
    bring_back(KEYRING_STATE, ".0", 0600);
    published(GATE + 7);
    ck_assert_str_eq(complaints(), "");
    ck_assert_str_eq(kid_of(KEYRING_SIGNING, kid), b);
    ck_assert_str_eq(kid_of(KEYRING_STANDBY, kid), c);
    ck_assert_int_eq(entry_of(a).retired, GATE + 7);
    ck_assert_int_eq(entry_of(c).published, GATE + 7);
    scratch_end();
}
END_TEST

START_TEST(rotation_that_was_cut_short_is_finished_by_rotate_and_not_doubled)
{
    int64_t opens = 0;
    begin();
    bring_back(KEYRING_STATE, ".0", 0600);
    ck_assert_int_eq(rotate(true, GATE + 7, &opens), 0);
    ck_assert_str_eq(kid_of(KEYRING_SIGNING, kid), b);
    ck_assert_str_eq(complaints(), "");
    ck_assert_int_eq(rotate(true, GATE + 8, &opens), 0);
    ck_assert_str_eq(kid_of(KEYRING_SIGNING, kid), c);
    scratch_end();
}
END_TEST

/* What init leaves: a state.json without keys first. */
static void begin_init(void)
{
    struct keydir *kd;
    begin();
    for (const char *const *name = (const char *const[]){KEYRING_STATE, KEYRING_SIGNING, KEYRING_STANDBY, KEYRING_JWKS,
                                                         KEYRING_STATE ".0", NULL};
         *name; name++)
        ck_assert_int_eq(unlink(in_keys(*name)), 0);
    kd = opened(true);
    struct buf empty = BUF_INIT(4096);
    buf_str(&empty, "{\"version\":1,\"marks\":{\"rotation\":1,\"lag\":1,\"remote_cache\":1,\"margin\":1,\"token\":1,"
                    "\"leeway\":1,\"run\":1},\"keys\":[]}\n");
    keydir_close(kd);
    put(KEYRING_STATE, buf_all(&empty), 0600);
    buf_free(&empty);
}

START_TEST(init_killed_before_its_first_key_begins_again)
{
    bool changed = false;
    begin_init();
    bring_back(KEYRING_JWKS, ".0", 0644);
    ck_assert_int_eq(publish(P, &changed), LK_NOT_FOUND);
    ck_assert_ptr_nonnull(strstr(buf_cstr(&fault), "keytool init"));
    init();
    ck_assert_str_eq(complaints(), "");
    ck_assert(!contains(KEYRING_JWKS, a));
    scratch_end();
}
END_TEST

START_TEST(init_killed_after_its_signing_file_keeps_that_key)
{
    begin_init();
    bring_back(KEYRING_JWKS, ".0", 0644);
    bring_back(KEYRING_SIGNING, ".0", 0640);
    init();
    ck_assert_str_eq(complaints(), "");
    ck_assert_str_eq(kid_of(KEYRING_SIGNING, kid), a);
    ck_assert(!contains(KEYRING_JWKS, b));
    scratch_end();
}
END_TEST

START_TEST(init_killed_before_its_state_is_finished_by_any_command)
{
    begin_init();
    bring_back(KEYRING_JWKS, ".0", 0644);
    bring_back(KEYRING_SIGNING, ".0", 0640);
    bring_back(KEYRING_STANDBY, ".0", 0600);
    published(P + 3);
    ck_assert_str_eq(complaints(), "");
    ck_assert_str_eq(kid_of(KEYRING_SIGNING, kid), a);
    ck_assert_str_eq(kid_of(KEYRING_STANDBY, kid), b);
    ck_assert_int_eq(entry_of(b).published, P + 3);
    scratch_end();
}
END_TEST

START_TEST(leftovers_of_a_killed_command_are_removed)
{
    struct stat st;
    begin();
    put("signing.jwk.0123456789abcdef.tmp", span_of("secret"), 0600);
    put("notes.tmp", span_of("mine"), 0600);
    ck_assert_ptr_nonnull(strstr(complaints(), "temporary files"));
    published(GATE + 1);
    ck_assert_int_ne(stat(in_keys("signing.jwk.0123456789abcdef.tmp"), &st), 0);
    ck_assert_int_eq(stat(in_keys("notes.tmp"), &st), 0);
    ck_assert_str_eq(complaints(), "");
    scratch_end();
}
END_TEST

/* ---- losses ----------------------------------------------------------------------------------------------------- */

START_TEST(lost_standby_is_replaced_and_the_old_one_leaves_the_jwks)
{
    begin();
    ck_assert_int_eq(unlink(in_keys(KEYRING_STANDBY)), 0);
    ck_assert_ptr_nonnull(strstr(complaints(), "standby.jwk"));
    published(GATE + 7);
    ck_assert_str_eq(complaints(), "");
    ck_assert_str_ne(kid_of(KEYRING_STANDBY, kid), c);
    ck_assert_int_eq(entry_of(kid).published, GATE + 7);
    ck_assert_int_eq(entry_of(c).state, KEY_REMOVED);
    scratch_end();
}
END_TEST

START_TEST(lost_signing_file_is_replaced_by_rotate_alone)
{
    bool changed = false;
    int64_t opens = 0;
    begin();
    ck_assert_int_eq(unlink(in_keys(KEYRING_SIGNING)), 0);
    ck_assert_int_eq(publish(GATE + 1, &changed), LK_CONFIG);
    ck_assert_ptr_nonnull(strstr(buf_cstr(&fault), "keytool rotate"));
    ck_assert_int_eq(rotate(false, GATE + 1, &opens), LK_TOO_EARLY);
    rotated(opens);
    ck_assert_str_eq(complaints(), "");
    ck_assert_str_eq(kid_of(KEYRING_SIGNING, kid), c);
    ck_assert_int_eq(entry_of(b).state, KEY_RETIRED);
    scratch_end();
}
END_TEST

START_TEST(retired_key_from_a_backup_stays_in_the_jwks_for_what_it_signed)
{
    bool changed = false;
    begin();
    bring_back(KEYRING_SIGNING, ".0", 0640);
    ck_assert_int_eq(publish(GATE + 500, &changed), LK_CONFIG);
    rotated(GATE + 500);
    ck_assert_int_eq(entry_of(a).retired, GATE + 500);
    published(GATE + 500 + KEEP_GATE - 1);
    ck_assert(contains(KEYRING_JWKS, a));
    published(GATE + 500 + KEEP_GATE);
    ck_assert(!contains(KEYRING_JWKS, a));
    scratch_end();
}
END_TEST

START_TEST(standby_from_a_backup_whose_key_is_dead_is_replaced)
{
    begin();
    published(GATE + KEEP_GATE);
    bring_back(KEYRING_SIGNING, ".0", 0640); /* a is removed by now */
    ck_assert_int_eq(rename(in_keys(KEYRING_SIGNING), in_keys("old")), 0);
    copy("old", KEYRING_STANDBY, 0600);
    ck_assert_int_eq(unlink(in_keys("old")), 0);
    int64_t opens = 0;
    ck_assert_int_eq(rotate(false, GATE + KEEP_GATE, &opens), LK_TOO_EARLY);
    ck_assert_str_ne(kid_of(KEYRING_STANDBY, kid), a);
    ck_assert(!contains(KEYRING_JWKS, a));
    scratch_end();
}
END_TEST

START_TEST(lost_state_is_not_guessed)
{
    begin();
    ck_assert_int_eq(unlink(in_keys(KEYRING_STATE)), 0);
    ck_assert_int_eq(open_fails(false), LK_CONFIG);
    ck_assert_ptr_nonnull(strstr(buf_cstr(&fault), "backup"));
    scratch_end();
}
END_TEST

START_TEST(broken_files_are_refused_and_named)
{
    begin();
    put(KEYRING_STANDBY, span_of("{\"kty\":\"EC\"}"), 0600);
    ck_assert_int_eq(open_fails(false), LK_JWK_FORM);
    ck_assert_ptr_nonnull(strstr(buf_cstr(&fault), "standby.jwk"));
    bring_back(KEYRING_STANDBY, ".0", 0600);
    put(KEYRING_STATE, span_of("{}"), 0600);
    ck_assert_int_eq(open_fails(false), LK_SYNTAX);
    ck_assert_ptr_nonnull(strstr(buf_cstr(&fault), "state.json"));
    scratch_end();
}
END_TEST

UNIT_MAIN("keys_recovery", killed_after_the_jwks_the_rotation_never_was,
          killed_after_the_signing_file_the_rotation_is_finished,
          killed_after_the_standby_file_the_rotation_is_finished_with_it,
          rotation_that_was_cut_short_is_finished_by_rotate_and_not_doubled,
          init_killed_before_its_first_key_begins_again, init_killed_after_its_signing_file_keeps_that_key,
          init_killed_before_its_state_is_finished_by_any_command, leftovers_of_a_killed_command_are_removed,
          lost_standby_is_replaced_and_the_old_one_leaves_the_jwks, lost_signing_file_is_replaced_by_rotate_alone,
          retired_key_from_a_backup_stays_in_the_jwks_for_what_it_signed,
          standby_from_a_backup_whose_key_is_dead_is_replaced, lost_state_is_not_guessed,
          broken_files_are_refused_and_named)
