#include "unit.h"

#include "keys_scratch.h"

static void begin(void)
{
    scratch_begin();
    init();
    ck_assert_str_eq(complaints(), "");
}

static int result(void)
{
    struct buf ignored = BUF_INIT(65536);
    int error = keydir_check(keys, ignore_finding, &ignored);
    buf_free(&ignored);
    return error;
}

START_TEST(each_wrong_mode_is_found_with_its_mend)
{
    static const struct {
        const char *name;
        mode_t mode;
        const char *mend;
    } rows[] = {
        {KEYRING_SIGNING, 0644, "signing.jwk: mode 0644: chmod 0640"},
        {KEYRING_STANDBY, 0640, "standby.jwk: mode 0640: chmod 0600"},
        {KEYRING_STATE, 0640, "state.json: mode 0640: chmod 0600"},
        {KEYRING_JWKS, 0640, "jwks.json: mode 0640: chmod 0644"},
        {KEYRING_JWKS, 0666, "jwks.json: mode 0666: chmod 0644"},
        {KEYRING_LOCK, 0644, "lock: mode 0644: chmod 0600"},
        {".", 0750, "chmod a+x"},
    };
    begin();
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct stat before;
        ck_assert_int_eq(stat(in_keys(rows[i].name), &before), 0);
        ck_assert_int_eq(chmod(in_keys(rows[i].name), rows[i].mode), 0);
        ck_assert_msg(strstr(complaints(), rows[i].mend) != NULL, "%s", complaints());
        ck_assert_int_eq(result(), LK_UNSAFE_FILE);
        ck_assert_int_eq(chmod(in_keys(rows[i].name), before.st_mode & 07777), 0);
        ck_assert_str_eq(complaints(), "");
    }
    ck_assert_int_eq(chmod(in_keys(KEYRING_SIGNING), 0400), 0);
    ck_assert_str_eq(complaints(), "");
    scratch_end();
}
END_TEST

START_TEST(foreign_owner_is_found)
{
    begin();
    if (geteuid() == 0) {
        ck_assert_int_eq(chown(in_keys(KEYRING_JWKS), 12345, (gid_t)-1), 0);
        ck_assert_ptr_nonnull(strstr(complaints(), "jwks.json: owned by uid 12345"));
        ck_assert_int_eq(chown(in_keys(KEYRING_JWKS), 0, (gid_t)-1), 0);
        ck_assert_int_eq(chown(in_keys(KEYRING_LOCK), 12345, (gid_t)-1), 0);
        ck_assert_ptr_nonnull(strstr(complaints(), "lock: owned by uid 12345"));
        ck_assert_int_eq(chown(in_keys(KEYRING_LOCK), 0, (gid_t)-1), 0);
    }
    ck_assert_str_eq(complaints(), "");
    scratch_end();
}
END_TEST

/* jwks.json with one piece of text replaced. */
static void edit_jwks(const char *from, const char *to)
{
    struct buf text = contents(KEYRING_JWKS), changed = BUF_INIT(65536);
    const char *at = strstr(buf_cstr(&text), from);
    ck_assert_ptr_nonnull(at);
    buf_add(&changed, text.p, (size_t)(at - text.p));
    buf_str(&changed, to);
    buf_str(&changed, at + strlen(from));
    put(KEYRING_JWKS, buf_all(&changed), 0644);
    buf_free(&text);
    buf_free(&changed);
}

START_TEST(each_private_member_in_the_jwks_is_found)
{
    static const char *const members[] = {"d", "p", "q", "dp", "dq", "qi", "oth", "k"};
    begin();
    for (size_t i = 0; i < 8; i++) {
        char with[64];
        snprintf(with, sizeof with, "{\"%s\":\"AA\",\"kty\"", members[i]);
        edit_jwks("{\"kty\"", with);
        ck_assert_ptr_nonnull(strstr(complaints(), "PRIVATE"));
        ck_assert_int_eq(result(), LK_JWK_FORM);
        bool changed = false;
        ck_assert_int_eq(publish(P, &changed), 0);
        ck_assert_str_eq(complaints(), "");
    }
    scratch_end();
}
END_TEST

START_TEST(jwks_that_does_not_verify_is_found)
{
    char kid[JWK_THUMBPRINT_SIZE], other[JWK_THUMBPRINT_SIZE];
    begin();
    kid_of(KEYRING_SIGNING, kid);
    snprintf(other, sizeof other, "%s", kid);
    other[0] = kid[0] == 'A' ? 'B' : 'A';
    char from[64], to[64];
    snprintf(from, sizeof from, "\"kid\":\"%s\"", kid);
    snprintf(to, sizeof to, "\"kid\":\"%s\"", other);
    edit_jwks(from, to);
    ck_assert_ptr_nonnull(strstr(complaints(), "does not verify"));
    ck_assert_ptr_nonnull(strstr(complaints(), "not what state.json says"));
    scratch_end();
}
END_TEST

START_TEST(keys_in_each_others_place_are_found)
{
    begin();
    copy(KEYRING_STANDBY, KEYRING_SIGNING, 0640);
    ck_assert_ptr_nonnull(strstr(complaints(), "signing.jwk: it is not the active key"));
    ck_assert_int_eq(result(), LK_JWK_FORM);
    scratch_end();
}
END_TEST

START_TEST(each_absent_file_is_found)
{
    static const char *const names[] = {KEYRING_SIGNING, KEYRING_STANDBY, KEYRING_STATE, KEYRING_JWKS};
    scratch_begin();
    for (size_t i = 0; i < 4; i++) {
        init();
        ck_assert_str_eq(complaints(), "");
        ck_assert_int_eq(unlink(in_keys(names[i])), 0);
        ck_assert_msg(strstr(complaints(), names[i]) != NULL, "%s", complaints());
        for (size_t k = 0; k < 4; k++)
            unlink(in_keys(names[k]));
    }
    scratch_end();
}
END_TEST

START_TEST(broken_state_is_a_configuration_error)
{
    begin();
    put(KEYRING_STATE, span_of("[]"), 0600);
    ck_assert_int_eq(result(), LK_CONFIG);
    scratch_end();
}
END_TEST

START_TEST(absent_directory_is_found)
{
    scratch_begin();
    ck_assert_int_eq(result(), LK_NOT_FOUND);
    ck_assert_ptr_nonnull(strstr(complaints(), "no such directory"));
    scratch_end();
}
END_TEST

UNIT_MAIN("keys_check", each_wrong_mode_is_found_with_its_mend, foreign_owner_is_found,
          each_private_member_in_the_jwks_is_found, jwks_that_does_not_verify_is_found,
          keys_in_each_others_place_are_found, each_absent_file_is_found, broken_state_is_a_configuration_error,
          absent_directory_is_found)
