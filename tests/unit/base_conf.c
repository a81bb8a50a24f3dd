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
    ck_assert_str_eq(c->providers[0].audience, "https://ba.example");
    ck_assert_str_eq(c->providers[0].jwks_url, "https://ba.example/api/auth/jwks");
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
    ck_assert_str_eq(c->providers[0].jwks_url, "http://localhost:1/jwks");
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

/* ---- several providers ---- */

#define SITE "[site]\nissuer = https://s.example\n"

START_TEST(each_named_provider_has_the_keys_and_defaults_of_the_plain_one)
{
    struct conf *c = NULL;
    ck_assert_int_eq(parse(REQUIRED "leeway = 5s\n[provider b]\nissuer = https://b.example\ncooldown = 7s\n"
                                    "[session]\ngrace = 20s\n[provider  B ]\nissuer = https://cap.example\n"
                                    "jwks_url = https://keys.example/b\n[provider b]\naudience = api\n",
                           NULL, &c),
                     0);
    ck_assert_uint_eq(c->provider_count, 3);
    const struct conf_provider *plain = &c->providers[0], *b = &c->providers[1], *cap = &c->providers[2];
    ck_assert_str_eq(plain->name, "");
    ck_assert_str_eq(plain->subject_prefix, "");
    ck_assert_str_eq(plain->cache, LATCHKEY_STATE_DIR "/provider/jwks.cache");
    ck_assert_int_eq(plain->leeway, 5);
    ck_assert_str_eq(b->name, "b");
    ck_assert_str_eq(b->audience, "api");
    ck_assert_str_eq(b->jwks_url, "https://b.example/api/auth/jwks");
    ck_assert_str_eq(b->cache, LATCHKEY_STATE_DIR "/provider/b.cache");
    ck_assert_str_eq(b->fetch, plain->fetch);
    ck_assert_str_eq(b->subject_prefix, "b:");
    ck_assert_int_eq(b->cooldown, 7);
    ck_assert_int_eq(b->leeway, 60); /* nothing is inherited */
    ck_assert_str_eq(cap->audience, "https://cap.example");
    ck_assert_str_eq(cap->jwks_url, "https://keys.example/b");
    ck_assert_str_eq(cap->cache, LATCHKEY_STATE_DIR "/provider/B.cache");
    ck_assert_int_eq(c->session.grace, 20);
    conf_free(c);
}
END_TEST

START_TEST(beside_a_named_provider_the_plain_one_is_optional)
{
    struct conf *c = NULL;
    ck_assert_int_eq(parse(SITE "[provider b]\nissuer = https://b.example\n", NULL, &c), 0);
    ck_assert_uint_eq(c->provider_count, 1);
    ck_assert_str_eq(c->providers[0].name, "b");
    conf_free(c);
    refuses(SITE "[provider]\n[provider b]\nissuer = https://b.example\n",
            "latchkey.conf: [provider] issuer: is required");
    refuses(SITE "[provider b]\n", "latchkey.conf: [provider b] issuer: is required");
    refuses(REQUIRED "[provider b]\n", "latchkey.conf: [provider b] issuer: is required");
    refuses(SITE, "latchkey.conf: [provider] issuer: is required");
}
END_TEST

START_TEST(an_empty_prefix_is_a_deliberate_one)
{
    struct conf *c = NULL;
    ck_assert_int_eq(
        parse(REQUIRED "subject_prefix = a/\n[provider b]\nissuer = https://b.example\nsubject_prefix =\n", NULL, &c),
        0);
    ck_assert_str_eq(c->providers[0].subject_prefix, "a/");
    ck_assert_str_eq(c->providers[1].subject_prefix, "");
    conf_free(c);
}
END_TEST

START_TEST(two_providers_of_one_issuer_or_cache_are_refused)
{
    struct conf *c = NULL;
    refuses(REQUIRED "[provider b]\nissuer = https://ba.example\n",
            "latchkey.conf: [provider b] issuer: the same as in [provider]");
    refuses(SITE "[provider a]\nissuer = https://a.example\n[provider b]\nissuer = https://a.example\n",
            "latchkey.conf: [provider b] issuer: the same as in [provider a]");
    refuses(REQUIRED "cache = /c\n[provider a]\nissuer = https://a.example\n[provider b]\n"
                     "issuer = https://b.example\ncache = /c\n",
            "latchkey.conf: [provider b] cache: the same as in [provider]");
    refuses(REQUIRED "[provider jwks]\nissuer = https://b.example\n",
            "latchkey.conf: [provider jwks] cache: the same as in [provider]");
    ck_assert_int_eq(parse(REQUIRED "cache = /c\n[provider jwks]\nissuer = https://ba.example:444\n", NULL, &c), 0);
    conf_free(c);
}
END_TEST

