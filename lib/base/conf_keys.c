#include "base/conf.h"

/* The single source of what latchkey.conf may say: the parser reads it, docs/configuration.md and the sample are
 * checked against it. */
#define AT(section, field) offsetof(struct conf, section.field)
#define OF(field)          offsetof(struct conf_provider, field)

const struct conf_key conf_keys[] = {
    {"site", "issuer", CONF_URL, AT(site, issuer), NULL,
     "The `iss` of this site's own tokens: its public https address, without a trailing slash."},
    {"site", "audience", CONF_STRING, AT(site, audience), "@site.issuer", "The `aud` of this site's own tokens."},
    {"site", "client_id", CONF_NAME, AT(site, client_id), "latchkey",
     "The `client_id` of this site's own tokens (RFC 9068)."},
    {"site", "url", CONF_URL, AT(site, url), "@site.issuer/cgi-bin",
     "Public address of the directory that holds the CGIs; its origin may always use them from a browser."},
    {"site", "origins", CONF_ORIGINS, AT(site, origins), "",
     "Further browser origins that may call with the cookie and by CORS, separated by spaces."},
    {"provider", "issuer", CONF_URL, OF(issuer), NULL, "BetterAuth's base URL: the `iss` that its tokens must carry."},
    {"provider", "audience", CONF_STRING, OF(audience), "@provider.issuer",
     "The `aud` that BetterAuth's tokens must carry."},
    {"provider", "jwks_url", CONF_JWKS_URL, OF(jwks_url), "@provider.issuer/api/auth/jwks",
     "Where BetterAuth publishes its keys: https, or http on a loopback address; or a file, if `allow_file` says so."},
    {"provider", "algorithms", CONF_ALGORITHMS, OF(algorithms), "EdDSA ES256 ES512 RS256 PS256",
     "The signature algorithms that are accepted from BetterAuth, separated by spaces."},
    {"provider", "cache", CONF_PATH, OF(cache), LATCHKEY_STATE_DIR "/provider/jwks.cache",
     "The file that caches BetterAuth's keys; its directory must be writable for the web server's user."},
    {"provider", "fetch", CONF_PATH, OF(fetch), LATCHKEY_LIBEXEC_DIR "/jwks-fetch",
     "The helper program that fetches BetterAuth's keys."},
    {"provider", "proxy", CONF_STRING, OF(proxy), "",
     "HTTP proxy for fetching BetterAuth's keys; without it no proxy is used, whatever the environment says."},
    {"provider", "leeway", CONF_DURATION, OF(leeway), "60s", "How far BetterAuth's clock and ours may differ."},
    {"provider", "fresh", CONF_DURATION, OF(fresh), "10m",
     "How long fetched keys are used without asking again, if BetterAuth does not say."},
    {"provider", "stale", CONF_DURATION, OF(stale), "24h",
     "How long fetched keys are used while BetterAuth cannot be reached."},
    {"provider", "cooldown", CONF_DURATION, OF(cooldown), "30s", "The shortest time between two attempts to fetch."},
    {"provider", "subject_prefix", CONF_STRING, OF(subject_prefix), "",
     "What is put before the `sub` of this provider's tokens to make our `sub`."},
    {"provider", "allow_file", CONF_BOOL, OF(allow_file), "no",
     "Whether `jwks_url` may be a `file:` URL, for a site without a way to the provider."},
    {"keys", "directory", CONF_PATH, AT(keys, directory), LATCHKEY_STATE_DIR "/keys",
     "The directory of the signing keys and of jwks.json."},
    {"keys", "rotation", CONF_DURATION, AT(keys, rotation), "90d", "How long a key signs before it should be rotated."},
    {"keys", "lag", CONF_DURATION, AT(keys, lag), "1m", "Until a published file is seen by every host of the site."},
    {"keys", "remote_cache", CONF_DURATION, AT(keys, remote_cache), "15m",
     "How long verifiers elsewhere may cache jwks.json."},
    {"keys", "margin", CONF_DURATION, AT(keys, margin), "1m",
     "Safety margin that is added to each gate of a rotation."},
    {"keys", "leeway", CONF_DURATION, AT(keys, leeway), "60s",
     "How far the clocks of this site's hosts may differ when its own tokens are verified."},
    {"keys", "skew", CONF_DURATION, AT(keys, skew), "1m",
     "How far the clocks of hosts may differ when a retired key leaves jwks.json."},
    {"keys", "cron", CONF_DURATION, AT(keys, cron), "1d", "How often `keytool maintain` runs."},
    {"keys", "signer", CONF_STRING, AT(keys, signer), "",
     "`command:/path` of the program that signs with a key that is elsewhere: an HSM, a key service."},
    {"keys", "signer_key", CONF_STRING, AT(keys, signer_key), "",
     "What that program's HSM or key service calls the key; it gets it as LATCHKEY_SIGNER_KEY."},
    {"keys", "signer_deadline", CONF_DURATION, AT(keys, signer_deadline), "5s",
     "How long that program may take; then the answer is 503."},
    {"token", "lifetime", CONF_DURATION, AT(token, lifetime), "15m", "Lifetime of an access token."},
    {"api", "accept", CONF_ACCEPT, AT(api, accept), "own",
     "Whose tokens the API takes: this site's own access tokens, those of a provider directly, or both."},
    {"session", "cookie", CONF_NAME, AT(session, cookie), "latchkey",
     "Name of the refresh cookie; the prefix __Host- is added."},
    {"session", "grace", CONF_DURATION, AT(session, grace), "10s",
     "How long a repeated request gets the answer again that it may have lost."},
    {"session", "idle", CONF_DURATION, AT(session, idle), "7d", "A session that is not refreshed for so long ends."},
    {"session", "absolute", CONF_DURATION, AT(session, absolute), "30d",
     "A session ends so long after its exchange, however much it is used."},
    {"session", "per_user", CONF_COUNT, AT(session, per_user), "50",
     "Sessions per user; the one that was idle longest ends first."},
    {"store", "path", CONF_PATH, AT(store, path), LATCHKEY_STATE_DIR "/data/latchkey.db",
     "The SQLite database; its directory must be writable for the web server's user."},
    {"store", "busy", CONF_DURATION, AT(store, busy), "2s",
     "How long to wait for another writer before answering 503."},
    {"limits", "path", CONF_PATH, AT(limits, path), "@store.path-limits",
     "The SQLite database of the rate limits; its directory must be writable for the web server's user."},
    {"limits", "exchange_address", CONF_RATE, AT(limits, exchange_address), "60/1m",
     "Exchanges from one address, or from one /64 of IPv6; 0 sets no limit."},
    {"limits", "exchange_subject", CONF_RATE, AT(limits, exchange_subject), "30/10m",
     "Exchanges of one user; 0 sets no limit."},
    {"limits", "refresh_family", CONF_RATE, AT(limits, refresh_family), "30/1m",
     "Refreshes of one session; 0 sets no limit."},
    {"limits", "todos_user", CONF_RATE, AT(limits, todos_user), "0",
     "Requests of one user to the API; 0 sets no limit."},
    {"limits", "failures", CONF_COUNT, AT(limits, failures), "10",
     "Failed attempts of one kind that an address has free, one forgiven each minute; 0 never delays."},
    {"limits", "lockout", CONF_DURATION, AT(limits, lockout), "15m",
     "The longest delay after a failed attempt; it begins with a second and doubles."},
    {"limits", "required", CONF_BOOL, AT(limits, required), "no",
     "Whether the token endpoints answer 503 when the limits' database cannot be used, instead of going on without."},
    {"audit", "retention", CONF_DURATION, AT(audit, retention), "90d", "How long rows of the audit table are kept."},
    {"audit", "outsiders", CONF_RATE, AT(audit, outsiders), "60/10m",
     "Rows that requests without a session can add to the audit table, all together; 0 sets no limit."},
    {"claims", "file", CONF_PATH, AT(claims, file), "",
     "The claims policy, claims.json; without it everybody is `user` and BetterAuth's admins are `admin` too."},
    {"process", "memory", CONF_COUNT, AT(process, memory), "268435456",
     "Address space of one CGI process in bytes; 0 sets no limit."},
    {"process", "run", CONF_DURATION, AT(process, run), "30s", "Longest life of one CGI request."},
    {"fastcgi", "workers", CONF_COUNT, AT(fastcgi, workers), "2",
     "Processes that serve one FastCGI socket; 0 serves in the one that was started, and nothing replaces it."},
    {"fastcgi", "requests", CONF_COUNT, AT(fastcgi, requests), "10000",
     "A worker is replaced after so many requests; 0 sets no limit."},
    {"fastcgi", "memory", CONF_COUNT, AT(fastcgi, memory), "67108864",
     "A worker whose resident memory was ever larger, in bytes, is replaced; 0 sets no limit."},
};

const size_t conf_key_count = sizeof conf_keys / sizeof conf_keys[0];

static const struct {
    const char *key;
    const char *def;
} named[] = {{"cache", LATCHKEY_STATE_DIR "/provider/{name}.cache"}, {"subject_prefix", "{name}:"}};

const char *conf_named_default(const struct conf_key *key)
{
    for (size_t i = 0; i < sizeof named / sizeof named[0]; i++)
        if (strcmp(key->section, "provider") == 0 && strcmp(key->key, named[i].key) == 0)
            return named[i].def;
    return NULL;
}
