#include "base/conf_impl.h"

#include <ini.h>

#include "base/error.h"
#include "base/parse.h"

#define CONF_LINE_MAX 198 /* inih's buffer is 200 bytes; a longer line would be cut in silence */
#define CONF_TEXT_MAX 131072
#define KEYS_LIMIT    96
#define PROVIDER      "provider"

/* The values of one section [provider NAME]; those of every section without a name are together in the first part.
 * While parsing, a string is its offset in the configuration's text plus one, because the text may still move. */
struct part {
    char title[64]; /* of the section; "" for the first part */
    size_t name;
    size_t value[KEYS_LIMIT];
    bool seen[KEYS_LIMIT];
};

struct parsing {
    struct conf *conf;
    const char *name;
    struct buf *fault;
    struct part part[1 + CONF_PROVIDERS_MAX];
    size_t parts;
    bool plain; /* there is a [provider] without a name */
    char section[64];
    size_t current; /* the part of the section that is being read */
    int line;
    int error;
};

static int complain(struct parsing *p, const char *section, const char *key, const char *what)
{
    if (p->error)
        return p->error;
    p->error = LK_CONFIG;
    buf_str(p->fault, p->name);
    if (p->line)
        buf_printf(p->fault, ":%d", p->line);
    buf_str(p->fault, ": ");
    if (section)
        buf_printf(p->fault, "[%s]%s%s: ", section, key ? " " : "", key ? key : "");
    buf_str(p->fault, what);
    return LK_CONFIG;
}

static const char *title(const struct parsing *p, size_t part, size_t key)
{
    return part ? p->part[part].title : conf_keys[key].section;
}

/* Keeps a copy of the text in conf->text, found by its offset. */
static int keep_text(struct parsing *p, struct span s, size_t *at)
{
    *at = p->conf->text.n + 1;
    if (buf_span(&p->conf->text, s) || buf_add(&p->conf->text, "", 1))
        p->error = p->conf->text.error;
    return p->error;
}

static const char *kept(const struct parsing *p, size_t at)
{
    return p->conf->text.p + at - 1;
}

static int complain_value(struct parsing *p, size_t part, size_t i)
{
    const struct conf_key *key = &conf_keys[i];
    char what[80];
    snprintf(what, sizeof what, "not a usable value, expected %s%s", conf_type_name(key->type),
             key->type == CONF_DURATION ? " such as 90s, 15m, 12h or 7d" : "");
    return complain(p, title(p, part, i), key->key, what);
}

static int keep(struct parsing *p, size_t part, size_t i, struct span s)
{
    const struct conf_key *key = &conf_keys[i];
    if (!conf_value_fits(key->type, s) || (s.n == 0 && (!key->def || *key->def)))
        return complain_value(p, part, i);
    bool is_address = key->type == CONF_URL || key->type == CONF_ORIGINS;
    if (is_address && strcmp(key->section, "site") == 0 && conf_has_plain_http(s))
        return complain(p, title(p, part, i), key->key, "plain http is for localhost only");
    return keep_text(p, s, &p->part[part].value[i]);
}

/* ---- the file -------------------------------------------------------------------------------------------------------
 */

static size_t key_index(const char *section, const char *key)
{
    size_t i = 0;
    while (i < conf_key_count && (strcmp(conf_keys[i].section, section) != 0 || strcmp(conf_keys[i].key, key) != 0))
        i++;
    return i;
}

static bool section_known(const char *section)
{
    for (size_t i = 0; i < conf_key_count; i++)
        if (strcmp(conf_keys[i].section, section) == 0)
            return true;
    return false;
}

static int on_pair(void *context, const char *unused, const char *name, const char *value)
{
    struct parsing *p = context;
    size_t i = key_index(p->section, name);
    const char *section = p->current ? p->part[p->current].title : p->section;
    (void)unused;
    if (p->error)
        return 1;
    if (!*section)
        complain(p, NULL, NULL, "a key before the first section");
    else if (i == conf_key_count)
        complain(p, section, name, "unknown key");
    else if (p->part[p->current].seen[i])
        complain(p, section, name, "given twice");
    else if (!keep(p, p->current, i, span_of(value)))
        p->part[p->current].seen[i] = true;
    return 1;
}

/* Enters [provider NAME]; it may have been there before. */
static int enter_named(struct parsing *p, struct span name)
{
    char wanted[64];
    if (strcmp(p->section, PROVIDER) != 0)
        return complain(p, p->section, NULL, "takes no name");
    if (!parse_is_ident(name, CONF_PROVIDER_NAME_MAX))
        return complain(p, p->section, NULL, "its name must be 1 to 32 of A-Z a-z 0-9 - _");
    snprintf(wanted, sizeof wanted, PROVIDER " %.*s", (int)name.n, name.p);
    for (p->current = 1; p->current < p->parts; p->current++)
        if (strcmp(p->part[p->current].title, wanted) == 0)
            return 0;
    if (p->parts > CONF_PROVIDERS_MAX)
        return complain(p, wanted, NULL, "more than 16 providers");
    memcpy(p->part[p->parts].title, wanted, sizeof wanted);
    return keep_text(p, name, &p->part[p->parts++].name);
}

