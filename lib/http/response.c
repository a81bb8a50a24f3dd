#include "http/response.h"

#include <stdarg.h>
#include <strings.h>

#include "base/error.h"
#include "base/json.h"
#include "base/log.h"
#include "base/parse.h"
#include "base/secret.h"
#include "http/problem.h"

#define HEAD_MAX  (32U << 10)
#define VALUE_MAX (8U << 10)

void response_init(struct response *res)
{
    *res =
        (struct response){.head = BUF_INIT(HEAD_MAX), .kept = BUF_INIT(HEAD_MAX), .body = BUF_INIT(RESPONSE_BODY_MAX)};
}

void response_free(struct response *res)
{
    buf_free(&res->head);
    buf_free(&res->kept);
    buf_free(&res->body);
}

void response_reset(struct response *res)
{
    res->status = 0;
    res->media_type = NULL;
    buf_reset(&res->head);
    buf_reset(&res->body);
}

static void add(struct buf *fields, const char *name, const char *value)
{
    if (parse_has_control(span_of(name)) || parse_has_control(span_of(value))) {
        log_event("response.header_dropped", "name", name, NULL);
        return;
    }
    buf_printf(fields, "%s: %s\r\n", name, value);
}

void response_header(struct response *res, const char *name, const char *value)
{
    add(&res->head, name, value);
}

void response_keep(struct response *res, const char *name, const char *value)
{
    add(&res->kept, name, value);
}

void response_headerf(struct response *res, const char *name, const char *format, ...)
{
    char value[VALUE_MAX];
    va_list args;
    va_start(args, format);
    int n = vsnprintf(value, sizeof value, format, args);
    va_end(args);
    if (n < 0 || (size_t)n >= sizeof value)
        res->head.error = LK_TOO_LARGE;
    else
        response_header(res, name, value);
    secret_wipe(value, n > 0 && (size_t)n < sizeof value ? (size_t)n : sizeof value);
}

static bool has(const struct buf *fields, const char *name)
{
    size_t n = strlen(name);
    struct span rest = buf_all(fields), line;
    while (span_next(&rest, '\n', &line))
        if (line.n > n && line.p[n] == ':' && strncasecmp(line.p, name, n) == 0)
            return true;
    return false;
}

bool response_has(const struct response *res, const char *name)
{
    return has(&res->head, name) || has(&res->kept, name);
}

void response_json(struct response *res, int status, const char *media_type, const json_t *value)
{
    res->status = status;
    res->media_type = media_type;
    buf_reset(&res->body);
    int error = json_write(value, &res->body);
    if (error)
        res->body.error = error;
}

void response_text(struct response *res, int status, const char *media_type, struct span body)
{
    res->status = status;
    res->media_type = media_type;
    buf_reset(&res->body);
    buf_span(&res->body, body);
}

void response_empty(struct response *res, int status)
{
    res->status = status;
    res->media_type = NULL;
    buf_reset(&res->body);
}

/* RFC 9110 8.6 and 15.4.5: these two have no content and say no length. */
static bool has_length(int status)
{
    return status != 204 && status != 304;
}

int response_render(const struct response *res, bool head_only, struct buf *out)
{
    int error = res->head.error ? res->head.error : res->kept.error ? res->kept.error : res->body.error;
    if (error)
        return error;
    buf_printf(out, "Status: %d %s\r\n", res->status, status_text(res->status));
    if (res->media_type)
        buf_printf(out, "Content-Type: %s\r\n", res->media_type);
    if (has_length(res->status))
        buf_printf(out, "Content-Length: %zu\r\n", res->body.n);
    buf_span(out, buf_all(&res->head));
    buf_span(out, buf_all(&res->kept));
    buf_str(out, "\r\n");
    if (has_length(res->status) && !head_only)
        buf_span(out, buf_all(&res->body));
    return out->error;
}
