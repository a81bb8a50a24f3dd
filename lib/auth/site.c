#include "auth/site.h"

#include <limits.h>

#include "auth/memo.h"
#include "keys/keyring.h"
#include "keys/signer.h"
#include "store/schema.h"

#define FAULT_MAX 1024

int site_open(char *const env[], struct site *out)
{
    *out = (struct site){.env = env,
                         .fault = BUF_INIT(FAULT_MAX),
                         .limits_fault = BUF_INIT(FAULT_MAX),
                         .ahead.token = BUF_INIT(JWS_MAX)};
    return conf_load(env, &out->conf, &out->fault);
}

static void forget_signer(struct site *site)
{
    jwk_free(site->signer);
    site->signer = NULL;
}

static void forget_memo(struct site *site)
{
    memo_free(site->memo);
    site->memo = NULL;
}

static void forget_verifiers(struct site *site)
{
    forget_memo(site);
    jwks_free(site->verifiers);
    site->verifiers = NULL;
}

static void forget_claims(struct site *site)
{
    forget_memo(site);
    claims_free(site->claims);
    site->claims = NULL;
}

static void forget_db(struct site *site)
{
    db_close(site->db);
    site->db = NULL;
}

static void forget_limits(struct site *site)
{
    db_close(site->limits);
    site->limits = NULL;
}

static void (*const forget[SITE_PARTS])(struct site *site) = {
    [SITE_SIGNER] = forget_signer, [SITE_VERIFIERS] = forget_verifiers, [SITE_CLAIMS] = forget_claims,
    [SITE_DB] = forget_db,         [SITE_LIMITS] = forget_limits,
};

static void drop(struct site *site, enum site_part part)
{
    watch_end(&site->watch[part]);
    forget[part](site);
}

void site_keep(struct site *site)
{
    site->kept = true;
    buf_reset(&site->fault);
    buf_reset(&site->limits_fault);
    site->refresh = (struct proof_refresh){0};
    site->limits_error = 0;
    site->ahead.id[0] = '\0';
    for (enum site_part part = 0; part < SITE_PARTS; part++)
        if (watch_changed(&site->watch[part]))
            drop(site, part);
    if (site->db && !db_rest(site->db))
        drop(site, SITE_DB);
    if (site->limits && !db_rest(site->limits))
        drop(site, SITE_LIMITS);
}

void site_close(struct site *site)
{
    for (enum site_part part = 0; part < SITE_PARTS; part++)
        drop(site, part);
    conf_free(site->conf);
    site->conf = NULL;
    buf_free(&site->fault);
    buf_free(&site->limits_fault);
    buf_free(&site->ahead.token);
}

void site_leave(struct site *site)
{
    forget_signer(site); /* wipes it */
    db_leave(site->db);
    db_leave(site->limits);
}

/* A process that ends with its request need not look. */
static void watch(struct site *site, enum site_part part, enum watch_kind kind, const char *dir, const char *name)
{
    if (site->kept)
        watch_begin(&site->watch[part], kind, dir, name);
}

int site_db(struct site *site)
{
    int64_t busy = site->conf->store.busy;
    int busy_ms = busy > INT_MAX / 1000 ? INT_MAX : (int)(busy * 1000);
    if (site->db)
        return 0;
    buf_reset(&site->fault);
    watch(site, SITE_DB, WATCH_IDENTITY, site->conf->store.path, NULL);
    return db_open(site->conf->store.path, busy_ms, &site->db, &site->fault);
}

/* Waiting for a count would cost more than the count is worth. */
#define LIMITS_BUSY_MS 1000

int site_limits(struct site *site)
{
    const struct db_options options = {site->conf->limits.path, LIMITS_BUSY_MS, limits_steps, limits_version, true};
    if (site->limits_error || site->limits)
        return site->limits_error;
    buf_reset(&site->limits_fault);
    watch(site, SITE_LIMITS, WATCH_IDENTITY, options.path, NULL);
    return db_open_with(&options, &site->limits, &site->limits_fault);
}

int site_signer(struct site *site)
{
    if (site->signer)
        return 0;
    buf_reset(&site->fault);
    const struct conf *conf = site->conf;
    watch(site, SITE_SIGNER, WATCH_LINK, conf->keys.directory, KEYRING_SIGNING);
    int error = keyring_signing_key(conf->keys.directory, site->env, &site->signer, &site->longest_token, &site->fault);
    if (!error)
        error = signer_attach(site->signer, &(struct signer_conf){conf->keys.signer, conf->keys.signer_key,
                                                                  conf->keys.signer_deadline, site->env, &site->fault});
    if (error)
        forget_signer(site);
    return error;
}

int64_t site_token_lifetime(const struct site *site)
{
    int64_t wanted = site->conf->token.lifetime;
    return wanted < site->longest_token ? wanted : site->longest_token;
}

int site_verifiers(struct site *site)
{
    if (site->verifiers)
        return 0;
    buf_reset(&site->fault);
    watch(site, SITE_VERIFIERS, WATCH_LINK, site->conf->keys.directory, KEYRING_JWKS);
    return keyring_verifying_keys(site->conf->keys.directory, site->env, &site->verifiers, &site->fault);
}

int site_claims(struct site *site)
{
    if (site->claims)
        return 0;
    buf_reset(&site->fault);
    if (*site->conf->claims.file)
        watch(site, SITE_CLAIMS, WATCH_LINK, site->conf->claims.file, NULL);
    return claims_load(site->conf->claims.file, &site->claims, &site->fault);
}