START_TEST(a_named_section_is_well_formed)
{
    static const char *const names[] = {"a.b", "a b", "../x", "", "\xc3\xa4", "abcdefghijklmnopqrstuvwxyz0123456"};
    char text[256];
    struct conf *c = NULL;
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        snprintf(text, sizeof text, REQUIRED "[provider %s]\nissuer = https://b.example\n", names[i]);
        refuses(text, "latchkey.conf:5: [provider]: its name must be 1 to 32 of A-Z a-z 0-9 - _");
    }
    ck_assert_int_eq(
        parse(REQUIRED "[provider abcdefghijklmnopqrstuvwxyz_12345]\nissuer = https://b.example\n", NULL, &c), 0);
    ck_assert_str_eq(c->providers[1].subject_prefix, "abcdefghijklmnopqrstuvwxyz_12345:");
    conf_free(c);
    refuses(REQUIRED "[site x]\n", "latchkey.conf:5: [site]: takes no name");
    refuses(REQUIRED "[providers x]\n", "latchkey.conf:5: [providers]: unknown section");
    refuses(REQUIRED "[provider b]\nissuer = https://b.example\nissuer = https://c.example\n",
            "latchkey.conf:7: [provider b] issuer: given twice");
    refuses(REQUIRED "[provider b]\nisuer = https://b.example\n", "latchkey.conf:6: [provider b] isuer: unknown key");
    refuses(REQUIRED "[provider b]\nissuer = b\n",
            "latchkey.conf:6: [provider b] issuer: not a usable value, expected http(s) URL");
}
END_TEST

/* `n` named providers, after `head`. */
static void many(struct buf *text, const char *head, int n)
{
    buf_reset(text);
    buf_str(text, head);
    for (int i = 0; i < n; i++)
        buf_printf(text, "[provider p%d]\nissuer = https://p%d.example\n", i, i);
}

START_TEST(there_are_at_most_sixteen_providers)
{
    char *const env[] = {VAR("LATCHKEY_PROVIDER_ISSUER=https://ba.example"), NULL};
    struct buf text = BUF_INIT(4096);
    struct conf *c = NULL;
    many(&text, REQUIRED, 15);
    ck_assert_int_eq(parse(buf_cstr(&text), NULL, &c), 0);
    ck_assert_uint_eq(c->provider_count, 16);
    ck_assert_str_eq(c->providers[15].name, "p14");
    conf_free(c);
    many(&text, SITE, 16);
    ck_assert_int_eq(parse(buf_cstr(&text), NULL, &c), 0);
    ck_assert_uint_eq(c->provider_count, 16);
    conf_free(c);
    c = NULL;
    ck_assert_int_eq(parse(buf_cstr(&text), env, &c), LK_CONFIG);
    ck_assert_str_eq(buf_cstr(&fault), "latchkey.conf: [provider]: more than 16 providers");
    many(&text, REQUIRED, 16);
    refuses(buf_cstr(&text), "latchkey.conf: [provider]: more than 16 providers");
    many(&text, SITE, 17);
    refuses(buf_cstr(&text), "latchkey.conf:35: [provider p16]: more than 16 providers");
    buf_free(&text);
}
END_TEST

START_TEST(overrides_apply_to_the_plain_provider_alone)
{
    char *const env[] = {VAR("LATCHKEY_PROVIDER_COOLDOWN=9s"), NULL};
    char *const named[] = {VAR("LATCHKEY_PROVIDER_B_ISSUER=https://c.example"), NULL};
    struct conf *c = NULL;
    ck_assert_int_eq(parse(REQUIRED "[provider b]\nissuer = https://b.example\n", env, &c), 0);
    ck_assert_int_eq(c->providers[0].cooldown, 9);
    ck_assert_int_eq(c->providers[1].cooldown, 30);
    conf_free(c);
    c = NULL;
    ck_assert_int_eq(parse(REQUIRED "[provider b]\nissuer = https://b.example\n", named, &c), LK_CONFIG);
    ck_assert_str_eq(buf_cstr(&fault), "LATCHKEY_PROVIDER_B_ISSUER: unknown key");
}
END_TEST

