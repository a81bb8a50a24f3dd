#include "base/conf.h"

#include <errno.h>
#include <ini.h>

#include "base/error.h"
#include "base/file.h"
#include "base/parse.h"

#define CONF_FILE_MAX 65536
#define CONF_LINE_MAX 198 /* inih's buffer is 200 bytes; a longer line would be cut in silence */
#define CONF_TEXT_MAX 131072
#define KEYS_LIMIT    64

/* While parsing, a string field holds its offset in `text` plus one, because `text` may still move. */
struct parsing {
    struct conf *conf;
    const char *name;
    struct buf *fault;
    size_t value[KEYS_LIMIT];
    bool seen[KEYS_LIMIT];
    int line;
    int error;
};

static const char *const type_names[] = {
    "text", "absolute path", "http(s) URL", "list of origins", "list of algorithms", "name", "duration", "number"};

const char *conf_type_name(enum conf_type type)
{
    return type_names[type];
}

const char *env_get(char *const env[], const char *name)
{
    size_t n = strlen(name);
    for (; env && *env; env++)
        if (strncmp(*env, name, n) == 0 && (*env)[n] == '=')
            return *env + n + 1;
    return NULL;
}

bool conf_list_has(const char *list, const char *word)
{
    struct span rest = span_of(list), part;
    while (span_next(&rest, ' ', &part))
        if (part.n && span_equals(part, word))
            return true;
    return false;
}

/* ---- one value ------------------------------------------------------------------------------------------------------
 */

static bool is_url(struct span s)
{
    size_t at = s.n > 8 && memcmp(s.p, "https://", 8) == 0 ? 8 : s.n > 7 && memcmp(s.p, "http://", 7) == 0 ? 7 : 0;
    if (!at || s.p[s.n - 1] == '/' || parse_has_control(s) || memchr(s.p, ' ', s.n))
        return false;
    const char *slash = memchr(s.p + at, '/', s.n - at);
    struct span origin = {s.p, slash ? (size_t)(slash - s.p) : s.n};
    return parse_is_origin(origin) && !memchr(s.p, '?', s.n) && !memchr(s.p, '#', s.n);
}

static bool is_algorithm(struct span s)
{
    static const char *const known[] = {"EdDSA", "ES256", "ES512", "RS256", "PS256"};
    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++)
        if (span_equals(s, known[i]))
            return true;
    return false;
}

static bool is_list(struct span s, bool (*is_item)(struct span), bool may_be_empty)
{
    size_t items = 0;
    for (struct span part; span_next(&s, ' ', &part);)
        if (part.n && (items++, !is_item(part)))
            return false;
    return items > 0 || may_be_empty;
}

static bool value_fits(enum conf_type type, struct span s)
{
    int64_t seconds;
    uint64_t count;
    if (parse_has_control(s))
        return false;
    switch (type) {
    case CONF_STRING:
        return true;
    case CONF_PATH:
        return s.n == 0 || s.p[0] == '/';
    case CONF_URL:
        return is_url(s);
    case CONF_ORIGINS:
        return is_list(s, parse_is_origin, true);
    case CONF_ALGORITHMS:
        return is_list(s, is_algorithm, false);
    case CONF_NAME:
        return parse_is_ident(s, 64);
    case CONF_DURATION:
        return parse_duration(s, &seconds) == 0;
    case CONF_COUNT:
        return parse_u64(s, INT64_MAX, &count) == 0;
    }
    return false;
}

static void store(struct conf *conf, const struct conf_key *key, const char *text)
{
    void *field = (char *)conf + key->offset;
    if (key->type == CONF_DURATION)
        parse_duration(span_of(text), field);
    else if (key->type == CONF_COUNT)
        parse_u64(span_of(text), INT64_MAX, field);
    else
        *(const char **)field = text;
}

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

