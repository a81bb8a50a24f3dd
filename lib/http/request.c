#include "http/request.h"

#include <strings.h>

#include "base/b64.h"
#include "base/conf.h"
#include "base/error.h"
#include "base/parse.h"
#include "base/secret.h"

static const char *const method_names[] = {
    [METHOD_GET] = "GET",     [METHOD_HEAD] = "HEAD",     [METHOD_POST] = "POST",       [METHOD_PUT] = "PUT",
    [METHOD_PATCH] = "PATCH", [METHOD_DELETE] = "DELETE", [METHOD_OPTIONS] = "OPTIONS", [METHOD_OTHER] = "OTHER",
};

const char *method_name(enum method m)
{
    return method_names[m];
}

static enum method method_parse(const char *name)
{
    for (int m = METHOD_GET; name && m < METHOD_OTHER; m++)
        if (strcmp(name, method_names[m]) == 0)
            return (enum method)m;
    return METHOD_OTHER;
}

static const struct {
    const char *variable;
    size_t offset;
} fields[] = {
    {"REMOTE_ADDR", offsetof(struct request, address)},
    {"SCRIPT_NAME", offsetof(struct request, script)},
    {"PATH_INFO", offsetof(struct request, path)},
    {"QUERY_STRING", offsetof(struct request, query)},
    {"CONTENT_TYPE", offsetof(struct request, content_type)},
    {"HTTP_CONTENT_ENCODING", offsetof(struct request, content_encoding)},
    {"HTTP_AUTHORIZATION", offsetof(struct request, authorization)},
    {"HTTP_COOKIE", offsetof(struct request, cookie)},
    {"HTTP_ORIGIN", offsetof(struct request, origin)},
    {"HTTP_SEC_FETCH_SITE", offsetof(struct request, fetch_site)},
    {"HTTP_HOST", offsetof(struct request, host)},
    {"HTTP_USER_AGENT", offsetof(struct request, user_agent)},
    {"HTTP_IF_MATCH", offsetof(struct request, if_match)},
    {"HTTP_IF_NONE_MATCH", offsetof(struct request, if_none_match)},
    {"HTTP_PREFER", offsetof(struct request, prefer)},
    {"HTTP_IDEMPOTENCY_KEY", offsetof(struct request, idempotency_key)},
};
#define FIELDS (sizeof fields / sizeof fields[0])

static const char **field_at(struct request *req, size_t i)
{
    return (const char **)((char *)req + fields[i].offset);
}

/* ---- environment ---- */

static int by_name(const void *left, const void *right)
{
    const char *a = *(const char *const *)left, *b = *(const char *const *)right;
    size_t n = strcspn(a, "="), m = strcspn(b, "=");
    int order = memcmp(a, b, n < m ? n : m);
    return order ? order : (n > m) - (n < m);
}

/* A server passes X-A and X_A as two variables of one name; which of them counts would be anybody's guess. */
static int names_check(char *const env[], const char **detail)
{
    const char *sorted[REQUEST_ENV_MAX] = {NULL};
    size_t n = 0;
    for (; env && env[n]; n++) {
        if (n == REQUEST_ENV_MAX) {
            *detail = "The request has too many header fields.";
            return 400;
        }
        sorted[n] = env[n];
    }
    qsort(sorted, n, sizeof sorted[0], by_name);
    for (size_t i = 1; i < n; i++)
        if (by_name(&sorted[i - 1], &sorted[i]) == 0) {
            *detail = "The request has a header field twice.";
            return 400;
        }
    return 0;
}

static int fields_read(struct request *req, char *const env[], const char **detail)
{
    for (size_t i = 0; i < FIELDS; i++) {
        const char *value = env_get(env, fields[i].variable);
        if (!value)
            continue;
        if (strlen(value) > REQUEST_VALUE_MAX) {
            *detail = "A header field or the address is too long.";
            return 400;
        }
        if (parse_has_control(span_of(value))) {
            *detail = "A header field or the address has control characters.";
            return 400;
        }
        *field_at(req, i) = value;
    }
    return 0;
}

/* Apache hides Authorization from CGIs; a RewriteRule that hands it over arrives under this name after an internal
 * redirect. A client cannot forge it: what it sends begins with HTTP_. */
