#include "auth/claims_impl.h"
#include "base/error.h"
#include "base/file.h"
#include "base/json.h"
#include "base/parse.h"

#define DEPTH       4
#define COPY_MAX    (IDENTITY_COPIED_SIZE - 3) /* without the braces */
#define POINTER_MAX 512

static const char builtin[] = "{\"default_roles\":[\"user\"],\"roles\":{\"admin\":[\"user\",\"admin\"]},"
                              "\"features\":{\"user\":[\"todos\"]}}";

/* ---- names ------------------------------------------------------------------------------------------------------ */

static bool is_name(struct span s)
{
    char plain[CLAIMS_NAME_MAX];
    if (s.n == 0 || s.n > sizeof plain)
        return false;
    for (size_t i = 0; i < s.n; i++)
        plain[i] = (char)(s.p[i] == ':' || s.p[i] == '.' ? '_' : s.p[i]);
    return parse_is_ident((struct span){plain, s.n}, sizeof plain);
}

/* A role as the provider writes it in its comma separated list. */
static bool is_provider_role(struct span s)
{
    return s.n > 0 && s.n <= CLAIMS_NAME_MAX && !memchr(s.p, ',', s.n) && !parse_has_control(s) &&
           span_trim(s).n == s.n;
}

static bool is_grantee(struct span s)
{
    static const char *const kinds[] = {"email:", "sub:"};
    if (parse_has_control(s))
        return false;
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++)
        if (s.n > strlen(kinds[i]) && memcmp(s.p, kinds[i], strlen(kinds[i])) == 0)
            return true;
    return false;
}

/* ---- reading ---------------------------------------------------------------------------------------------------- */

struct reading {
    const char *name;
    struct buf *fault;
    struct buf pointer;
    struct buf roles, features; /* all that the file can give, to know that they fit */
};

static int complain(struct reading *r, const char *what)
{
    buf_printf(r->fault, "%s: %s: %s", r->name, r->pointer.n ? buf_cstr(&r->pointer) : "(root)", what);
    return LK_CONFIG;
}

/* RFC 6901 section 3. What could break a line of the log is not shown. */
static void point(struct reading *r, const char *member)
{
    buf_str(&r->pointer, "/");
    for (; *member; member++) {
        if (*member == '~' || *member == '/')
            buf_str(&r->pointer, *member == '~' ? "~0" : "~1");
        else
            buf_add(&r->pointer, (unsigned char)*member < 32 || *member == 127 ? "?" : member, 1);
    }
}

static void point_back(struct reading *r, size_t length)
{
    r->pointer.n = length;
    if (r->pointer.p)
        r->pointer.p[length] = '\0';
}

static bool list_has(const struct buf *list, struct span word)
{
    struct span rest = buf_all(list), part;
    while (rest.n && span_next(&rest, ' ', &part))
        if (part.n == word.n && memcmp(part.p, word.p, word.n) == 0)
            return true;
    return false;
}

static int list_add(struct buf *list, const char *word)
{
    if (list_has(list, span_of(word)))
        return 0;
    if (list->n)
        buf_str(list, " ");
    return buf_str(list, word);
}

static int read_list(struct reading *r, const json_t *list, struct buf *all)
{
    size_t i, base = r->pointer.n;
    const json_t *item;
    if (!json_is_array(list))
        return complain(r, "must be an array of names");
    json_array_foreach(list, i, item)
    {
        buf_printf(&r->pointer, "/%zu", i);
        if (!json_is_string(item))
            return complain(r, "must be a string");
        if (!is_name(span_of(json_string_value(item))))
            return complain(r, "must be a name: 1 to 64 of A-Z a-z 0-9 - _ : .");
        if (list_add(all, json_string_value(item)))
            return complain(r, "all the names together are too long for a token");
        point_back(r, base);
    }
    return 0;
}

static int read_default(struct reading *r, const json_t *value)
{
    return read_list(r, value, &r->roles);
}

static int read_map(struct reading *r, const json_t *map, bool (*is_key)(struct span), const char *what,
                    struct buf *all)
{
    size_t base = r->pointer.n;
    const char *key;
    union {
        const json_t *in;
        json_t *iterable; /* Jansson's iterator takes no const */
    } object = {map};
    json_t *value;
    if (!json_is_object(map))
        return complain(r, "must be an object");
    json_object_foreach(object.iterable, key, value)
    {
        point(r, key);
        if (!is_key(span_of(key)))
            return complain(r, what);
        int error = read_list(r, value, all);
        if (error)
            return error;
        point_back(r, base);
    }
    return 0;
}

static int read_roles(struct reading *r, const json_t *value)
{
    return read_map(r, value, is_provider_role, "must be named after one role of the provider", &r->roles);
}

static int read_features(struct reading *r, const json_t *value)
{
    return read_map(r, value, is_name, "must be named after one of our roles", &r->features);
}

static int read_grants(struct reading *r, const json_t *value)
{
    return read_map(r, value, is_grantee, "must be named email:ADDRESS or sub:SUBJECT", &r->roles);
}

