#ifndef LK_BASE_CONF_H
#define LK_BASE_CONF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"

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
    struct {
        const char *issuer;
        const char *audience;
        const char *jwks_url;
        const char *algorithms; /* list of JWS algorithm names */
        const char *cache;      /* path */
        const char *fetch;      /* path of jwks-fetch */
        const char *proxy;
        int64_t leeway;
        int64_t fresh;
        int64_t stale;
        int64_t cooldown;
    } provider;
    struct {
        const char *directory;
        int64_t rotation;
        int64_t lag;
        int64_t remote_cache;
        int64_t margin;
        int64_t leeway;
    } keys;
    struct {
        int64_t lifetime;
    } token;
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
        const char *file;
    } claims;
    struct {
        uint64_t memory; /* bytes of address space; 0: no limit */
        int64_t run;     /* longest life of one CGI request */
    } process;
    struct buf text; /* holds the strings */
};

enum conf_type {
    CONF_STRING,
    CONF_PATH,
    CONF_URL,
    CONF_ORIGINS,
    CONF_ALGORITHMS,
    CONF_NAME,
    CONF_DURATION,
    CONF_COUNT
};

struct conf_key {
    const char *section;
    const char *key;
    enum conf_type type;
    size_t offset;   /* of the field in struct conf */
    const char *def; /* the default as it would be written; NULL: required; "@section.key": that key's value */
    const char *doc; /* one sentence */
};

extern const struct conf_key conf_keys[];
extern const size_t conf_key_count;
const char *conf_type_name(enum conf_type type);

/* Reads the file named by LATCHKEY_CONF in `env`, or the compiled-in path, then the LATCHKEY_<SECTION>_<KEY> overrides.
 * On failure LK_CONFIG (or LK_NOMEM), and `fault` holds one line naming file, line and key.
 * The caller frees `*out` with conf_free. */
int conf_load(char *const env[], struct conf **out, struct buf *fault);

/* The same over a text in memory; `name` stands for the file in messages; `env` may be NULL. */
int conf_parse(const char *name, struct span text, char *const env[], struct conf **out, struct buf *fault);
void conf_free(struct conf *conf);

/* True when the space separated `list` has `word`. */
bool conf_list_has(const char *list, const char *word);

/* The value of `name` in an environment array, or NULL. */
const char *env_get(char *const env[], const char *name);

#endif