static int authorization_read(struct request *req, char *const env[], const char **detail)
{
    const char *moved = env_get(env, "REDIRECT_HTTP_AUTHORIZATION");
    if (!moved || !*moved)
        return 0;
    if (strlen(moved) > REQUEST_VALUE_MAX || parse_has_control(span_of(moved)) ||
        (*req->authorization && strcmp(req->authorization, moved) != 0)) {
        *detail = "The Authorization header is not usable.";
        return 400;
    }
    req->authorization = moved;
    return 0;
}

static bool is_https(char *const env[])
{
    const char *https = env_get(env, "HTTPS"), *scheme = env_get(env, "REQUEST_SCHEME");
    return (https && *https && strcasecmp(https, "off") != 0) || (scheme && strcmp(scheme, "https") == 0);
}

static int env_read(struct request *req, char *const env[], const char **detail)
{
    req->method = method_parse(env_get(env, "REQUEST_METHOD"));
    req->https = is_https(env);
    int status = fields_read(req, env, detail);
    if (!status)
        status = authorization_read(req, env, detail);
    return status ? status : names_check(env, detail);
}

/* ---- body ---- */

static int length_read(char *const env[], size_t body_max, uint64_t *length, const char **detail)
{
    const char *declared = env_get(env, "CONTENT_LENGTH"), *coding = env_get(env, "HTTP_TRANSFER_ENCODING");
    if (!declared || !*declared) {
        *length = 0;
        *detail = "The body needs a Content-Length.";
        return coding && *coding ? 411 : 0;
    }
    int error = parse_u64(span_of(declared), body_max, length);
    *detail = error == LK_TOO_LARGE ? "The body is too large." : "The Content-Length is malformed.";
    return !error ? 0 : error == LK_TOO_LARGE ? 413 : 400;
}

static int body_read(struct request *req, size_t length, request_reader *read, void *context, const char **detail)
{
    char *to = length ? buf_reserve(&req->body_buf, length) : NULL;
    if (length && !to) {
        *detail = "The server could not read the request.";
        return 500;
    }
    for (size_t have = 0; have < length;) {
        int got = read(context, to + have, length - have);
        if (got <= 0) {
            *detail = got ? "The server could not read the request." : "The body is shorter than its Content-Length.";
            return got ? 500 : 400;
        }
        have += (size_t)got;
    }
    if (length)
        buf_grew(&req->body_buf, length);
    req->body = buf_all(&req->body_buf);
    return 0;
}

/* A server that cannot hand all of the body over may drop the answer with it, as mod_cgid and fcgiwrap do. */
static void body_discard(char *const env[], request_reader *read, void *context)
{
    char rest[4096];
    uint64_t length = 0;
    const char *declared = env_get(env, "CONTENT_LENGTH"), *coding = env_get(env, "HTTP_TRANSFER_ENCODING");
    bool open = (!declared || !*declared) && coding && *coding;
    if (open || parse_u64(span_of(declared ? declared : ""), REQUEST_DISCARD_MAX, &length) == LK_TOO_LARGE)
        length = REQUEST_DISCARD_MAX;
    while (length) {
        int got = read(context, rest, length < sizeof rest ? length : sizeof rest);
        if (got <= 0)
            return;
        length -= (uint64_t)got;
    }
}

int request_read(struct request *req, char *const env[], request_reader *read, void *context, size_t body_max,
                 const char **detail)
{
    uint8_t id[16];
    uint64_t length = 0;
    *req = (struct request){.method = METHOD_OTHER, .body_buf = BUF_INIT(body_max), .body = {"", 0}, .param = {"", 0}};
    for (size_t i = 0; i < FIELDS; i++)
        *field_at(req, i) = "";
    if (secret_random(id, sizeof id)) {
        *detail = "The server could not read the request.";
        return 500;
    }
    b64_encode(id, sizeof id, req->id);
    int status = env_read(req, env, detail);
    if (!status)
        status = length_read(env, body_max, &length, detail);
    if (status)
        body_discard(env, read, context);
    return status ? status : body_read(req, (size_t)length, read, context, detail);
}

void request_free(struct request *req)
{
    buf_free(&req->body_buf);
    req->body = (struct span){"", 0};
}

bool request_is(const struct request *req, const char *media_type)
{
    struct span sent = span_of(req->content_type), type;
    if (!span_next(&sent, ';', &type))
        return false;
    type = span_trim(type);
    return type.n == strlen(media_type) && strncasecmp(type.p, media_type, type.n) == 0;
}