static int read_header(struct parsing *p, struct span line)
{
    const char *end = memchr(line.p, ']', line.n);
    struct span name = {line.p + 1, end ? (size_t)(end - line.p - 1) : 0}, section = name;
    bool named = name.n && memchr(name.p, ' ', name.n);
    if (named)
        span_next(&name, ' ', &section);
    if (!parse_is_ident(section, sizeof p->section - 1))
        return complain(p, NULL, NULL, "not a section header");
    snprintf(p->section, sizeof p->section, "%.*s", (int)section.n, section.p);
    if (!section_known(p->section))
        return complain(p, p->section, NULL, "unknown section");
    if (named)
        return enter_named(p, span_trim(name));
    p->current = 0;
    p->plain = p->plain || strcmp(p->section, PROVIDER) == 0;
    return 0;
}

/* inih does not say which line it is at, so it gets them one by one, the section remembered here. */
static int read_line(struct parsing *p, struct span line, struct buf *piece)
{
    struct span s = span_trim(line);
    if (s.n == 0 || s.p[0] == '#' || s.p[0] == ';')
        return 0;
    if (s.n > CONF_LINE_MAX)
        return complain(p, NULL, NULL, "the line is longer than 198 bytes");
    if (parse_has_control(s))
        return complain(p, NULL, NULL, "the line has a control character");
    if (s.p[0] == '[')
        return read_header(p, s);
    buf_reset(piece);
    if (buf_printf(piece, "[section]\n%.*s\n", (int)s.n, s.p))
        return p->error = piece->error;
    if (ini_parse_string(buf_cstr(piece), on_pair, p))
        return complain(p, NULL, NULL, "neither a section, a comment nor key = value");
    return p->error;
}

static int read_text(struct parsing *p, struct span text)
{
    struct buf piece = BUF_INIT(512);
    if (text.n && memchr(text.p, '\0', text.n))
        complain(p, NULL, NULL, "the file has a NUL byte");
    for (struct span line; !p->error && span_next(&text, '\n', &line);) {
        p->line++;
        if (line.n && line.p[line.n - 1] == '\r')
            line.n--;
        read_line(p, line, &piece);
    }
    buf_free(&piece);
    return p->error;
}

#define ENV_PREFIX "LATCHKEY_"

/* "session_grace" is the key grace of the section session. */
static bool env_names(const char *name, const struct conf_key *key)
{
    size_t n = strlen(key->section);
    return strncmp(name, key->section, n) == 0 && name[n] == '_' && strcmp(name + n + 1, key->key) == 0;
}

static bool env_in_section(const char *name)
{
    bool found = false;
    for (size_t i = 0; !found && i < conf_key_count; i++) {
        size_t n = strlen(conf_keys[i].section);
        found = strncmp(name, conf_keys[i].section, n) == 0 && name[n] == '_';
    }
    return found;
}

/* One variable, "LATCHKEY_SESSION_GRACE=20s". What names no section, such as LATCHKEY_CONF, is not ours to judge. */
static void read_variable(struct parsing *p, const char *variable)
{
    char name[96] = "";
    const char *value = strchr(variable, '=');
    size_t n = value ? (size_t)(value - variable) - strlen(ENV_PREFIX) : sizeof name, i = 0;
    if (n >= sizeof name)
        return;
    for (size_t c = 0; c < n; c++) {
        char upper = variable[strlen(ENV_PREFIX) + c];
        name[c] = (char)(upper >= 'A' && upper <= 'Z' ? upper - 'A' + 'a' : upper);
    }
    while (i < conf_key_count && !env_names(name, &conf_keys[i]))
        i++;
    if (i < conf_key_count) {
        p->plain = p->plain || strcmp(conf_keys[i].section, PROVIDER) == 0;
        keep(p, 0, i, span_of(value + 1));
    } else if (env_in_section(name)) {
        complain(p, NULL, NULL, "unknown key");
    }
}

static int read_environment(struct parsing *p, char *const env[])
{
    const char *file = p->name;
    p->line = 0;
    for (; !p->error && env && *env; env++) {
        char name[96];
        if (strncmp(*env, ENV_PREFIX, strlen(ENV_PREFIX)) != 0)
            continue;
        snprintf(name, sizeof name, "%.*s", (int)strcspn(*env, "="), *env);
        p->name = name;
        read_variable(p, *env);
        p->name = file;
    }
    return p->error;
}

