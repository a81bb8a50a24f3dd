#include "auth/claims_impl.h"

#include <sys/stat.h>
#include <unistd.h>

#include "base/error.h"
#include "unit.h"

static struct identity user(const char *subject, const char *email, bool verified, const char *role)
{
    struct identity who = {.email_verified = verified};
    snprintf(who.subject, sizeof who.subject, "%s", subject);
    snprintf(who.email, sizeof who.email, "%s", email);
    snprintf(who.role, sizeof who.role, "%s", role);
    return who;
}

static struct claims_policy *policy_of(const char *text)
{
    struct buf fault = BUF_INIT(512);
    struct claims_policy *policy = NULL;
    ck_assert_msg(claims_parse("claims.json", span_of(text), &policy, &fault) == 0, "%s", buf_cstr(&fault));
    buf_free(&fault);
    return policy;
}

static struct grants apply(const char *text, struct identity who)
{
    struct claims_policy *policy = policy_of(text);
    struct grants g;
    ck_assert_int_eq(claims_apply(policy, &who, &g), 0);
    claims_free(policy);
    return g;
}

static void refused(const char *text, const char *fault_expected)
{
    struct buf fault = BUF_INIT(512);
    struct claims_policy *policy = NULL;
    ck_assert_int_eq(claims_parse("claims.json", span_of(text), &policy, &fault), LK_CONFIG);
    ck_assert_str_eq(buf_cstr(&fault), fault_expected);
    ck_assert_ptr_null(policy);
    buf_free(&fault);
}

#define EXAMPLE                                                                                                        \
    "{\"default_roles\":[\"user\"],\"roles\":{\"admin\":[\"user\",\"admin\"],\"staff\":[\"help:desk\",\"user\"]},"     \
    "\"features\":{\"user\":[\"todos\"],\"admin\":[\"todos\",\"reports.all\"]},"                                       \
    "\"grants\":{\"email:ann@example.org\":[\"admin\"],\"sub:xyz\":[\"readonly\"]}}"

START_TEST(without_a_file_everybody_is_user_and_the_providers_admin_is_admin_too)
{
    struct buf fault = BUF_INIT(256);
    struct claims_policy *policy = NULL;
    struct grants g;
    struct identity plain = user("ann", "", false, ""), admin = user("bob", "", false, "user,admin");
    struct identity other = user("eve", "", false, "administrator");
    ck_assert_int_eq(claims_load("", &policy, &fault), 0);
    ck_assert_int_eq(claims_apply(policy, &plain, &g), 0);
    ck_assert_str_eq(g.roles, "user");
    ck_assert_str_eq(g.features, "todos");
    ck_assert_int_eq(claims_apply(policy, &admin, &g), 0);
    ck_assert_str_eq(g.roles, "user admin");
    ck_assert_str_eq(g.features, "todos");
    ck_assert_int_eq(claims_apply(policy, &other, &g), 0);
    ck_assert_str_eq(g.roles, "user");
    claims_free(policy);
    buf_free(&fault);
}
END_TEST

START_TEST(the_providers_roles_are_mapped_in_order_without_duplicates)
{
    ck_assert_str_eq(apply(EXAMPLE, user("a", "", false, "")).roles, "user");
    ck_assert_str_eq(apply(EXAMPLE, user("a", "", false, "staff, admin,staff")).roles, "user help:desk admin");
    ck_assert_str_eq(apply(EXAMPLE, user("a", "", false, "staff, admin,staff")).features, "todos reports.all");
    ck_assert_str_eq(apply(EXAMPLE, user("a", "", false, ",,root,ADMIN,admi")).roles, "user");
}
END_TEST

START_TEST(a_grant_by_email_needs_a_verified_address)
{
    ck_assert_str_eq(apply(EXAMPLE, user("a", "ann@example.org", true, "")).roles, "user admin");
    ck_assert_str_eq(apply(EXAMPLE, user("a", "ann@example.org", false, "")).roles, "user");
    ck_assert_str_eq(apply(EXAMPLE, user("a", "ANN@example.org", true, "")).roles, "user");
    ck_assert_str_eq(apply(EXAMPLE, user("a", "xann@example.org", true, "")).roles, "user");
}
END_TEST

START_TEST(a_grant_by_subject_is_for_that_subject)
{
    ck_assert_str_eq(apply(EXAMPLE, user("xyz", "", false, "")).roles, "user readonly");
    ck_assert_str_eq(apply(EXAMPLE, user("xyz2", "", false, "")).roles, "user");
    ck_assert_str_eq(apply(EXAMPLE, user("ann@example.org", "", true, "")).roles, "user");
}
END_TEST

