#ifndef LK_PROVIDER_PROVIDER_H
#define LK_PROVIDER_PROVIDER_H

#include "base/conf.h"

/* One identity provider, as everything in this room sees it: a second provider is another instance. The strings belong
 * to the configuration. Durations are seconds. */
struct provider {
    const char *issuer;
    const char *audience;
    const char *jwks_url;
    const char *algorithms; /* list of JWS algorithm names */
    const char *cache;      /* path of the cache file; its companions lie beside it */
    const char *helper;     /* path of jwks-fetch */
    const char *proxy;      /* "" for none */
    int64_t leeway;
    int64_t fresh;
    int64_t stale;
    int64_t cooldown;
};

struct provider provider_of(const struct conf *conf);

#endif
