#ifndef LATCHKEY_CHECK_INSPECT_H
#define LATCHKEY_CHECK_INSPECT_H

#include <curl/curl.h>

#include "auth/site.h"
#include "check/reply.h"

/* latchkey-check without a command: the site that latchkey.conf describes. */

struct options {
    const char *url;        /* instead of [site] url; NULL: none */
    const char *user;       /* the web server's user; NULL: the owner of the database's directory */
    const char *cacert;     /* PEM file of the authority that vouches for the site; NULL: those of the system */
    const char *connect_to; /* HOST:PORT of the server, whatever the site's name resolves to; NULL: as it resolves */
    bool json;
    bool offline;
};

/* A clock of somebody else, and ours when its answer came. Seconds since the epoch; 0: unknown. */
struct clocks {
    int64_t theirs, ours;
};

struct inspection {
    const struct options *options;
    struct site site; /* open as the web server's user, once that is who we are */
    char user[64];    /* who that is */
    CURL *curl;
    struct reply cookie; /* of the request with a cookie */
    struct clocks server;
    struct clocks provider[CONF_PROVIDERS_MAX];
};

/* Makes every check, prints the report, and returns the exit status. */
int inspect(const struct options *options);

/* What the checks of the table give to later ones. */
enum {
    HAS_CONF = 1,
    HAS_USER = 2,   /* the process is the web server's user */
    HAS_SITE = 4,   /* and has read the configuration */
    HAS_SIGNER = 8, /* ... the active key */
    HAS_KEYS = 16,  /* ... and that fits jwks.json */
    HAS_CLAIMS = 32,
    HAS_DATA = 64,   /* ... and can write where the databases are */
    HAS_FILES = 128, /* ... and them */
    HAS_DB = 256,
    HAS_NET = 512, /* requests may be made */
    HAS_PROVIDER = 1024,
    HAS_SERVER = 2048,
    HAS_COOKIE = 4096,
};

/* ---- the checks, each of the form that struct check has ---- */

enum verdict check_configuration(void *context, struct finding *f);
enum verdict check_key_directory(void *context, struct finding *f);
enum verdict check_user(void *context, struct finding *f);
enum verdict check_access(void *context, struct finding *f);
enum verdict check_signer(void *context, struct finding *f);
enum verdict check_pair(void *context, struct finding *f);
enum verdict check_claims(void *context, struct finding *f);
enum verdict check_data(void *context, struct finding *f);
enum verdict check_files(void *context, struct finding *f);
enum verdict check_database(void *context, struct finding *f);
enum verdict check_limits(void *context, struct finding *f);
enum verdict check_space(void *context, struct finding *f);
enum verdict check_cache(void *context, struct finding *f);
enum verdict check_key_clock(void *context, struct finding *f);

enum verdict check_provider(void *context, struct finding *f);
enum verdict check_provider_clock(void *context, struct finding *f);
enum verdict check_server(void *context, struct finding *f);
enum verdict check_server_clock(void *context, struct finding *f);
enum verdict check_authorization(void *context, struct finding *f);
enum verdict check_post(void *context, struct finding *f);
enum verdict check_body(void *context, struct finding *f);
enum verdict check_cookie(void *context, struct finding *f);
enum verdict check_set_cookie(void *context, struct finding *f);
enum verdict check_path(void *context, struct finding *f);
enum verdict check_proxy(void *context, struct finding *f);
enum verdict check_jwks(void *context, struct finding *f);

/* ---- a request ---- */

struct ask {
    const char *method;
    const char *url;
    const char *fields[4]; /* "Name: value"; NULL ends them */
    const char *body;      /* NULL: none, and no Content-Length either */
    const char *proxy;     /* of a provider; "" or NULL: none */
    bool site;             /* --cacert and --connect-to hold for it */
};

/* One request and its answer; nothing is followed. reply->status is 0 when there is none. reply_free is due. */
void http_ask(CURL *curl, const struct options *options, const struct ask *ask, struct reply *reply);

#endif