START_TEST(a_role_of_the_provider_is_not_ours_by_its_name_alone)
{
    ck_assert_str_eq(apply("{\"default_roles\":[\"user\"]}", user("a", "", false, "admin")).roles, "user");
    ck_assert_str_eq(apply("{}", user("a", "", false, "admin")).roles, "");
    ck_assert_str_eq(apply("{}", user("a", "", false, "admin")).features, "");
}
END_TEST

START_TEST(what_is_wrong_is_named_by_its_json_pointer)
{
    refused("[]", "claims.json: (root): not a JSON object, or a name is there twice");
    refused("{\"roles\":{},\"roles\":{}}", "claims.json: (root): not a JSON object, or a name is there twice");
    refused("{\"role\":{}}", "claims.json: /role: unknown member");
    refused("{\"default_roles\":\"user\"}", "claims.json: /default_roles: must be an array of names");
    refused("{\"default_roles\":[\"user\",1]}", "claims.json: /default_roles/1: must be a string");
    refused("{\"default_roles\":[\"a b\"]}",
            "claims.json: /default_roles/0: must be a name: 1 to 64 of A-Z a-z 0-9 - _ : .");
    refused("{\"default_roles\":[\"\"]}",
            "claims.json: /default_roles/0: must be a name: 1 to 64 of A-Z a-z 0-9 - _ : .");
    refused("{\"roles\":[]}", "claims.json: /roles: must be an object");
    refused("{\"roles\":{\"admin\":{}}}", "claims.json: /roles/admin: must be an array of names");
    refused("{\"roles\":{\"a,b\":[]}}", "claims.json: /roles/a,b: must be named after one role of the provider");
    refused("{\"roles\":{\"a/~\":[\"\\u00e4\"]}}",
            "claims.json: /roles/a~1~0/0: must be a name: 1 to 64 of A-Z a-z 0-9 - _ : .");
    refused("{\"roles\":{\"a\\nb\":[]}}", "claims.json: /roles/a?b: must be named after one role of the provider");
    refused("{\"features\":{\"a b\":[]}}", "claims.json: /features/a b: must be named after one of our roles");
    refused("{\"grants\":{\"ann\":[]}}", "claims.json: /grants/ann: must be named email:ADDRESS or sub:SUBJECT");
    refused("{\"grants\":{\"sub:\":[]}}", "claims.json: /grants/sub:: must be named email:ADDRESS or sub:SUBJECT");
    claims_free(policy_of(EXAMPLE));
}
END_TEST

/* 64 characters a name: three fit in 255 with spaces, four do not. */
#define N64(c) c "3456789abcdefghijklmnopqrstuvwxyz-_:.ABCDEFGHIJKLMNOPQRSTUVWXYZ"

START_TEST(more_than_fits_in_a_token_is_refused_when_the_file_is_read)
{
    struct grants g =
        apply("{\"default_roles\":[\"" N64("a") "\"],\"grants\":{\"sub:x\":[\"" N64("b") "\",\"" N64("c") "\"]}}",
              user("x", "", false, ""));
    ck_assert_uint_eq(strlen(g.roles), 3 * 64 + 2);
    refused("{\"default_roles\":[\"" N64("a") "\"],\"grants\":{\"sub:x\":[\"" N64("b") "\",\"" N64(
                "c") "\"],\"sub:y\":[\"" N64("d") "\"]}}",
            "claims.json: /grants/sub:y/0: all the names together are too long for a token");
    refused("{\"default_roles\":[\"" N64("a") "x\"]}",
            "claims.json: /default_roles/0: must be a name: 1 to 64 of A-Z a-z 0-9 - _ : .");
}
END_TEST

START_TEST(the_file_must_be_there_and_safe)
{
    char dir[] = "/tmp/latchkey-claims-XXXXXX", path[64], message[128];
    struct buf fault = BUF_INIT(512);
    struct claims_policy *policy = NULL;
    ck_assert_ptr_nonnull(mkdtemp(dir));
    snprintf(path, sizeof path, "%s/claims.json", dir);
    ck_assert_int_eq(claims_load(path, &policy, &fault), LK_CONFIG);
    snprintf(message, sizeof message, "%s: not there", path);
    ck_assert_str_eq(buf_cstr(&fault), message);
    FILE *f = fopen(path, "w");
    ck_assert_ptr_nonnull(f);
    fputs(EXAMPLE, f);
    fclose(f);
    chmod(path, 0666);
    buf_reset(&fault);
    ck_assert_int_eq(claims_load(path, &policy, &fault), LK_CONFIG);
    ck_assert_ptr_nonnull(strstr(buf_cstr(&fault), "not safe"));
    chmod(path, 0644);
    ck_assert_int_eq(claims_load(path, &policy, &fault), 0);
    claims_free(policy);
    buf_free(&fault);
    unlink(path);
    rmdir(dir);
}
END_TEST

