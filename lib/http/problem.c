#include "http/problem.h"

#include "base/error.h"

static const struct {
    int status;
    const char *text;
} statuses[] = {
    {200, "OK"},
    {201, "Created"},
    {202, "Accepted"},
    {204, "No Content"},
    {303, "See Other"},
    {304, "Not Modified"},
    {400, "Bad Request"},
    {401, "Unauthorized"},
    {403, "Forbidden"},
    {404, "Not Found"},
    {405, "Method Not Allowed"},
    {406, "Not Acceptable"},
    {409, "Conflict"},
    {410, "Gone"},
    {411, "Length Required"},
    {412, "Precondition Failed"},
    {413, "Content Too Large"},
    {415, "Unsupported Media Type"},
    {422, "Unprocessable Content"},
    {428, "Precondition Required"},
    {429, "Too Many Requests"},
    {431, "Request Header Fields Too Large"},
    {500, "Internal Server Error"},
    {501, "Not Implemented"},
    {503, "Service Unavailable"},
    {504, "Gateway Timeout"},
};

const char *status_text(int status)
{
    for (size_t i = 0; i < sizeof statuses / sizeof statuses[0]; i++)
        if (statuses[i].status == status)
            return statuses[i].text;
    return "Unknown";
}

static void respond(struct response *res, int status, const char *media_type, json_t *members)
{
    if (members)
        response_json(res, status, media_type, members);
    else
        res->body.error = LK_NOMEM;
    json_decref(members);
}

void problem(struct response *res, int status, const char *detail)
{
    respond(res, status, "application/problem+json",
            json_pack("{s:s, s:s, s:i, s:s*}", "type", "about:blank", "title", status_text(status), "status", status,
                      "detail", detail));
}

void problem_errors(struct response *res, int status, const char *detail, json_t *errors)
{
    respond(res, status, "application/problem+json",
            json_pack("{s:s, s:s, s:i, s:s, s:O}", "type", "about:blank", "title", status_text(status), "status",
                      status, "detail", detail, "errors", errors));
}

void oauth_error(struct response *res, int status, const char *error, const char *description)
{
    if (!response_has(res, "Cache-Control"))
        response_header(res, "Cache-Control", "no-store");
    respond(res, status, "application/json",
            json_pack("{s:s, s:s*}", "error", error, "error_description", description));
}
