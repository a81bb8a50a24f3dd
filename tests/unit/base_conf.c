#include "unit.h"

#include <unistd.h>

#include "base/conf.h"
#include "base/error.h"

#define VAR(text)                                                                                                      \
    (char[])                                                                                                           \
    {                                                                                                                  \
        text                                                                                                           \
    }
#define REQUIRED "[site]\nissuer = https://s.example\n[provider]\nissuer = https://ba.example\n"

static struct buf fault = BUF_INIT(1000);

static int parse(const char *text, char *const env[], struct conf **out)
{
    buf_reset(&fault);
    return conf_parse("latchkey.conf", span_of(text), env, out, &fault);
}

static void refuses(const char *text, const char *line)
{
    struct conf *conf = NULL;
    ck_assert_int_eq(parse(text, NULL, &conf), LK_CONFIG);
    ck_assert_ptr_null(conf);
    ck_assert_str_eq(buf_cstr(&fault), line);
}

START_TEST(defaults_follow_the_required_keys)
{
    struct conf *c = NULL;
    ck_assert_int_eq(parse(REQUIRED, NULL, &c), 0);
    ck_assert_str_eq(c->site.audience, "https://s.example");
    ck_assert_str_eq(c->provider.audience, "https://ba.example");
    ck_assert_str_eq(c->provider.jwks_url, "https://ba.example/api/auth/jwks");
    ck_assert_int_eq(c->token.lifetime, 900);
    ck_assert_int_eq(c->session.absolute, 30 * 86400);
    ck_assert_uint_eq(c->session.per_user, 50);
    ck_assert_str_eq(c->site.origins, "");
    conf_free(c);
}
END_TEST

START_TEST(values_comments_and_sections_are_read)
{
    struct conf *c = NULL;
    ck_assert_int_eq(parse("# head\r\n" REQUIRED "; note\n\n[session]\n  grace=20s ; short\nper_user = 3\n"
                           "[site]\norigins = https://a.example https://b.example\n",
                           NULL, &c),
                     0);
    ck_assert_int_eq(c->session.grace, 20);
    ck_assert_uint_eq(c->session.per_user, 3);
    ck_assert(conf_list_has(c->site.origins, "https://b.example"));
    ck_assert(!conf_list_has(c->site.origins, "https://b"));
    conf_free(c);
}
END_TEST

START_TEST(each_fault_names_file_line_and_key)
{
    refuses(REQUIRED "[session]\ngrase = 5s\n", "latchkey.conf:6: [session] grase: unknown key");
    refuses(REQUIRED "[sesion]\ngrace = 5s\n", "latchkey.conf:5: [sesion]: unknown section");
    refuses(REQUIRED "[session]\ngrace = 5\n",
            "latchkey.conf:6: [session] grace: not a usable value, expected duration "
            "such as 90s, 15m, 12h or 7d");
    refuses(REQUIRED "[session]\nper_user = many\n",
            "latchkey.conf:6: [session] per_user: not a usable value, expected number");
    refuses(REQUIRED "[session]\ngrace = 5s\ngrace = 6s\n", "latchkey.conf:7: [session] grace: given twice");
    refuses(REQUIRED "nonsense\n", "latchkey.conf:5: neither a section, a comment nor key = value");
    refuses("[site]\nissuer = https://s.example\n", "latchkey.conf: [provider] issuer: is required");
    refuses("[site]\nissuer = https://s.example/\n",
            "latchkey.conf:2: [site] issuer: not a usable value, expected http(s) URL");
    refuses(REQUIRED "algorithms = HS256\n",
            "latchkey.conf:5: [provider] algorithms: not a usable value, expected list of algorithms");
    refuses(REQUIRED "cache = relative/path\n",
            "latchkey.conf:5: [provider] cache: not a usable value, expected absolute path");
    refuses(REQUIRED "cache =\n", "latchkey.conf:5: [provider] cache: not a usable value, expected absolute path");
    refuses("issuer = x\n", "latchkey.conf:1: a key before the first section");
    refuses(REQUIRED "[x\n", "latchkey.conf:5: not a section header");
}
END_TEST

