#ifndef LK_BASE_CONF_H
#define LK_BASE_CONF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"

#define CONF_PROVIDERS_MAX     16
#define CONF_PROVIDER_NAME_MAX 32

/* One [provider] section. */
struct conf_provider {
    const char *name; /* of [provider NAME]; "" for the plain [provider] */
    const char *issuer;
    const char *audience;
    const char *jwks_url;   /* a file: URL only with allow_file */
    const char *algorithms; /* list of JWS algorithm names */
    const char *cache;      /* path */
    const char *fetch;      /* path of jwks-fetch */
    const char *proxy;
    const char *subject_prefix;
    int64_t leeway;
    int64_t fresh;
    int64_t stale;
    int64_t cooldown;
    bool allow_file;
};

/* Whose tokens the API takes. */
enum conf_accept { ACCEPT_OWN, ACCEPT_PROVIDER, ACCEPT_BOTH };

/* "30/1m": so many in that time. count 0: no limit. */
struct conf_rate {
    uint64_t count;
    int64_t period; /* seconds */
};

/* latchkey.conf. Every key is one row of conf_keys[] and one field of struct conf; nothing else knows their names.
 * Strings are never NULL: an optional one that is absent is "". Durations are seconds. Lists are space separated. */
struct conf {
    struct {
        const char *issuer;    /* `iss` of our tokens */
        const char *audience;  /* `aud` of our tokens */
        const char *client_id; /* `client_id` of our tokens, RFC 9068 */
        const char *url;       /* public URL of the directory of the CGIs */
        const char *origins;   /* list of browser origins that may use cookies and CORS */
    } site;
    struct conf_provider providers[CONF_PROVIDERS_MAX]; /* the plain one first, then as the file has them */
    size_t provider_count;                              /* 1 or more */
    struct {
        const char *directory;
        int64_t rotation;
        int64_t lag;
        int64_t remote_cache;
        int64_t margin;
        int64_t leeway;
        int64_t skew;
        int64_t cron;
        const char *signer; /* "" or "command:/path" */
        const char *signer_key;
        int64_t signer_deadline;
    } keys;
    struct {
        int64_t lifetime;
    } token;
    struct {
        enum conf_accept accept;
    } api;
    struct {
        const char *cookie; /* name without the __Host- prefix */
        int64_t grace;
        int64_t idle;
        int64_t absolute;
        uint64_t per_user;
    } session;
    struct {
        const char *path;
        int64_t busy;
    } store;
    struct {
        const char *path;
        struct conf_rate exchange_address;
        struct conf_rate exchange_subject;
        struct conf_rate refresh_family;
        struct conf_rate todos_user;
        uint64_t failures; /* 0: failures have no delay */
        int64_t lockout;
        bool required;
    } limits;
    struct {
        int64_t retention;
        struct conf_rate outsiders;
    } audit;
    struct {
        const char *file;
    } claims;
    struct {
        uint64_t memory; /* bytes of address space; 0: no limit */
        int64_t run;     /* longest life of one CGI request */
        bool confine;
        bool seccomp;
    } process;
    struct {
        uint64_t workers;  /* 0: no supervisor */
        uint64_t requests; /* 0: no limit */
        uint64_t memory;   /* bytes; 0: no limit */
    } fastcgi;
    struct buf text; /* holds the strings */
};

enum conf_type {
    CONF_STRING,
    CONF_PATH,
    CONF_URL,
    CONF_JWKS_URL,
    CONF_ORIGINS,
    CONF_ALGORITHMS,
    CONF_NAME,
    CONF_DURATION,
    CONF_COUNT,
    CONF_BOOL,
    CONF_ACCEPT,
    CONF_RATE
};

struct conf_key {
    const char *section;
    const char *key;
    enum conf_type type;
    size_t offset;   /* of the field in struct conf; of the section provider: in struct conf_provider */
    const char *def; /* the default as it would be written; NULL: required; "@section.key": that key's value */
    const char *doc; /* one sentence */
};

extern const struct conf_key conf_keys[];
extern const size_t conf_key_count;

/* The defaults that are others in a section [provider NAME]; {name} stands for NAME. NULL: it is the table's. */
const char *conf_named_default(const struct conf_key *key);

const char *conf_type_name(enum conf_type type);

/* The file that conf_load reads. */
const char *conf_path(char *const env[]);

/* Reads the file named by LATCHKEY_CONF in `env`, or the compiled-in path, then the LATCHKEY_<SECTION>_<KEY> overrides
 * (of the providers, the plain one's only).
 * On failure LK_CONFIG (or LK_NOMEM), and `fault` holds one line naming file, line and key.
 * The caller frees `*out` with conf_free. */
int conf_load(char *const env[], struct conf **out, struct buf *fault);

/* The same over a text in memory; `name` stands for the file in messages; `env` may be NULL. */
int conf_parse(const char *name, struct span text, char *const env[], struct conf **out, struct buf *fault);
void conf_free(struct conf *conf);

/* True when the space separated `list` has `word`. */
bool conf_list_has(const char *list, const char *word);

/* The path of a file: URL, inside it; NULL for another one. */
const char *conf_file_path(const char *url);

/* The value of `name` in an environment array, or NULL. */
const char *env_get(char *const env[], const char *name);

#endif
