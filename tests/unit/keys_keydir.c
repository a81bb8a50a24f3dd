#include "unit.h"

#include "keys_scratch.h"

#include <sys/file.h>

static char a[JWK_THUMBPRINT_SIZE], b[JWK_THUMBPRINT_SIZE], c[JWK_THUMBPRINT_SIZE];

/* A directory after init: a signs, b is the standby. */
static void begin(void)
{
    scratch_begin();
    init();
    kid_of(KEYRING_SIGNING, a);
    kid_of(KEYRING_STANDBY, b);
}

static mode_t mode_of(const char *name)
{
    struct stat st;
    ck_assert_int_eq(stat(in_keys(name), &st), 0);
    return st.st_mode & 07777;
}

static enum key_state state_of(const char *kid)
{
    struct keydir *kd = opened(false);
    enum key_state state = history_find(keydir_history(kd), kid)->state;
    keydir_close(kd);
    return state;
}

START_TEST(init_makes_an_active_key_and_a_published_standby)
{
    begin();
    ck_assert_str_ne(a, b);
    ck_assert(contains(KEYRING_JWKS, a) && contains(KEYRING_JWKS, b));
    ck_assert_int_eq(state_of(a), KEY_ACTIVE);
    ck_assert_int_eq(state_of(b), KEY_PUBLISHED);
    ck_assert_str_eq(complaints(), "");
    scratch_end();
}
END_TEST

START_TEST(modes_are_those_of_the_design)
{
    begin();
    ck_assert_int_eq(mode_of("."), 0755);
    ck_assert_int_eq(mode_of(KEYRING_SIGNING), 0640);
    ck_assert_int_eq(mode_of(KEYRING_STANDBY), 0600);
    ck_assert_int_eq(mode_of(KEYRING_STATE), 0600);
    ck_assert_int_eq(mode_of(KEYRING_JWKS), 0644);
    ck_assert_int_eq(mode_of(KEYRING_LOCK), 0600);
    rotated(GATE);
    ck_assert_int_eq(mode_of(KEYRING_SIGNING), 0640);
    ck_assert_int_eq(mode_of(KEYRING_STANDBY), 0600);
    ck_assert_int_eq(mode_of(KEYRING_STATE), 0600);
    ck_assert_int_eq(mode_of(KEYRING_JWKS), 0644);
    scratch_end();
}
END_TEST

START_TEST(init_over_keys_is_refused_and_changes_nothing)
{
    char now[JWK_THUMBPRINT_SIZE];
    begin();
    ck_assert_int_eq(open_fails(true), LK_EXISTS);
    ck_assert_str_eq(kid_of(KEYRING_SIGNING, now), a);
    ck_assert_int_eq(unlink(in_keys(KEYRING_STATE)), 0);
    ck_assert_int_eq(open_fails(true), LK_EXISTS);
    ck_assert_str_eq(kid_of(KEYRING_SIGNING, now), a);
    scratch_end();
}
END_TEST

START_TEST(init_in_an_empty_directory_is_fine)
{
    scratch_begin();
    ck_assert_int_eq(mkdir(keys, 0755), 0);
    init();
    ck_assert_str_eq(complaints(), "");
    scratch_end();
}
END_TEST

START_TEST(directory_that_others_can_write_is_refused)
{
    static const mode_t modes[] = {0775, 0757, 01777};
    scratch_begin();
    ck_assert_int_eq(mkdir(keys, 0755), 0);
    for (size_t i = 0; i < 3; i++) {
        ck_assert_int_eq(chmod(keys, modes[i]), 0);
        ck_assert_int_eq(open_fails(true), LK_UNSAFE_FILE);
    }
    ck_assert_int_eq(rmdir(keys), 0); /* nothing was made in it */
    init();
    ck_assert_int_eq(chmod(keys, 0775), 0);
    ck_assert_int_eq(open_fails(false), LK_UNSAFE_FILE);
    ck_assert_ptr_nonnull(strstr(complaints(), "chmod go-w"));
    scratch_end();
}
END_TEST