START_TEST(long_line_is_refused_not_cut)
{
    struct buf text = BUF_INIT(4096);
    struct conf *c = NULL;
    buf_str(&text, REQUIRED "proxy = ");
    for (int i = 0; i < 200; i++)
        buf_str(&text, "x");
    ck_assert_int_eq(parse(buf_cstr(&text), NULL, &c), LK_CONFIG);
    ck_assert_str_eq(buf_cstr(&fault), "latchkey.conf:5: the line is longer than 198 bytes");
    ck_assert_int_eq(parse(REQUIRED "proxy = xx\n", NULL, &c), 0);
    conf_free(c);
    buf_free(&text);
}
END_TEST

START_TEST(environment_overrides_a_value)
{
    char *const env[] = {VAR("LATCHKEY_SESSION_GRACE=30s"), VAR("LATCHKEY_PROVIDER_JWKS_URL=http://localhost:1/jwks"),
                         NULL};
    char *const bad[] = {VAR("LATCHKEY_SESSION_GRACE=soon"), NULL};
    struct conf *c = NULL;
    ck_assert_int_eq(parse(REQUIRED "[session]\ngrace = 5s\n", env, &c), 0);
    ck_assert_int_eq(c->session.grace, 30);
    ck_assert_str_eq(c->provider.jwks_url, "http://localhost:1/jwks");
    conf_free(c);
    c = NULL;
    ck_assert_int_eq(parse(REQUIRED, bad, &c), LK_CONFIG);
    ck_assert_str_eq(buf_cstr(&fault), "LATCHKEY_SESSION_GRACE: [session] grace: not a usable value, expected duration "
                                       "such as 90s, 15m, 12h or 7d");
}
END_TEST

START_TEST(misspelt_override_is_refused)
{
    char *const bad[] = {VAR("LATCHKEY_SESSION_GRASE=30s"), NULL};
    char *const foreign[] = {VAR("LATCHKEY_CONF=/x"), VAR("LATCHKEY_SEED=7"), VAR("LATCHKEY"), VAR("HOME=/"), NULL};
    struct conf *c = NULL;
    ck_assert_int_eq(parse(REQUIRED, bad, &c), LK_CONFIG);
    ck_assert_str_eq(buf_cstr(&fault), "LATCHKEY_SESSION_GRASE: unknown key");
    ck_assert_int_eq(parse(REQUIRED, foreign, &c), 0);
    conf_free(c);
}
END_TEST

START_TEST(missing_file_is_one_clear_line)
{
    char *const env[] = {VAR("LATCHKEY_CONF=/nonexistent/latchkey.conf"), NULL};
    struct conf *c = NULL;
    buf_reset(&fault);
    ck_assert_int_eq(conf_load(env, &c, &fault), LK_CONFIG);
    ck_assert_str_eq(buf_cstr(&fault), "/nonexistent/latchkey.conf: not there");
}
END_TEST

START_TEST(file_is_loaded_from_where_the_environment_says)
{
    char path[] = "/tmp/latchkey-conf-XXXXXX", line[64];
    int fd = mkstemp(path);
    ck_assert_int_ge(fd, 0);
    ck_assert_int_eq(write(fd, REQUIRED, strlen(REQUIRED)), strlen(REQUIRED));
    close(fd);
    snprintf(line, sizeof line, "LATCHKEY_CONF=%s", path);
    char *env[] = {line, NULL};
    struct conf *c = NULL;
    ck_assert_int_eq(conf_load(env, &c, &fault), 0);
    ck_assert_str_eq(c->site.issuer, "https://s.example");
    conf_free(c);
    unlink(path);
}
END_TEST

START_TEST(every_row_of_the_table_is_complete)
{
    for (size_t i = 0; i < conf_key_count; i++) {
        const struct conf_key *k = &conf_keys[i];
        ck_assert(k->section && k->key && k->doc && k->doc[strlen(k->doc) - 1] == '.');
        for (size_t j = 0; j < i; j++)
            ck_assert(k->offset != conf_keys[j].offset);
    }
}
END_TEST

UNIT_MAIN("base_conf", defaults_follow_the_required_keys, values_comments_and_sections_are_read,
          each_fault_names_file_line_and_key, long_line_is_refused_not_cut, environment_overrides_a_value,
          misspelt_override_is_refused, missing_file_is_one_clear_line, file_is_loaded_from_where_the_environment_says,
          every_row_of_the_table_is_complete)