/* Keeps a copy of the value in conf->text, found by its offset. */
static int keep(struct parsing *p, size_t i, struct span s)
{
    const struct conf_key *key = &conf_keys[i];
    char what[80];
    snprintf(what, sizeof what, "not a usable value, expected %s%s", conf_type_name(key->type),
             key->type == CONF_DURATION ? " such as 90s, 15m, 12h or 7d" : "");
    if (!value_fits(key->type, s) || (s.n == 0 && (!key->def || *key->def)))
        return complain(p, key->section, key->key, what);
    p->value[i] = p->conf->text.n + 1;
    if (buf_span(&p->conf->text, s) || buf_add(&p->conf->text, "", 1))
        p->error = p->conf->text.error;
    return p->error;
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

static int on_pair(void *context, const char *section, const char *name, const char *value)
{
    struct parsing *p = context;
    size_t i = key_index(section, name);
    if (p->error)
        return 1;
    if (!*section)
        complain(p, NULL, NULL, "a key before the first section");
    else if (i == conf_key_count)
        complain(p, section, name, section_known(section) ? "unknown key" : "unknown section");
    else if (p->seen[i])
        complain(p, section, name, "given twice");
    else if (!keep(p, i, span_of(value)))
        p->seen[i] = true;
    return 1;
}

/* inih does not say which line it is at, so it gets them one by one, the section remembered here. */
static int read_line(struct parsing *p, struct span line, struct buf *piece, char section[64])
{
    struct span s = span_trim(line);
    if (s.n == 0 || s.p[0] == '#' || s.p[0] == ';')
        return 0;
    if (s.n > CONF_LINE_MAX)
        return complain(p, NULL, NULL, "the line is longer than 198 bytes");
    if (parse_has_control(s))
        return complain(p, NULL, NULL, "the line has a control character");
    if (s.p[0] == '[') {
        const char *end = memchr(s.p, ']', s.n);
        struct span name = {s.p + 1, end ? (size_t)(end - s.p - 1) : 0};
        if (!parse_is_ident(name, 63))
            return complain(p, NULL, NULL, "not a section header");
        snprintf(section, 64, "%.*s", (int)name.n, name.p);
        return section_known(section) ? 0 : complain(p, section, NULL, "unknown section");
    }
    buf_reset(piece);
    if (buf_printf(piece, "[%s]\n%.*s\n", section, (int)s.n, s.p))
        return p->error = piece->error;
    if (ini_parse_string(buf_cstr(piece), on_pair, p))
        return complain(p, NULL, NULL, "neither a section, a comment nor key = value");
    return p->error;
}

static int read_text(struct parsing *p, struct span text)
{
    char section[64] = "";
    struct buf piece = BUF_INIT(512);
    if (text.n && memchr(text.p, '\0', text.n))
        complain(p, NULL, NULL, "the file has a NUL byte");
    for (struct span line; !p->error && span_next(&text, '\n', &line);) {
        p->line++;
        if (line.n && line.p[line.n - 1] == '\r')
            line.n--;
        read_line(p, line, &piece, section);
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
    if (i < conf_key_count)
        keep(p, i, span_of(value + 1));
    else if (env_in_section(name))
        complain(p, NULL, NULL, "unknown key");
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

/* "@section.key rest" is that key's value with the rest behind it. */
static int follow_default(struct parsing *p, size_t i)
{
    const char *from = conf_keys[i].def + 1;
    struct buf value = BUF_INIT(4096);
    for (size_t k = 0; k < i; k++) {
        char name[96];
        int n = snprintf(name, sizeof name, "%s.%s", conf_keys[k].section, conf_keys[k].key);
        if (strncmp(from, name, (size_t)n) == 0 && (from[n] == '\0' || from[n] == '/')) {
            buf_str(&value, p->conf->text.p + p->value[k] - 1);
            buf_str(&value, from + n);
            break;
        }
    }
    if (value.error)
        p->error = value.error;
    else
        keep(p, i, buf_all(&value));
    buf_free(&value);
    return p->error;
}

static int fill_defaults(struct parsing *p)
{
    p->line = 0;
    for (size_t i = 0; !p->error && i < conf_key_count; i++) {
        const struct conf_key *key = &conf_keys[i];
        if (p->value[i])
            continue;
        if (!key->def)
            complain(p, key->section, key->key, "is required");
        else if (key->def[0] == '@')
            follow_default(p, i);
        else
            keep(p, i, span_of(key->def));
    }
    return p->error;
}

int conf_parse(const char *name, struct span text, char *const env[], struct conf **out, struct buf *fault)
{
    struct parsing p = {.name = name, .fault = fault, .conf = calloc(1, sizeof *p.conf)};
    if (!p.conf)
        return LK_NOMEM;
    p.conf->text = BUF_INIT(CONF_TEXT_MAX);
    if (read_text(&p, text) || read_environment(&p, env) || fill_defaults(&p)) {
        conf_free(p.conf);
        return p.error;
    }
    for (size_t i = 0; i < conf_key_count; i++)
        store(p.conf, &conf_keys[i], p.conf->text.p + p.value[i] - 1);
    *out = p.conf;
    return 0;
}

int conf_load(char *const env[], struct conf **out, struct buf *fault)
{
    const char *path = env_get(env, "LATCHKEY_CONF");
    struct buf text = BUF_INIT(CONF_FILE_MAX);
    path = path ? path : LATCHKEY_CONF_PATH;
    int error = file_read(path, FILE_ANY, &text, NULL);
    if (error) {
        buf_printf(fault, "%s: %s", path, error == LK_SYSTEM ? strerror(errno) : lk_error_text(error));
        error = LK_CONFIG;
    } else {
        error = conf_parse(path, buf_all(&text), env, out, fault);
    }
    buf_free(&text);
    return error;
}

void conf_free(struct conf *conf)
{
    if (!conf)
        return;
    buf_free(&conf->text);
    free(conf);
}