START_TEST(directory_without_keys_is_left_alone)
{
    scratch_begin();
    ck_assert_int_eq(open_fails(false), LK_NOT_FOUND);
    ck_assert_int_eq(mkdir(keys, 0755), 0);
    ck_assert_int_eq(open_fails(false), LK_NOT_FOUND);
    ck_assert_int_eq(rmdir(keys), 0);
    scratch_end();
}
END_TEST

START_TEST(missing_parent_is_explained)
{
    struct keydir *kd = NULL;
    scratch_begin();
    snprintf(keys, sizeof keys, "%s/no/keys", scratch);
    ck_assert_int_eq(keydir_open(keys, true, &kd, &fault), LK_NOT_FOUND);
    ck_assert_ptr_nonnull(strstr(buf_cstr(&fault), "mkdir -p"));
    scratch_end();
}
END_TEST

START_TEST(private_file_that_others_can_read_is_refused)
{
    static const char *const names[] = {KEYRING_SIGNING, KEYRING_STANDBY, KEYRING_STATE};
    begin();
    for (size_t i = 0; i < 3; i++) {
        ck_assert_int_eq(chmod(in_keys(names[i]), 0644), 0);
        ck_assert_int_eq(open_fails(false), LK_UNSAFE_FILE);
        ck_assert_ptr_nonnull(strstr(buf_cstr(&fault), "chmod 06"));
        ck_assert_int_eq(chmod(in_keys(names[i]), 0600), 0);
    }
    keydir_close(opened(false));
    scratch_end();
}
END_TEST

START_TEST(jwks_that_others_can_write_is_refused)
{
    begin();
    ck_assert_int_eq(chmod(in_keys(KEYRING_JWKS), 0664), 0);
    ck_assert_int_eq(open_fails(false), LK_UNSAFE_FILE);
    ck_assert_int_eq(chmod(in_keys(KEYRING_JWKS), 0644), 0);
    keydir_close(opened(false));
    scratch_end();
}
END_TEST

START_TEST(symbolic_link_in_place_of_a_private_file_is_refused)
{
    begin();
    ck_assert_int_eq(rename(in_keys(KEYRING_STANDBY), in_keys("elsewhere")), 0);
    ck_assert_int_eq(symlink("elsewhere", in_keys(KEYRING_STANDBY)), 0);
    ck_assert_int_eq(open_fails(false), LK_UNSAFE_FILE);
    scratch_end();
}
END_TEST

START_TEST(held_lock_is_respected)
{
    begin();
    struct keydir *kd = opened(false);
    int fd = open(in_keys(KEYRING_LOCK), O_RDWR | O_CLOEXEC);
    ck_assert_int_eq(flock(fd, LOCK_EX | LOCK_NB), -1);
    keydir_close(kd);
    ck_assert_int_eq(flock(fd, LOCK_EX | LOCK_NB), 0);
    close(fd);
    scratch_end();
}
END_TEST

/* ---- rotate ---------------------------------------------------------------------------------------------------------
 */

START_TEST(early_rotation_is_refused_and_changes_nothing)
{
    static const char *const names[] = {KEYRING_SIGNING, KEYRING_STANDBY, KEYRING_STATE, KEYRING_JWKS};
    struct stat before[4], after;
    int64_t opens = 0;
    begin();
    for (size_t i = 0; i < 4; i++)
        stat(in_keys(names[i]), &before[i]);
    ck_assert_int_eq(rotate(false, GATE - 1, &opens), LK_TOO_EARLY);
    ck_assert_int_eq(opens, GATE);
    for (size_t i = 0; i < 4; i++) {
        ck_assert_int_eq(stat(in_keys(names[i]), &after), 0);
        ck_assert_uint_eq(after.st_ino, before[i].st_ino);
    }
    ck_assert_int_eq(rotate(false, GATE, &opens), 0);
    scratch_end();
}
END_TEST

