#include "auth/site.h"

#include <limits.h>

#include "keys/keyring.h"
#include "keys/signer.h"
#include "store/schema.h"

#define FAULT_MAX 1024

int site_open(char *const env[], struct site *out)
{
    *out = (struct site){.env = env, .fault = BUF_INIT(FAULT_MAX), .limits_fault = BUF_INIT(FAULT_MAX)};
    return conf_load(env, &out->conf, &out->fault);
}

void site_forget(struct site *site)
{
    jwk_free(site->signer);
    jwks_free(site->verifiers);
    claims_free(site->claims);
    site->signer = NULL;
    site->verifiers = NULL;
    site->claims = NULL;
}

void site_close(struct site *site)
{
    site_forget(site);
    db_close(site->db);
    db_close(site->limits);
    site->limits = NULL;
    if (site->conf)
        conf_free(site->conf);
    buf_free(&site->fault);
    buf_free(&site->limits_fault);
    site->db = NULL;
    site->conf = NULL;
}

int site_db(struct site *site)
{
    int64_t busy = site->conf->store.busy;
    int busy_ms = busy > INT_MAX / 1000 ? INT_MAX : (int)(busy * 1000);
    if (site->db)
        return 0;
    buf_reset(&site->fault);
    return db_open(site->conf->store.path, busy_ms, &site->db, &site->fault);
}

/* Waiting for a count would cost more than the count is worth. */
#define LIMITS_BUSY_MS 1000

int site_limits(struct site *site)
{
    const struct db_options options = {site->conf->limits.path, LIMITS_BUSY_MS, limits_steps, limits_version, true};
    if (site->limits)
        return 0;
    buf_reset(&site->limits_fault);
    return db_open_with(&options, &site->limits, &site->limits_fault);
}

int site_signer(struct site *site)
{
    if (site->signer)
        return 0;
    buf_reset(&site->fault);
    const struct conf *conf = site->conf;
    int error = keyring_signing_key(conf->keys.directory, site->env, &site->signer, &site->fault);
    if (!error)
        error = signer_attach(site->signer, &(struct signer_conf){conf->keys.signer, conf->keys.signer_key,
                                                                  conf->keys.signer_deadline, site->env, &site->fault});
    if (error) {
        jwk_free(site->signer);
        site->signer = NULL;
    }
    return error;
}

int site_verifiers(struct site *site)
{
    if (site->verifiers)
        return 0;
    buf_reset(&site->fault);
    return keyring_verifying_keys(site->conf->keys.directory, site->env, &site->verifiers, &site->fault);
}

int site_claims(struct site *site)
{
    if (site->claims)
        return 0;
    buf_reset(&site->fault);
    return claims_load(site->conf->claims.file, &site->claims, &site->fault);
}
