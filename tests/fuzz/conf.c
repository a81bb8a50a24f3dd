/* latchkey.conf. Either one line says what is wrong, or every key has a value. */
#include "base/conf.h"
#include "base/error.h"
#include "base/parse.h"
#include "fuzz.h"

static bool is_text(enum conf_type type)
{
    return type != CONF_DURATION && type != CONF_COUNT && type != CONF_BOOL && type != CONF_ACCEPT && type != CONF_RATE;
}

static void has_value(const struct conf_key *key, const void *in)
{
    const void *field = (const char *)in + key->offset;
    if (is_text(key->type))
        HOLDS(*(const char *const *)field && !parse_has_control(span_of(*(const char *const *)field)));
    if (key->type == CONF_DURATION)
        HOLDS(*(const int64_t *)field >= 0);
    if (key->type == CONF_RATE)
        HOLDS(((const struct conf_rate *)field)->count == 0 || ((const struct conf_rate *)field)->period > 0);
}

static void is_whole(const struct conf *conf)
{
    HOLDS(conf->provider_count >= 1 && conf->provider_count <= CONF_PROVIDERS_MAX);
    for (size_t i = 0; i < conf_key_count; i++) {
        if (strcmp(conf_keys[i].section, "provider") != 0)
            has_value(&conf_keys[i], conf);
        for (size_t p = 0; p < conf->provider_count && strcmp(conf_keys[i].section, "provider") == 0; p++)
            has_value(&conf_keys[i], &conf->providers[p]);
    }
    HOLDS(*conf->site.issuer);
    for (size_t p = 0; p < conf->provider_count; p++) {
        HOLDS(*conf->providers[p].issuer && *conf->providers[p].jwks_url);
        HOLDS(conf->providers[p].allow_file || strncmp(conf->providers[p].jwks_url, "http", 4) == 0);
        for (size_t other = 0; other < p; other++)
            HOLDS(strcmp(conf->providers[p].issuer, conf->providers[other].issuer) != 0);
    }
}

/* What says everything twice is refused: two keys are required, so there is one to double. */
static void is_refused_twice(struct span text)
{
    struct conf *conf = NULL;
    struct buf twice = BUF_INIT(1U << 21), fault = BUF_INIT(4096);
    buf_span(&twice, text);
    buf_str(&twice, "\n");
    HOLDS(buf_span(&twice, text) == 0);
    HOLDS(conf_parse("twice", buf_all(&twice), NULL, &conf, &fault) == LK_CONFIG);
    buf_free(&twice);
    buf_free(&fault);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct conf *conf = NULL;
    struct buf fault = BUF_INIT(4096);
    int error = conf_parse("latchkey.conf", input_of(data, size), NULL, &conf, &fault);
    HOLDS(error == 0 || error == LK_CONFIG);
    HOLDS((error == 0) == (fault.n == 0));
    HOLDS(!parse_has_control(buf_all(&fault)));
    if (!error) {
        is_whole(conf);
        is_refused_twice(input_of(data, size));
    }
    conf_free(conf);
    buf_free(&fault);
    return 0;
}