static int read_copy(struct reading *r, const json_t *value)
{
    size_t base = r->pointer.n, bytes = 0;
    const char *name;
    union {
        const json_t *in;
        json_t *iterable;
    } object = {value};
    json_t *rule;
    if (!json_is_object(value))
        return complain(r, "must be an object");
    json_object_foreach(object.iterable, name, rule)
    {
        point(r, name);
        const char *fault = claims_copy_fault(name, rule, &bytes);
        if (!fault && bytes > COPY_MAX)
            fault = "all the copied claims together are too long for a token";
        if (fault)
            return complain(r, fault);
        point_back(r, base);
    }
    return 0;
}

static const struct {
    const char *name;
    int (*read)(struct reading *r, const json_t *value);
} members[] = {{"default_roles", read_default},
               {"roles", read_roles},
               {"features", read_features},
               {"grants", read_grants},
               {"copy", read_copy}};

static int read_root(struct reading *r, json_t *root)
{
    size_t i;
    const char *key;
    json_t *value;
    json_object_foreach(root, key, value)
    {
        point(r, key);
        for (i = 0; i < sizeof members / sizeof members[0]; i++)
            if (strcmp(key, members[i].name) == 0)
                break;
        if (i == sizeof members / sizeof members[0])
            return complain(r, "unknown member");
        int error = members[i].read(r, value);
        if (error)
            return error;
        point_back(r, 0);
    }
    return 0;
}

int claims_parse(const char *name, struct span text, struct claims_policy **out, struct buf *fault)
{
    struct reading r = {name, fault, BUF_INIT(POINTER_MAX), BUF_INIT(sizeof((struct grants *)0)->roles - 1),
                        BUF_INIT(sizeof((struct grants *)0)->features - 1)};
    struct claims_policy *policy = calloc(1, sizeof *policy);
    int error = policy ? json_read_object(text, CLAIMS_FILE_MAX, DEPTH, &policy->root) : LK_NOMEM;
    if (error && error != LK_NOMEM)
        error = complain(&r, "not a JSON object, or a name is there twice");
    error = error ? error : read_root(&r, policy->root);
    if (!error) {
        *out = policy;
        policy = NULL; /* the caller's now */
    }
    claims_free(policy);
    buf_free(&r.pointer);
    buf_free(&r.roles);
    buf_free(&r.features);
    return error;
}

int claims_load(const char *path, struct claims_policy **out, struct buf *fault)
{
    struct buf text = BUF_INIT(CLAIMS_FILE_MAX);
    int error;
    if (!*path)
        return claims_parse("built-in claims policy", span_of(builtin), out, fault);
    error = file_read(path, FILE_TRUSTED, &text, NULL);
    if (error && error != LK_NOMEM) {
        buf_printf(fault, "%s: %s", path, lk_error_text(error));
        error = LK_CONFIG;
    }
    error = error ? error : claims_parse(path, buf_all(&text), out, fault);
    buf_free(&text);
    return error;
}

void claims_free(struct claims_policy *policy)
{
    if (policy)
        json_decref(policy->root);
    free(policy);
}

/* ---- applying --------------------------------------------------------------------------------------------------- */

static void add_all(struct buf *to, const json_t *list)
{
    size_t i;
    const json_t *item;
    json_array_foreach(list, i, item) list_add(to, json_string_value(item));
}

static void add_of(struct buf *to, const json_t *map, struct span key)
{
    add_all(to, json_object_getn(map, key.p, key.n));
}

static void add_grant(struct buf *to, const json_t *grants, const char *kind, const char *who)
{
    char key[512];
    int n = snprintf(key, sizeof key, "%s:%s", kind, who);
    if (*who && n > 0 && (size_t)n < sizeof key)
        add_of(to, grants, (struct span){key, (size_t)n});
}

/* What was kept at the exchange, by the policy of today. */
static int apply_copy(const struct claims_policy *policy, const struct identity *who, struct grants *out)
{
    json_t *kept = NULL;
    out->copied[0] = '\0';
    if (!who->copied[0])
        return 0;
    int error = json_read_object(span_of(who->copied), sizeof who->copied, DEPTH, &kept);
    error = error ? LK_STORE : claims_pick(policy, kept, out->copied);
    json_decref(kept);
    return error;
}

int claims_apply(const struct claims_policy *policy, const struct identity *who, struct grants *out)
{
    const json_t *grants = json_object_get(policy->root, "grants");
    struct buf roles = BUF_INIT(sizeof out->roles - 1), features = BUF_INIT(sizeof out->features - 1);
    struct span rest = span_of(who->role), part;
    add_all(&roles, json_object_get(policy->root, "default_roles"));
    while (span_next(&rest, ',', &part))
        add_of(&roles, json_object_get(policy->root, "roles"), span_trim(part));
    add_grant(&roles, grants, "sub", who->subject);
    if (who->email_verified)
        add_grant(&roles, grants, "email", who->email);
    for (rest = buf_all(&roles); rest.n && span_next(&rest, ' ', &part);)
        add_of(&features, json_object_get(policy->root, "features"), part);
    int error = roles.error ? roles.error : features.error;
    if (!error) {
        memcpy(out->roles, buf_cstr(&roles), roles.n + 1);
        memcpy(out->features, buf_cstr(&features), features.n + 1);
    }
    buf_free(&roles);
    buf_free(&features);
    return error ? error : apply_copy(policy, who, out);
}
