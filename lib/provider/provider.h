#ifndef LK_PROVIDER_PROVIDER_H
#define LK_PROVIDER_PROVIDER_H

#include "base/conf.h"

/* One identity provider, as everything in this room sees it: a second provider is another instance. The strings belong
 * to the configuration. Durations are seconds. */
struct provider {
    const char *name; /* of its section; "" for the plain one */
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

struct provider provider_of(const struct conf_provider *conf);

/* The one of that name; NULL: none. */
const struct conf_provider *provider_named(const struct conf *conf, const char *name);

/* The one whose tokens say `issuer`, exactly; NULL: none. */
const struct conf_provider *provider_issuing(const struct conf *conf, const char *issuer);

/* The longest time that a proof is taken beyond its `exp`, whoever issued it. Seconds. */
int64_t provider_leeway(const struct conf *conf);

/* Our subject for one of the provider's: its prefix and `sub`, in the empty `out`. LK_JWT_CLAIMS: it is longer than
 * out->max, or it would be a subject of another provider, one with a longer prefix; LK_NOMEM. */
int provider_subject(const struct conf *conf, const struct conf_provider *provider, const char *sub, struct buf *out);

#endif
