#include "provider/identity.h"
#include "provider_kit.h"

START_TEST(the_identity_is_taken_as_it_is)
{
    json_t *claims = kit_claims();
    struct identity who;
    ck_assert_int_eq(identity_read(claims, &who), 0);
    ck_assert_str_eq(who.subject, "user-1");
    ck_assert_str_eq(who.email, "alice@example.com");
    ck_assert(who.email_verified);
    ck_assert_str_eq(who.role, "admin,user");
    ck_assert_int_eq(who.issued_at, NOW - 5);
    ck_assert_int_eq(who.expires_at, NOW + 895);
    json_decref(claims);
}
END_TEST

START_TEST(absent_and_null_members_are_empty)
{
    static const char *const names[] = {"email", "emailVerified", "role"};
    struct identity who;
    for (int null = 0; null < 2; null++) {
        json_t *claims = kit_claims();
        for (size_t i = 0; i < 3; i++) {
            json_object_del(claims, names[i]);
            if (null)
                json_object_set_new(claims, names[i], json_null());
        }
        ck_assert_int_eq(identity_read(claims, &who), 0);
        ck_assert_str_eq(who.email, "");
        ck_assert(!who.email_verified);
        ck_assert_str_eq(who.role, "");
        json_decref(claims);
    }
}
END_TEST

START_TEST(an_unverified_email_is_not_verified)
{
    json_t *claims = kit_claims();
    struct identity who;
    json_object_set_new(claims, "emailVerified", json_false());
    ck_assert_int_eq(identity_read(claims, &who), 0);
    ck_assert_str_eq(who.email, "alice@example.com");
    ck_assert(!who.email_verified);
    json_decref(claims);
}
END_TEST

START_TEST(members_of_another_type_are_refused)
{
    static const struct {
        const char *name, *value;
    } rows[] = {{"email", "1"},
                {"email", "[\"a@b\"]"},
                {"email", "\"a\\nb\""},
                {"emailVerified", "1"},
                {"emailVerified", "\"true\""},
                {"role", "[\"admin\"]"},
                {"role", "\"a\\u0007\""},
                {"sub", "1"},
                {"sub", "\"\""},
                {"iat", "\"1\""},
                {"iat", "null"},
                {"exp", "\"1800000000\""}};
    struct identity who;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        json_t *claims = kit_claims(), *value = json_loads(rows[i].value, JSON_DECODE_ANY, NULL);
        ck_assert_int_eq(identity_read(claims, &who), 0);
        json_object_set_new(claims, rows[i].name, value);
        ck_assert_int_eq(identity_read(claims, &who), LK_JWT_CLAIMS);
        json_decref(claims);
    }
}
END_TEST

START_TEST(too_long_members_are_refused_and_not_cut)
{
    static const struct {
        const char *name;
        size_t most;
    } rows[] = {{"sub", 255}, {"email", 320}, {"role", 255}};
    struct identity who;
    char text[400];
    memset(text, 'x', sizeof text);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        json_t *claims = kit_claims();
        json_object_set_new(claims, rows[i].name, json_stringn(text, rows[i].most));
        ck_assert_int_eq(identity_read(claims, &who), 0);
        json_object_set_new(claims, rows[i].name, json_stringn(text, rows[i].most + 1));
        ck_assert_int_eq(identity_read(claims, &who), LK_JWT_CLAIMS);
        json_decref(claims);
    }
}
END_TEST

UNIT_MAIN("provider_identity", the_identity_is_taken_as_it_is, absent_and_null_members_are_empty,
          an_unverified_email_is_not_verified, members_of_another_type_are_refused,
          too_long_members_are_refused_and_not_cut)