START_TEST(rotation_puts_the_standby_to_work_and_publishes_a_new_one)
{
    char now[JWK_THUMBPRINT_SIZE];
    begin();
    rotated(GATE);
    ck_assert_str_eq(kid_of(KEYRING_SIGNING, now), b);
    kid_of(KEYRING_STANDBY, c);
    ck_assert_str_ne(c, a);
    ck_assert_str_ne(c, b);
    ck_assert(contains(KEYRING_JWKS, a) && contains(KEYRING_JWKS, b) && contains(KEYRING_JWKS, c));
    ck_assert_int_eq(state_of(a), KEY_RETIRED);
    ck_assert_str_eq(complaints(), "");
    scratch_end();
}
END_TEST

START_TEST(forced_rotation_needs_no_gate)
{
    int64_t opens = 0;
    begin();
    ck_assert_int_eq(rotate(true, P, &opens), 0);
    ck_assert_int_eq(state_of(b), KEY_ACTIVE);
    scratch_end();
}
END_TEST

START_TEST(new_standby_has_the_algorithm_that_was_asked_for)
{
    int64_t opens = 0;
    begin();
    struct keydir *kd = opened(false);
    ck_assert_int_eq(keydir_rotate(kd, jwa_find(span_of("EdDSA")), false, GATE, &opens, &fault), 0);
    ck_assert_str_eq(history_in_state(keydir_history(kd), KEY_PUBLISHED)->alg->name, "EdDSA");
    ck_assert_str_eq(history_in_state(keydir_history(kd), KEY_ACTIVE)->alg->name, "ES256");
    keydir_close(kd);
    ck_assert_int_eq(rotate(true, GATE + 1, &opens), 0);
    ck_assert_str_eq(complaints(), "");
    kd = opened(false);
    ck_assert_str_eq(history_in_state(keydir_history(kd), KEY_PUBLISHED)->alg->name, "EdDSA");
    keydir_close(kd);
    scratch_end();
}
END_TEST

/* In any file of the directory, whatever its name. */
static bool anywhere(const char *what)
{
    bool found = false;
    DIR *d = opendir(keys);
    ck_assert_ptr_nonnull(d);
    for (struct dirent *e; (e = readdir(d));)
        found = found || (e->d_name[0] != '.' && contains(e->d_name, what));
    closedir(d);
    return found;
}

START_TEST(private_key_of_a_retired_key_is_held_until_its_gate_and_leaves_no_byte)
{
    char name[128];
    bool changed = false;
    begin();
    struct buf text = contents(KEYRING_SIGNING);
    json_t *key = json_loads(buf_cstr(&text), 0, NULL);
    const char *d = json_string_value(json_object_get(key, "d"));
    ck_assert_ptr_nonnull(d);
    ck_assert(contains(KEYRING_SIGNING, d));
    rotated(GATE);
    ck_assert(!contains(KEYRING_SIGNING, d));
    snprintf(name, sizeof name, "retired-%s.jwk", a);
    ck_assert(contains(name, d));
    ck_assert_int_eq(mode_of(name), 0600);
    ck_assert_int_eq(publish(GATE + 39, &changed), 0);
    ck_assert(!changed && anywhere(d));
    ck_assert_int_eq(publish(GATE + 40, &changed), 0);
    ck_assert(changed && !anywhere(d));
    ck_assert_int_eq(state_of(a), KEY_RETIRED);
    json_decref(key);
    buf_free(&text);
    scratch_end();
}
END_TEST

START_TEST(rotation_keeps_owner_group_and_a_stricter_mode)
{
    struct stat st;
    begin();
    if (geteuid() == 0)
        ck_assert_int_eq(chown(in_keys(KEYRING_SIGNING), 0, 33), 0);
    ck_assert_int_eq(chmod(in_keys(KEYRING_SIGNING), 0440), 0);
    rotated(GATE);
    ck_assert_int_eq(stat(in_keys(KEYRING_SIGNING), &st), 0);
    ck_assert_int_eq(st.st_mode & 07777, 0440);
    if (geteuid() == 0)
        ck_assert_int_eq(st.st_gid, 33);
    scratch_end();
}
END_TEST

