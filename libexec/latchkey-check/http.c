#include "inspect.h"

#include <strings.h>

#define TOTAL_MS   8000L
#define CONNECT_MS 3000L

static size_t on_body(char *bytes, size_t size, size_t n, void *context)
{
    struct reply *reply = context;
    return buf_add(&reply->body, bytes, size * n) ? 0 : size * n;
}

static size_t on_field(char *bytes, size_t size, size_t n, void *context)
{
    struct reply *reply = context;
    struct span line = {bytes, size * n};
    char date[64];
    if (line.n > 5 && line.n < sizeof date && strncasecmp(line.p, "date:", 5) == 0) {
        snprintf(date, sizeof date, "%.*s", (int)(line.n - 5), line.p + 5);
        time_t at = curl_getdate(date, NULL);
        reply->date = at > 0 ? at : 0;
    }
    reply_field(reply, line);
    return size * n;
}

static struct curl_slist *fields_of(const struct ask *ask)
{
    /* Neither of these that libcurl would add by itself. */
    struct curl_slist *fields = curl_slist_append(NULL, "Expect:");
    for (size_t i = 0; fields && i < sizeof ask->fields / sizeof ask->fields[0] && ask->fields[i]; i++) {
        struct curl_slist *more = curl_slist_append(fields, ask->fields[i]);
        if (!more)
            curl_slist_free_all(fields);
        fields = more;
    }
    return fields;
}

/* As in jwks-fetch, nothing is left to the environment or to files. */
static bool set_up(CURL *curl, const struct options *o, const struct ask *ask, struct curl_slist *fields,
                   struct curl_slist *connect_to, struct reply *reply)
{
    CURLcode bad = CURLE_OK;
    curl_easy_reset(curl);
#define SET(option, value) (bad = bad ? bad : curl_easy_setopt(curl, option, value))
    SET(CURLOPT_URL, ask->url);
    SET(CURLOPT_CUSTOMREQUEST, ask->method);
#if LIBCURL_VERSION_NUM >= 0x075500
    SET(CURLOPT_PROTOCOLS_STR, "http,https");
#else
    SET(CURLOPT_PROTOCOLS, (long)(CURLPROTO_HTTP | CURLPROTO_HTTPS));
#endif
    SET(CURLOPT_PROXY, ask->proxy ? ask->proxy : "");
    SET(CURLOPT_NOPROXY, "localhost,127.0.0.1,::1");
    SET(CURLOPT_NETRC, (long)CURL_NETRC_IGNORED);
    SET(CURLOPT_NOSIGNAL, 1L);
    SET(CURLOPT_TIMEOUT_MS, TOTAL_MS);
    SET(CURLOPT_CONNECTTIMEOUT_MS, CONNECT_MS);
    SET(CURLOPT_USERAGENT, "latchkey-check/" LATCHKEY_VERSION);
    SET(CURLOPT_HTTPHEADER, fields);
    SET(CURLOPT_WRITEFUNCTION, on_body);
    SET(CURLOPT_WRITEDATA, reply);
    SET(CURLOPT_HEADERFUNCTION, on_field);
    SET(CURLOPT_HEADERDATA, reply);
    SET(CURLOPT_ERRORBUFFER, NULL);
    if (ask->body)
        SET(CURLOPT_POSTFIELDS, ask->body);
    if (ask->site && o->cacert)
        SET(CURLOPT_CAINFO, o->cacert);
    if (connect_to)
        SET(CURLOPT_CONNECT_TO, connect_to);
#undef SET
    return bad == CURLE_OK;
}

void http_ask(CURL *curl, const struct options *options, const struct ask *ask, struct reply *reply)
{
    struct buf to = BUF_INIT(512);
    struct curl_slist *fields = fields_of(ask), *connect_to = NULL;
    reply_init(reply);
    if (ask->site && options->connect_to) {
        buf_printf(&to, "::%s", options->connect_to);
        connect_to = curl_slist_append(NULL, buf_cstr(&to));
    }
    CURLcode done =
        fields && set_up(curl, options, ask, fields, connect_to, reply) ? curl_easy_perform(curl) : CURLE_FAILED_INIT;
    if (done == CURLE_OK || reply->body.error) /* one that is too large is an answer too, cut off */
        curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &reply->status);
    else
        snprintf(reply->fault, sizeof reply->fault, "%s", curl_easy_strerror(done));
    curl_slist_free_all(fields);
    curl_slist_free_all(connect_to);
    buf_free(&to);
}