START_TEST(the_sample_in_docs_is_valid)
{
    struct buf fault = BUF_INIT(512);
    struct claims_policy *policy = NULL;
    ck_assert_msg(claims_load("docs/claims.json.sample", &policy, &fault) == 0, "%s", buf_cstr(&fault));
    claims_free(policy);
    buf_free(&fault);
}
END_TEST

/* ---- copying ---------------------------------------------------------------------------------------------------- */

#define COPY                                                                                                           \
    "{\"copy\":{\"name\":{\"type\":\"string\",\"max\":8},\"age\":{\"type\":\"number\"},\"beta\":{\"type\":"            \
    "\"boolean\"}}}"

static const char *picked(const char *policy, const char *claims)
{
    static char out[IDENTITY_COPIED_SIZE];
    struct claims_policy *p = policy_of(policy);
    json_t *object = json_loads(claims, 0, NULL);
    ck_assert_ptr_nonnull(object);
    ck_assert_int_eq(claims_pick(p, object, out), 0);
    json_decref(object);
    claims_free(p);
    return out;
}

START_TEST(only_named_claims_of_their_type_and_size_are_copied)
{
    ck_assert_str_eq(picked(COPY, "{\"name\":\"Ann\",\"age\":42,\"beta\":true,\"password\":\"x\"}"),
                     "{\"name\":\"Ann\",\"age\":42,\"beta\":true}");
    ck_assert_str_eq(picked(COPY, "{\"name\":\"12345678\",\"age\":\"42\",\"beta\":1}"), "{\"name\":\"12345678\"}");
    ck_assert_str_eq(picked(COPY, "{\"name\":\"123456789\",\"age\":null}"), "");
    ck_assert_str_eq(picked(COPY, "{\"name\":{\"a\":1},\"age\":[1],\"beta\":{}}"), "");
    ck_assert_str_eq(picked(COPY, "{\"name\":\"a\\nb\"}"), "");
    ck_assert_str_eq(picked("{}", "{\"name\":\"Ann\"}"), "");
}
END_TEST

START_TEST(what_was_copied_is_filtered_by_the_policy_of_today)
{
    struct identity who = user("a", "", false, "");
    snprintf(who.copied, sizeof who.copied, "{\"name\":\"Ann\",\"age\":42}");
    ck_assert_str_eq(apply(COPY, who).copied, "{\"name\":\"Ann\",\"age\":42}");
    ck_assert_str_eq(apply("{\"copy\":{\"age\":{\"type\":\"number\"}}}", who).copied, "{\"age\":42}");
    ck_assert_str_eq(apply("{}", who).copied, "");
}
END_TEST

START_TEST(a_rule_that_could_do_harm_is_refused)
{
    static const char *const names[] = {"sub", "roles", "scope", "iss", "email", "email_verified", "cnf", "a b", ""};
    char text[128], fault[256];
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        snprintf(text, sizeof text, "{\"copy\":{\"%s\":{\"type\":\"string\",\"max\":8}}}", names[i]);
        snprintf(
            fault, sizeof fault,
            "claims.json: /copy/%s: must be named after a claim of the provider that our tokens do not have already",
            names[i]);
        refused(text, fault);
    }
    refused("{\"copy\":[]}", "claims.json: /copy: must be an object");
    refused("{\"copy\":{\"name\":{}}}",
            "claims.json: /copy/name: must be an object whose type is string, number or boolean");
    refused("{\"copy\":{\"name\":\"string\"}}",
            "claims.json: /copy/name: must be an object whose type is string, number or boolean");
    refused("{\"copy\":{\"name\":{\"type\":\"string\"}}}",
            "claims.json: /copy/name: must have type and max, and nothing else");
    refused("{\"copy\":{\"age\":{\"type\":\"number\",\"max\":9}}}",
            "claims.json: /copy/age: must have type, and nothing else");
    refused("{\"copy\":{\"name\":{\"type\":\"string\",\"max\":513}}}",
            "claims.json: /copy/name: max must be a number of bytes from 1 to 512");
    refused("{\"copy\":{\"a\":{\"type\":\"string\",\"max\":300},\"b\":{\"type\":\"string\",\"max\":300}}}",
            "claims.json: /copy/b: all the copied claims together are too long for a token");
}
END_TEST

UNIT_MAIN("auth_claims", without_a_file_everybody_is_user_and_the_providers_admin_is_admin_too,
          the_providers_roles_are_mapped_in_order_without_duplicates, a_grant_by_email_needs_a_verified_address,
          a_grant_by_subject_is_for_that_subject, a_role_of_the_provider_is_not_ours_by_its_name_alone,
          what_is_wrong_is_named_by_its_json_pointer, more_than_fits_in_a_token_is_refused_when_the_file_is_read,
          the_file_must_be_there_and_safe, the_sample_in_docs_is_valid,
          only_named_claims_of_their_type_and_size_are_copied, what_was_copied_is_filtered_by_the_policy_of_today,
          a_rule_that_could_do_harm_is_refused)
