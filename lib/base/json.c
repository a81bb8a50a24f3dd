#include "base/json.h"

#include "base/error.h"

/* Jansson bounds depth only at compile time (2048) and takes a NUL after a number, so both are looked at first. */
static int prescan(struct span s, unsigned depth)
{
    unsigned level = 0;
    bool quoted = false;
    for (size_t i = 0; i < s.n; i++) {
        char c = s.p[i];
        if (c == '\0')
            return LK_SYNTAX;
        if (quoted && c == '\\')
            i++;
        else if (c == '"')
            quoted = !quoted;
        else if (!quoted && (c == '{' || c == '[') && ++level > depth)
            return LK_SYNTAX;
        else if (!quoted && (c == '}' || c == ']') && level > 0)
            level--;
    }
    return memchr(s.p, '\0', s.n) ? LK_SYNTAX : 0;
}

int json_read(struct span s, size_t max, unsigned depth, json_t **out)
{
    if (s.n > max)
        return LK_TOO_LARGE;
    if (s.n == 0 || prescan(s, depth))
        return LK_SYNTAX;
    json_t *value = json_loadb(s.p, s.n, JSON_REJECT_DUPLICATES | JSON_DECODE_ANY, NULL);
    if (!value)
        return LK_SYNTAX;
    *out = value;
    return 0;
}

int json_read_object(struct span s, size_t max, unsigned depth, json_t **out)
{
    json_t *value = NULL;
    int error = json_read(s, max, depth, &value);
    if (error)
        return error;
    if (!json_is_object(value)) {
        json_decref(value);
        return LK_SYNTAX;
    }
    *out = value;
    return 0;
}

const char *json_text(const json_t *object, const char *name)
{
    return json_string_value(json_object_get(object, name));
}

#define EXACT_MAX 9007199254740992LL /* 2^53: every integer up to here is exact in a real too */

int json_seconds(const json_t *object, const char *name, int64_t *out)
{
    const json_t *value = json_object_get(object, name);
    if (!value)
        return LK_NOT_FOUND;
    if (json_is_real(value)) {
        double real = json_real_value(value);
        if (!(real >= 0 && real <= (double)EXACT_MAX) || real != floor(real))
            return LK_SYNTAX;
        *out = (int64_t)real;
        return 0;
    }
    if (!json_is_integer(value) || json_integer_value(value) < 0 || json_integer_value(value) > EXACT_MAX)
        return LK_SYNTAX;
    *out = json_integer_value(value);
    return 0;
}

static int append(const char *bytes, size_t n, void *out)
{
    return buf_add(out, bytes, n) ? -1 : 0;
}

int json_write(const json_t *value, struct buf *out)
{
    if (json_dump_callback(value, append, out, JSON_COMPACT | JSON_ENCODE_ANY))
        return out->error ? out->error : LK_NOMEM;
    return 0;
}
