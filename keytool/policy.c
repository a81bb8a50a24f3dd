#include "base/error.h"
#include "tool.h"

/* ---- snippets for web servers -------------------------------------------------------------------------------------
 */

/* max-age is the configured remote_cache, and the gates count with the longest that was ever configured: no cache that
 * obeys it is older than they think. */
struct server {
    const char *name;
    void (*print)(const char *dir, long long max_age);
};

static void print_apache(const char *dir, long long max_age)
{
    printf("Alias \"/.well-known/jwks.json\" \"%s/jwks.json\"\n"
           "<Directory \"%s\">\n"
           "  Require all denied\n"
           "  <Files \"jwks.json\">\n"
           "    Require all granted\n"
           "    ForceType application/jwk-set+json\n"
           "    Header set Cache-Control \"public, max-age=%lld\"\n"
           "  </Files>\n"
           "</Directory>\n",
           dir, dir, max_age);
}

static void print_lighttpd(const char *dir, long long max_age)
{
    printf("server.modules += (\"mod_alias\", \"mod_setenv\")\n"
           "alias.url += (\"/.well-known/jwks.json\" => \"%s/jwks.json\")\n"
           "$HTTP[\"url\"] == \"/.well-known/jwks.json\" {\n"
           "  mimetype.assign = (\".json\" => \"application/jwk-set+json\")\n"
           "  setenv.set-response-header = (\"Cache-Control\" => \"public, max-age=%lld\")\n"
           "}\n",
           dir, max_age);
}

static void print_nginx(const char *dir, long long max_age)
{
    printf("location = /.well-known/jwks.json {\n"
           "  alias %s/jwks.json;\n"
           "  types { }\n"
           "  default_type application/jwk-set+json;\n"
           "  add_header Cache-Control \"public, max-age=%lld\";\n"
           "}\n",
           dir, max_age);
}

static const struct server servers[] = {{"apache", print_apache}, {"lighttpd", print_lighttpd}, {"nginx", print_nginx}};

/* C as it is configured, but no more than the gates of this directory count with by now. */
static int max_age(struct tool *t, int64_t *out)
{
    struct keydir *kd = NULL;
    int64_t known = INT64_MAX;
    int error = keydir_open(t->directory, false, &kd, &t->fault);
    if (!error)
        known = keydir_history(kd)->marks.remote_cache;
    keydir_close(kd);
    if (error && error != LK_NOT_FOUND)
        return error;
    buf_reset(&t->fault);
    *out = t->policy.remote_cache < known ? t->policy.remote_cache : known;
    return 0;
}

static int print_server(struct tool *t)
{
    int64_t seconds = 0;
    for (size_t i = 0; i < sizeof servers / sizeof servers[0]; i++)
        if (strcmp(servers[i].name, t->server) == 0) {
            int error = max_age(t, &seconds);
            if (!error)
                servers[i].print(t->directory, (long long)seconds);
            return error;
        }
    buf_printf(&t->fault, "\"%s\" is not a server that is known here: apache, lighttpd or nginx", t->server);
    return LK_USAGE;
}

/* ---- the values ----------------------------------------------------------------------------------------------------
 */

struct value {
    const char *name;
    size_t offset;
    const char *doc;
};

static const struct value values[] = {
    {"rotation", offsetof(struct key_policy, rotation), "V, a key signs for so long"},
    {"lag", offsetof(struct key_policy, lag), "D, until every host has a new file"},
    {"remote_cache", offsetof(struct key_policy, remote_cache), "C, verifiers elsewhere cache jwks.json"},
    {"margin", offsetof(struct key_policy, margin), "A and B, added to each gate"},
    {"token", offsetof(struct key_policy, token), "T, longest access token"},
    {"leeway", offsetof(struct key_policy, leeway), "L, of verifiers"},
    {"skew", offsetof(struct key_policy, skew), "S, clocks of hosts"},
    {"run", offsetof(struct key_policy, run), "F, longest CGI run"},
    {"cron", offsetof(struct key_policy, cron), "how often maintain runs"},
};

static long long value_of(const struct key_policy *p, const struct value *v)
{
    return (long long)*(const int64_t *)(const void *)((const char *)p + v->offset);
}

struct gates {
    long long activate, destroy, remove;
};

static struct gates gates_of(const struct key_policy *p)
{
    return (struct gates){p->lag + p->remote_cache + p->margin, p->lag + p->run,
                          p->lag + p->run + p->token + p->leeway + p->skew + p->margin};
}

static const char *warning(const struct key_policy *p)
{
    if (!policy_is_feasible(p))
        return "rotation is not longer than lag + remote_cache + margin + cron: no key could be replaced in time";
    if (p->rotation < 2 * (p->lag + p->remote_cache + p->margin + p->cron))
        return "rotation is short: two missed runs of maintain make a key late";
    if (p->lag == 0)
        return "lag is 0: right for one host only";
    return NULL;
}

static void print_text(const struct key_policy *p)
{
    struct gates g = gates_of(p);
    const char *odd = warning(p);
    for (size_t i = 0; i < sizeof values / sizeof values[0]; i++)
        printf("%-13s %9llds  %s\n", values[i].name, value_of(p, &values[i]), values[i].doc);
    printf("\na new key may sign           %llds after it was published (D + C + A)\n", g.activate);
    printf("a retired private key goes   %llds after it signed last (D + F)\n", g.destroy);
    printf("a retired key leaves JWKS    %llds after it signed last (D + F + T + L + S + B)\n", g.remove);
    if (odd)
        printf("\nwarning: %s\n", odd);
}

static int print_json(const struct key_policy *p)
{
    struct gates g = gates_of(p);
    json_t *numbers = json_object();
    int failed = 0;
    for (size_t i = 0; i < sizeof values / sizeof values[0]; i++)
        failed |= json_object_set_new(numbers, values[i].name, json_integer(value_of(p, &values[i])));
    json_t *all = json_pack("{s:o,s:{s:I,s:I,s:I},s:b,s:s?}", "policy", numbers, "gates", "activate",
                            (json_int_t)g.activate, "destroy", (json_int_t)g.destroy, "remove", (json_int_t)g.remove,
                            "feasible", policy_is_feasible(p), "warning", warning(p));
    if (failed) {
        json_decref(all);
        return LK_NOMEM;
    }
    return tool_print_json(all);
}

/* What the gates count with: the configuration, and the marks of the directory if it has keys. */
static int effective(struct tool *t, struct key_policy *out)
{
    struct keydir *kd = NULL;
    int64_t now = 0;
    *out = t->policy;
    int error = tool_open(t, false, &kd, &now);
    if (error == LK_NOT_FOUND) {
        buf_reset(&t->fault);
        return 0;
    }
    if (!error)
        *out = keydir_history(kd)->marks;
    keydir_close(kd);
    return error;
}

int tool_policy(struct tool *t)
{
    struct key_policy p;
    if (t->server)
        return print_server(t);
    int error = effective(t, &p);
    if (error)
        return error;
    if (t->json)
        error = print_json(&p);
    else
        print_text(&p);
    if (!error && !policy_is_feasible(&p))
        t->exit = 78;
    return error;
}
