/* latchkey-check: is the installed site as it should be?
 * latchkey-check policy FILE: is FILE a claims policy that can go live?
 * latchkey-check audit: is the audit table as it was written? */
#include <getopt.h>
#include <sysexits.h>
#include <unistd.h>

#include "auth/audit.h"
#include "auth/claims.h"
#include "base/conf.h"
#include "base/error.h"
#include "latchkey-check/inspect.h"

#define FAULT_MAX 1024
#define BUSY_MS   2000

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

/* ---- the command line -------------------------------------------------------------------------------------------- */

enum { CACERT = 256, CONNECT_TO, JSON, OFFLINE, URL, USER, VERSION };

static const struct choice {
    const char *name;
    int letter;
    const char *argument;
    const char *help;
} choices[] = {
    {"cacert", CACERT, "FILE", "the authority that vouches for the site's certificate"},
    {"config", 'c', "FILE", "read this configuration instead of the usual one"},
    {"connect-to", CONNECT_TO, "HOST:PORT", "where the site's server is, whatever its name resolves to"},
    {"help", 'h', NULL, "print this"},
    {"json", JSON, NULL, "answer with a JSON object"},
    {"offline", OFFLINE, NULL, "look at files only, make no request"},
    {"url", URL, "URL", "the directory of the CGIs, instead of [site] url"},
    {"user", USER, "NAME", "the web server's user, instead of the owner of the database's directory"},
    {"version", VERSION, NULL, "print the version"},
};
#define CHOICES (sizeof choices / sizeof choices[0])

static const struct {
    const char *name;
    int args;
    int (*run)(const char *const *args);
} commands[] = {{"policy", 1, check_policy}, {"audit", 0, check_audit}};

static int usage(FILE *to, int status)
{
    fputs("usage: latchkey-check [options]\n"
          "       latchkey-check [options] policy FILE\n"
          "       latchkey-check [options] audit\n",
          to);
    for (size_t i = 0; i < CHOICES; i++)
        fprintf(to, "  --%s%s%-*s %s\n", choices[i].name, choices[i].argument ? "=" : " ",
                (int)(20 - strlen(choices[i].name)), choices[i].argument ? choices[i].argument : "", choices[i].help);
    return status;
}

/* The exit status, or -1 to go on. */
static int apply(struct options *o, int letter, const char *value)
{
    switch (letter) {
    case CACERT:
        o->cacert = value;
        return -1;
    case 'c':
        return setenv("LATCHKEY_CONF", value, 1) ? EX_SOFTWARE : -1;
    case CONNECT_TO:
        o->connect_to = value;
        return -1;
    case JSON:
        o->json = true;
        return -1;
    case OFFLINE:
        o->offline = true;
        return -1;
    case URL:
        o->url = value;
        return -1;
    case USER:
        o->user = value;
        return -1;
    case VERSION:
        puts("latchkey-check " LATCHKEY_VERSION);
        return 0;
    case 'h':
        return usage(stdout, 0);
    default:
        return usage(stderr, EX_USAGE);
    }
}

static int dispatch(const struct options *o, int argc, char **argv)
{
    const char *args[2] = {argc > 1 ? argv[1] : NULL, NULL};
    if (secret_init())
        return EX_SOFTWARE;
    if (argc == 0)
        return inspect(o);
    for (size_t i = 0; i < sizeof commands / sizeof commands[0]; i++)
        if (strcmp(argv[0], commands[i].name) == 0 && argc == commands[i].args + 1)
            return commands[i].run(args);
    return usage(stderr, EX_USAGE);
}

int main(int argc, char **argv)
{
    struct option options[CHOICES + 1] = {{0}};
    struct options o = {0};
    int status = -1;
    for (size_t i = 0; i < CHOICES; i++)
        options[i] = (struct option){choices[i].name, choices[i].argument ? required_argument : no_argument, NULL,
                                     choices[i].letter};
    for (int letter; status < 0 && (letter = getopt_long(argc, argv, "c:h", options, NULL)) != -1;)
        status = apply(&o, letter, optarg);
    return status < 0 ? dispatch(&o, argc - optind, argv + optind) : status;
}
