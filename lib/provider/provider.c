#include "provider/provider.h"

#include "base/error.h"

struct provider provider_of(const struct conf_provider *conf)
{
    return (struct provider){
        .name = conf->name,
        .issuer = conf->issuer,
        .audience = conf->audience,
        .jwks_url = conf->jwks_url,
        .algorithms = conf->algorithms,
        .cache = conf->cache,
        .helper = conf->fetch,
        .proxy = conf->proxy,
        .leeway = conf->leeway,
        .fresh = conf->fresh,
        .stale = conf->stale,
        .cooldown = conf->cooldown,
    };
}

const struct conf_provider *provider_named(const struct conf *conf, const char *name)
{
    for (size_t i = 0; i < conf->provider_count; i++)
        if (strcmp(conf->providers[i].name, name) == 0)
            return &conf->providers[i];
    return NULL;
}

const struct conf_provider *provider_issuing(const struct conf *conf, const char *issuer)
{
    for (size_t i = 0; i < conf->provider_count; i++)
        if (strcmp(conf->providers[i].issuer, issuer) == 0)
            return &conf->providers[i];
    return NULL;
}

int64_t provider_leeway(const struct conf *conf)
{
    int64_t most = 0;
    for (size_t i = 0; i < conf->provider_count; i++)
        if (conf->providers[i].leeway > most)
            most = conf->providers[i].leeway;
    return most;
}

/* Of two prefixes that fit, a subject belongs to the longer one: a provider without a prefix cannot name another's
 * users. */
static bool is_anothers(const struct conf *conf, size_t prefix, const char *subject)
{
    for (size_t i = 0; i < conf->provider_count; i++) {
        size_t n = strlen(conf->providers[i].subject_prefix);
        if (n > prefix && strncmp(subject, conf->providers[i].subject_prefix, n) == 0)
            return true;
    }
    return false;
}

int provider_subject(const struct conf *conf, const struct conf_provider *provider, const char *sub, struct buf *out)
{
    if (buf_str(out, provider->subject_prefix) || buf_str(out, sub))
        return out->error == LK_TOO_LARGE ? LK_JWT_CLAIMS : out->error;
    return is_anothers(conf, strlen(provider->subject_prefix), buf_cstr(out)) ? LK_JWT_CLAIMS : 0;
}