/* ---- what was not given ---------------------------------------------------------------------------------------------
 */

static bool has_key(const struct parsing *p, size_t part, size_t i)
{
    return strcmp(conf_keys[i].section, PROVIDER) == 0 ? part > 0 || p->plain : part == 0;
}

/* What follows "section.key" in `from`; NULL when that is not how it begins. */
static const char *after_key(const char *from, const struct conf_key *key)
{
    size_t section = strlen(key->section), name = strlen(key->key);
    if (strncmp(from, key->section, section) != 0 || from[section] != '.' ||
        strncmp(from + section + 1, key->key, name) != 0)
        return NULL;
    from += section + 1 + name;
    return *from == '\0' || *from == '/' || *from == '-' ? from : NULL;
}

/* "@section.key rest" is that key's value with the rest behind it. */
static void follow_key(const struct parsing *p, size_t part, const char *from, struct buf *value)
{
    for (size_t k = 0; k < conf_key_count; k++) {
        const char *rest = after_key(from, &conf_keys[k]);
        if (rest) {
            buf_str(value, kept(p, p->part[part].value[k]));
            buf_str(value, rest);
            return;
        }
    }
}

/* "some{name}thing" has the section's name in it. */
static void follow_name(const struct parsing *p, size_t part, const char *def, struct buf *value)
{
    const char *at = strstr(def, "{name}");
    buf_add(value, def, (size_t)(at - def));
    buf_str(value, kept(p, p->part[part].name));
    buf_str(value, at + strlen("{name}"));
}

static int fill_default(struct parsing *p, size_t part, size_t i)
{
    const struct conf_key *key = &conf_keys[i];
    struct buf value = BUF_INIT(4096);
    bool named = part && conf_named_default(key);
    if (!key->def)
        return complain(p, title(p, part, i), key->key, "is required");
    if (!named && key->def[0] != '@')
        return keep(p, part, i, span_of(key->def));
    if (named)
        follow_name(p, part, conf_named_default(key), &value);
    else
        follow_key(p, part, key->def + 1, &value);
    if (value.error)
        p->error = value.error;
    else
        keep(p, part, i, buf_all(&value));
    buf_free(&value);
    return p->error;
}

static int fill_defaults(struct parsing *p)
{
    p->line = 0;
    p->plain = p->plain || p->parts == 1;
    if (p->parts - 1 + p->plain > CONF_PROVIDERS_MAX)
        complain(p, PROVIDER, NULL, "more than 16 providers");
    for (size_t part = 0; part < p->parts; part++)
        for (size_t i = 0; !p->error && i < conf_key_count; i++)
            if (has_key(p, part, i) && !p->part[part].value[i])
                fill_default(p, part, i);
    return p->error;
}

/* ---- the whole ------------------------------------------------------------------------------------------------------
 */

static void store_part(struct parsing *p, size_t part)
{
    struct conf_provider *provider = &p->conf->providers[part ? p->conf->provider_count : 0];
    if (part || p->plain) {
        provider->name = part ? kept(p, p->part[part].name) : "";
        p->conf->provider_count++;
    }
    for (size_t i = 0; i < conf_key_count; i++) {
        bool its = strcmp(conf_keys[i].section, PROVIDER) == 0;
        void *base = its ? (void *)provider : (void *)p->conf;
        if (has_key(p, part, i))
            conf_value_store(conf_keys[i].type, kept(p, p->part[part].value[i]), (char *)base + conf_keys[i].offset);
    }
}

static int check(struct parsing *p)
{
    const struct conf_provider *at = NULL;
    const char *key = NULL;
    char section[64];
    struct buf what = BUF_INIT(256);
    if (conf_check_providers(p->conf, &at, &key, &what)) {
        snprintf(section, sizeof section, PROVIDER "%s%s", *at->name ? " " : "", at->name);
        complain(p, section, key, buf_cstr(&what));
    }
    buf_free(&what);
    return p->error;
}

static int read_all(struct parsing *p, struct span text, char *const env[])
{
    if (read_text(p, text) || read_environment(p, env) || fill_defaults(p))
        return p->error;
    for (size_t part = 0; part < p->parts; part++)
        store_part(p, part);
    return check(p);
}

int conf_parse(const char *name, struct span text, char *const env[], struct conf **out, struct buf *fault)
{
    struct parsing p = {.name = name, .fault = fault, .parts = 1, .conf = calloc(1, sizeof *p.conf)};
    if (!p.conf)
        return LK_NOMEM;
    p.conf->text = BUF_INIT(CONF_TEXT_MAX);
    if (read_all(&p, text, env)) {
        conf_free(p.conf);
        return p.error;
    }
    *out = p.conf;
    return 0;
}

void conf_free(struct conf *conf)
{
    if (!conf)
        return;
    buf_free(&conf->text);
    free(conf);
}
