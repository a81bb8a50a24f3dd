#include "base/log.h"

#include <stdarg.h>
#include <stdbool.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/clock.h"

#define LINE_MAX_BYTES  4096
#define VALUE_MAX_BYTES 512

static char context[65];

void log_context(const char *request_id)
{
    snprintf(context, sizeof context, "%s", request_id ? request_id : "");
}

static bool is_plain(const char *value)
{
    if (!*value)
        return false;
    for (; *value; value++)
        if ((unsigned char)*value <= ' ' || (unsigned char)*value >= 127 || strchr("\"\\=", *value))
            return false;
    return true;
}

static void add_escaped(struct buf *line, const char *value)
{
    for (size_t i = 0; i < VALUE_MAX_BYTES && value[i]; i++) {
        unsigned char c = (unsigned char)value[i];
        if (c == '"' || c == '\\')
            buf_printf(line, "\\%c", c);
        else if (c < ' ' || c >= 127)
            buf_printf(line, "\\x%02x", c);
        else
            buf_add(line, &value[i], 1);
    }
}

static void add_pair(struct buf *line, const char *name, const char *value)
{
    buf_printf(line, " %s=", name);
    if (is_plain(value) && strlen(value) <= VALUE_MAX_BYTES) {
        buf_str(line, value);
        return;
    }
    buf_str(line, "\"");
    add_escaped(line, value);
    buf_str(line, "\"");
}

void log_event(const char *event, ...)
{
    char time[CLOCK_RFC3339_SIZE];
    struct buf line = BUF_INIT(LINE_MAX_BYTES);
    clock_rfc3339(clock_now(), time);
    buf_printf(&line, "time=%s event=%s", time, event);
    if (context[0])
        add_pair(&line, "request", context);
    va_list args;
    va_start(args, event);
    for (const char *name; (name = va_arg(args, const char *));) {
        const char *value = va_arg(args, const char *);
        if (value)
            add_pair(&line, name, value);
    }
    va_end(args);
    line.error = 0; /* a line that is too long is cut, not lost */
    line.max += 1;
    buf_str(&line, "\n");
    ssize_t ignored = write(STDERR_FILENO, buf_cstr(&line), line.n);
    (void)ignored;
    buf_free(&line);
}
