/* latchkey-check policy FILE: is FILE a claims policy that can go live?
 * latchkey-check audit: is the audit table as it was written? */
#include <sysexits.h>
#include <unistd.h>

#include "auth/audit.h"
#include "auth/claims.h"
#include "base/conf.h"
#include "base/error.h"

#define FAULT_MAX 1024
#define BUSY_MS   2000

static const char usage[] = "usage: latchkey-check policy FILE\n"
                            "       latchkey-check audit\n";

/* ---- policy ----------------------------------------------------------------------------------------------------- */

static int check_policy(const char *const *args)
{
    struct claims_policy *policy = NULL;
    struct buf fault = BUF_INIT(FAULT_MAX);
    int error = *args[0] ? claims_load(args[0], &policy, &fault) : LK_NOT_FOUND;
    if (error)
        fprintf(stderr, "latchkey-check: %s\n", fault.n ? buf_cstr(&fault) : lk_error_text(error));
    else
        printf("%s: can go live\n", args[0]);
    claims_free(policy);
    buf_free(&fault);
    return error ? EX_CONFIG : 0;
}

/* ---- audit ------------------------------------------------------------------------------------------------------ */

static int report(const struct audit_state *s)
{
    if (s->broken) {
        fprintf(stderr,
                "latchkey-check: audit row %lld is not as it was written, or does not follow the one before it\n",
                (long long)s->broken);
        return 1;
    }
    printf("%lld rows, all as they were written", (long long)s->rows);
    if (s->unchained)
        printf(" (%lld of before the chain)", (long long)s->unchained);
    if (s->last) {
        printf("; last row %lld, hash ", (long long)s->last);
        for (size_t i = 0; i < sizeof s->hash; i++)
            printf("%02x", s->hash[i]);
    }
    printf("\n");
    return 0;
}

/* The database must be there: made by root, it would not be the web server's. */
static int verify(const struct conf *conf, struct audit_state *state, struct buf *fault)
{
    struct db *db = NULL;
    if (access(conf->store.path, F_OK)) {
        buf_printf(fault, "%s: %s", conf->store.path, lk_error_text(LK_NOT_FOUND));
        return LK_NOT_FOUND;
    }
    int error = db_open(conf->store.path, BUSY_MS, &db, fault);
    error = error ? error : audit_verify(db, state);
    if (error && db && !fault->n)
        buf_str(fault, db_fault(db));
    db_close(db);
    return error;
}

static int check_audit(const char *const *args)
{
    struct conf *conf = NULL;
    struct buf fault = BUF_INIT(FAULT_MAX);
    struct audit_state state;
    (void)args;
    int status = 0, error = conf_load(environ, &conf, &fault);
    if (error)
        status = EX_CONFIG;
    else if ((error = verify(conf, &state, &fault)) != 0)
        status = EX_UNAVAILABLE;
    if (error)
        fprintf(stderr, "latchkey-check: %s\n", fault.n ? buf_cstr(&fault) : lk_error_text(error));
    else
        status = report(&state);
    conf_free(conf);
    buf_free(&fault);
    return status;
}

/* ---- dispatch --------------------------------------------------------------------------------------------------- */

static const struct {
    const char *name;
    int args;
    int (*run)(const char *const *args);
} commands[] = {{"policy", 1, check_policy}, {"audit", 0, check_audit}};

int main(int argc, char **argv)
{
    const char *args[2] = {argc > 2 ? argv[2] : NULL, NULL};
    if (secret_init())
        return EX_SOFTWARE;
    for (size_t i = 0; argc > 1 && i < sizeof commands / sizeof commands[0]; i++)
        if (strcmp(argv[1], commands[i].name) == 0 && argc == commands[i].args + 2)
            return commands[i].run(args);
    fputs(usage, stderr);
    return EX_USAGE;
}
