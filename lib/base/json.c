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

/* ---- writing ------------------------------------------------------------------------------------------------------
 * As json_dumps does with JSON_COMPACT, byte for byte, at a tenth of its cost: that looks at each character of UTF-8
 * that was checked when the string was made. */

static int append(const char *bytes, size_t n, void *out)
{
    return buf_add(out, bytes, n) ? -1 : 0;
}

/* What could not be made, or not be written. */
static int cannot(struct buf *out)
{
    if (!out->error)
        out->error = LK_NOMEM;
    return out->error;
}

static void write_escape(unsigned char c, struct buf *out)
{
    static const char names[][2] = {
        ['"'] = "\"", ['\\'] = "\\", ['\b'] = "b", ['\f'] = "f", ['\n'] = "n", ['\r'] = "r", ['\t'] = "t"};
    if (names[c][0])
        buf_printf(out, "\\%s", names[c]);
    else
        buf_printf(out, "\\u%04X", (unsigned)c);
}

static int write_string(const char *s, size_t n, struct buf *out)
{
    size_t from = 0;
    buf_add(out, "\"", 1);
    for (size_t i = 0; i < n; i++) {
        unsigned char c = (unsigned char)s[i];
        if (c >= ' ' && c != '"' && c != '\\')
            continue;
        buf_add(out, s + from, i - from);
        write_escape(c, out);
        from = i + 1;
    }
    buf_add(out, s + from, n - from);
    return buf_add(out, "\"", 1);
}

static bool is_utf8(struct span s)
{
    unsigned char bits = 0;
    for (size_t i = 0; i < s.n; i++)
        bits |= (unsigned char)s.p[i];
    if (bits < 0x80)
        return true;
    json_t *value = json_stringn(s.p, s.n);
    json_decref(value);
    return value != NULL;
}

int json_write_text(struct span s, struct buf *out)
{
    return is_utf8(s) ? write_string(s.p, s.n, out) : LK_SYNTAX;
}

static int write_object(const json_t *object, struct buf *out)
{
    const char *name = NULL, *separator = "{";
    json_t *value = NULL;
    if (json_object_size(object) == 0)
        return buf_add(out, "{}", 2);
    json_object_foreach((json_t *)(uintptr_t)object, name, value)
    {
        buf_add(out, separator, 1);
        write_string(name, strlen(name), out);
        buf_add(out, ":", 1);
        json_write(value, out);
        separator = ",";
    }
    return buf_add(out, "}", 1);
}

static int write_array(const json_t *array, struct buf *out)
{
    buf_add(out, "[", 1);
    for (size_t i = 0; i < json_array_size(array); i++) {
        if (i)
            buf_add(out, ",", 1);
        json_write(json_array_get(array, i), out);
    }
    return buf_add(out, "]", 1);
}

int json_write(const json_t *value, struct buf *out)
{
    if (!value)
        return cannot(out);
    switch (json_typeof(value)) {
    case JSON_OBJECT:
        return write_object(value, out);
    case JSON_ARRAY:
        return write_array(value, out);
    case JSON_STRING:
        return write_string(json_string_value(value), json_string_length(value), out);
    case JSON_INTEGER:
        return buf_printf(out, "%" JSON_INTEGER_FORMAT, json_integer_value(value));
    case JSON_TRUE:
        return buf_add(out, "true", 4);
    case JSON_FALSE:
        return buf_add(out, "false", 5);
    case JSON_NULL:
        return buf_add(out, "null", 4);
    case JSON_REAL:
        break;
    }
    return json_dump_callback(value, append, out, JSON_ENCODE_ANY) ? cannot(out) : 0;
}