/* ---- publish --------------------------------------------------------------------------------------------------------
 */

START_TEST(publish_with_nothing_due_touches_no_file)
{
    static const char *const names[] = {KEYRING_SIGNING, KEYRING_STANDBY, KEYRING_STATE, KEYRING_JWKS};
    struct stat before[4], after;
    bool changed = true;
    begin();
    for (size_t i = 0; i < 4; i++)
        stat(in_keys(names[i]), &before[i]);
    ck_assert_int_eq(publish(P + 5, &changed), 0);
    ck_assert(!changed);
    for (size_t i = 0; i < 4; i++) {
        ck_assert_int_eq(stat(in_keys(names[i]), &after), 0);
        ck_assert_uint_eq(after.st_ino, before[i].st_ino);
    }
    scratch_end();
}
END_TEST

START_TEST(retired_key_leaves_the_jwks_when_its_gate_opens)
{
    bool changed = false;
    begin();
    rotated(GATE);
    ck_assert_int_eq(publish(GATE + 40, &changed), 0);
    ck_assert_int_eq(publish(GATE + KEEP_GATE - 1, &changed), 0);
    ck_assert(!changed && contains(KEYRING_JWKS, a));
    ck_assert_int_eq(publish(GATE + KEEP_GATE, &changed), 0);
    ck_assert(changed && !contains(KEYRING_JWKS, a) && contains(KEYRING_JWKS, b));
    ck_assert_int_eq(state_of(a), KEY_REMOVED);
    ck_assert_str_eq(complaints(), "");
    scratch_end();
}
END_TEST

START_TEST(lost_jwks_is_written_again_and_the_standby_counts_from_then)
{
    int64_t opens = 0;
    struct buf before, after;
    begin();
    before = contents(KEYRING_JWKS);
    ck_assert_int_eq(unlink(in_keys(KEYRING_JWKS)), 0);
    ck_assert_int_eq(rotate(false, GATE + 50, &opens), LK_TOO_EARLY);
    ck_assert_int_eq(opens, GATE + 50 + 115);
    after = contents(KEYRING_JWKS);
    ck_assert_str_eq(buf_cstr(&before), buf_cstr(&after));
    ck_assert_int_eq(rotate(false, GATE + 50 + 115, &opens), 0);
    buf_free(&before);
    buf_free(&after);
    scratch_end();
}
END_TEST

START_TEST(damaged_or_foreign_jwks_is_written_again)
{
    static const char *const texts[] = {"", "{", "{\"keys\":[]}", "{\"keys\":[{\"kid\":7}]}"};
    begin();
    for (size_t i = 0; i < 4; i++) {
        put(KEYRING_JWKS, span_of(texts[i]), 0644);
        ck_assert_str_ne(complaints(), "");
        published(P + 1);
        ck_assert_str_eq(complaints(), "");
    }
    scratch_end();
}
END_TEST

UNIT_MAIN("keys_keydir", init_makes_an_active_key_and_a_published_standby, modes_are_those_of_the_design,
          init_over_keys_is_refused_and_changes_nothing, init_in_an_empty_directory_is_fine,
          directory_that_others_can_write_is_refused, directory_without_keys_is_left_alone, missing_parent_is_explained,
          private_file_that_others_can_read_is_refused, jwks_that_others_can_write_is_refused,
          symbolic_link_in_place_of_a_private_file_is_refused, held_lock_is_respected,
          early_rotation_is_refused_and_changes_nothing, rotation_puts_the_standby_to_work_and_publishes_a_new_one,
          forced_rotation_needs_no_gate, new_standby_has_the_algorithm_that_was_asked_for,
          private_key_of_a_retired_key_is_held_until_its_gate_and_leaves_no_byte,
          rotation_keeps_owner_group_and_a_stricter_mode, publish_with_nothing_due_touches_no_file,
          retired_key_leaves_the_jwks_when_its_gate_opens, lost_jwks_is_written_again_and_the_standby_counts_from_then,
          damaged_or_foreign_jwks_is_written_again)