START_TEST(a_file_url_needs_leave)
{
    static const char *const bad[] = {"file://localhost/k.json", "file:/k.json",    "file:///k%20.json",
                                      "file:///k.json?x",        "file:///k .json", "file:///k/",
                                      "FILE:///k.json",          "file:///"};
    struct conf *c = NULL;
    char text[256];
    refuses(REQUIRED "jwks_url = file:///srv/k.json\n",
            "latchkey.conf: [provider] jwks_url: a file: URL needs allow_file = yes");
    refuses(REQUIRED "[provider b]\nissuer = https://b.example\njwks_url = file:///srv/k.json\nallow_file = no\n",
            "latchkey.conf: [provider b] jwks_url: a file: URL needs allow_file = yes");
    refuses(REQUIRED "allow_file = true\n",
            "latchkey.conf:5: [provider] allow_file: not a usable value, expected yes or no");
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        snprintf(text, sizeof text, REQUIRED "allow_file = yes\njwks_url = %s\n", bad[i]);
        refuses(text, "latchkey.conf:6: [provider] jwks_url: not a usable value, expected http(s) or file URL");
    }
    ck_assert_int_eq(parse(REQUIRED "jwks_url = file:///srv/k.json\nallow_file = yes\n", NULL, &c), 0);
    ck_assert_str_eq(conf_file_path(c->providers[0].jwks_url), "/srv/k.json");
    conf_free(c);
    ck_assert_int_eq(parse(REQUIRED "jwks_url = https://b.example/file:///k\nallow_file = yes\n", NULL, &c), 0);
    ck_assert_ptr_null(conf_file_path(c->providers[0].jwks_url));
    conf_free(c);
}
END_TEST

static bool is_provider(const struct conf_key *k)
{
    return strcmp(k->section, "provider") == 0;
}

START_TEST(plain_http_is_for_localhost_only)
{
    static const char *const local[] = {"http://localhost:8080", "http://127.0.0.1", "http://[::1]:80/cgi"};
    static const char *const away[] = {"http://s.example", "http://localhost.example", "http://127.0.0.1.example:80",
                                       "http://[::2]"};
    char text[256];
    struct conf *c = NULL;
    for (size_t i = 0; i < sizeof local / sizeof local[0]; i++) {
        snprintf(text, sizeof text, REQUIRED "[site]\nurl = %s\n", local[i]);
        ck_assert_msg(parse(text, NULL, &c) == 0, "%s", buf_cstr(&fault));
        conf_free(c);
        c = NULL;
    }
    for (size_t i = 0; i < sizeof away / sizeof away[0]; i++) {
        snprintf(text, sizeof text, REQUIRED "[site]\nurl = %s\n", away[i]);
        refuses(text, "latchkey.conf:6: [site] url: plain http is for localhost only");
    }
    refuses(REQUIRED "[site]\norigins = https://a.example http://b.example\n",
            "latchkey.conf:6: [site] origins: plain http is for localhost only");
    ck_assert_int_eq(parse(REQUIRED "[site]\norigins = https://a.example http://localhost:5173\n", NULL, &c), 0);
    conf_free(c);
}
END_TEST

START_TEST(rates_are_read)
{
    struct conf *c = NULL;
    ck_assert_int_eq(parse(REQUIRED "[limits]\nexchange_address = 5/2m\nrefresh_family = 0\n", NULL, &c), 0);
    ck_assert_uint_eq(c->limits.exchange_address.count, 5);
    ck_assert_int_eq(c->limits.exchange_address.period, 120);
    ck_assert_uint_eq(c->limits.refresh_family.count, 0);
    ck_assert_str_eq(c->limits.path + strlen(c->store.path), "-limits");
    conf_free(c);
    static const char *const wrong[] = {"5", "5/", "/1m", "0/1m", "5/0", "5/1", "-1/1m", "5/1m/1m", "5/2d"};
    char text[256];
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        snprintf(text, sizeof text, REQUIRED "[limits]\ntodos_user = %s\n", wrong[i]);
        refuses(text, "latchkey.conf:6: [limits] todos_user: not a usable value, expected rate");
    }
}
END_TEST

START_TEST(every_row_of_the_table_is_complete)
{
    for (size_t i = 0; i < conf_key_count; i++) {
        const struct conf_key *k = &conf_keys[i];
        ck_assert(k->section && k->key && k->doc && k->doc[strlen(k->doc) - 1] == '.');
        for (size_t j = 0; j < i; j++)
            ck_assert(k->offset != conf_keys[j].offset || is_provider(k) != is_provider(&conf_keys[j]));
        ck_assert(!conf_named_default(k) || is_provider(k));
    }
}
END_TEST

UNIT_MAIN("base_conf", defaults_follow_the_required_keys, values_comments_and_sections_are_read,
          each_fault_names_file_line_and_key, long_line_is_refused_not_cut, environment_overrides_a_value,
          misspelt_override_is_refused, missing_file_is_one_clear_line, file_is_loaded_from_where_the_environment_says,
          each_named_provider_has_the_keys_and_defaults_of_the_plain_one,
          beside_a_named_provider_the_plain_one_is_optional, an_empty_prefix_is_a_deliberate_one,
          two_providers_of_one_issuer_or_cache_are_refused, a_named_section_is_well_formed,
          there_are_at_most_sixteen_providers, overrides_apply_to_the_plain_provider_alone, a_file_url_needs_leave,
          plain_http_is_for_localhost_only, rates_are_read, every_row_of_the_table_is_complete)
