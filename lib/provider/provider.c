#include "provider/provider.h"

struct provider provider_of(const struct conf *conf)
{
    return (struct provider){
        .issuer = conf->provider.issuer,
        .audience = conf->provider.audience,
        .jwks_url = conf->provider.jwks_url,
        .algorithms = conf->provider.algorithms,
        .cache = conf->provider.cache,
        .helper = conf->provider.fetch,
        .proxy = conf->provider.proxy,
        .leeway = conf->provider.leeway,
        .fresh = conf->provider.fresh,
        .stale = conf->provider.stale,
        .cooldown = conf->provider.cooldown,
    };
}
