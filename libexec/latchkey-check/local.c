/* What the files say, first as root if we are, then as the web server's user. */
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <limits.h>
#include <pwd.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/error.h"
#include "base/file.h"
#include "check/judge.h"
#include "inspect.h"
#include "keys/keydir.h"
#include "provider/cache.h"
#include "store/schema.h"

#define BUSY_MS 2000

static const char *fault_or(const struct buf *fault, int error)
{
    return fault->n ? buf_cstr(fault) : lk_error_text(error);
}

/* ---- configuration and keys ---------------------------------------------------------------------------------------
 */

enum verdict check_configuration(void *context, struct finding *f)
{
    struct inspection *in = context;
    int error = site_open(environ, &in->site);
    return error ? finding_wrong(f, NULL, "%s", fault_or(&in->site.fault, error)) : CHECK_RIGHT;
}

static void keep_first_failure(void *context, enum keydir_finding finding, const char *sentence)
{
    struct buf *first = context;
    if (finding == KEYDIR_FAIL && !first->n)
        buf_str(first, sentence);
}

enum verdict check_key_directory(void *context, struct finding *f)
{
    struct inspection *in = context;
    struct buf first = BUF_INIT(FINDING_MAX);
    char state[PATH_MAX];
    const char *dir = in->site.conf->keys.directory;
    if (file_path(state, sizeof state, dir, KEYRING_STATE) || (access(state, R_OK) && errno == EACCES))
        return finding_unknown(f, "only the owner of %s can look: start this as root, or keytool check", dir);
    int error = keydir_check(dir, keep_first_failure, &first);
    enum verdict verdict = error ? finding_wrong(f, NULL, "%s", fault_or(&first, error)) : CHECK_RIGHT;
    buf_free(&first);
    return verdict;
}

/* ---- becoming the web server's user ------------------------------------------------------------------------------ */

static bool directory_of(const char *path, char out[PATH_MAX])
{
    const char *slash = strrchr(path, '/');
    return slash && snprintf(out, PATH_MAX, "%.*s", slash == path ? 1 : (int)(slash - path), path) < PATH_MAX;
}

/* NULL, with the finding made: it is not known who. */
static const struct passwd *find_user(struct inspection *in, struct finding *f)
{
    char dir[PATH_MAX];
    struct stat st = {0};
    const struct passwd *user = in->options->user ? getpwnam(in->options->user) : NULL;
    if (in->options->user && !user)
        finding_wrong(f, "give --user the user that the web server runs CGIs as", "there is no user %s",
                      in->options->user);
    else if (!user && (!directory_of(in->site.conf->store.path, dir) || stat(dir, &st)))
        finding_wrong(f, "make it, and give it to the web server's user with mode 0700", "%s: %s", dir,
                      strerror(errno));
    else if (!user && st.st_uid == 0)
        finding_wrong(f, "chown it to the web server's user",
                      "%s belongs to root, as whom no web server should run CGIs", dir);
    else if (!user && !(user = getpwuid(st.st_uid)))
        finding_wrong(f, "chown it to the web server's user", "%s belongs to uid %u, who is nobody", dir,
                      (unsigned)st.st_uid);
    return user;
}

static bool become(const struct passwd *user)
{
    return initgroups(user->pw_name, user->pw_gid) == 0 && setgid(user->pw_gid) == 0 && setuid(user->pw_uid) == 0;
}

enum verdict check_user(void *context, struct finding *f)
{
    struct inspection *in = context;
    const struct passwd *user = find_user(in, f);
    if (!user)
        return CHECK_WRONG;
    snprintf(in->user, sizeof in->user, "%s", user->pw_name);
    if (geteuid() == 0 && user->pw_uid != 0 && !become(user))
        return finding_wrong(f, "start it with the rights to become another user", "cannot become %s", in->user);
    if (geteuid() != user->pw_uid)
        return finding_wrong(f, "start this as root, or as that user",
                             "the site's files are those of %s, and this is not %s", in->user, in->user);
    return finding_right(f, "what follows is seen as %s, %s", in->user,
                         in->options->user ? "as --user says" : "to whom the database's directory belongs");
}

enum verdict check_access(void *context, struct finding *f)
{
    struct inspection *in = context;
    site_close(&in->site);
    int error = site_open(environ, &in->site);
    return error ? finding_wrong(f, NULL, "%s", fault_or(&in->site.fault, error)) : CHECK_RIGHT;
}

/* ---- what the programs read -------------------------------------------------------------------------------------- */

enum verdict check_signer(void *context, struct finding *f)
{
    struct inspection *in = context;
    int error = site_signer(&in->site);
    return error ? finding_wrong(f, NULL, "%s", fault_or(&in->site.fault, error)) : CHECK_RIGHT;
}

enum verdict check_pair(void *context, struct finding *f)
{
    struct inspection *in = context;
    char *none[] = {NULL}; /* what others see: jwks.json, without an injected key */
    struct buf fault = BUF_INIT(FINDING_MAX);
    struct jwks *set = NULL;
    enum verdict verdict = CHECK_RIGHT;
    int error = keyring_verifying_keys(in->site.conf->keys.directory, none, &set, &fault);
    if (error)
        verdict = finding_wrong(f, NULL, "%s", fault_or(&fault, error));
    else if ((error = keyring_pair(in->site.signer, set)) != 0)
        verdict = finding_wrong(f, NULL, "what %s signs, jwks.json does not verify: %s", jwk_kid(in->site.signer),
                                in->site.fault.n ? buf_cstr(&in->site.fault) : lk_error_text(error));
    jwks_free(set);
    buf_free(&fault);
    return verdict;
}

enum verdict check_claims(void *context, struct finding *f)
{
    struct inspection *in = context;
    int error = site_claims(&in->site);
    if (error)
        return finding_wrong(f, NULL, "%s", fault_or(&in->site.fault, error));
    return *in->site.conf->claims.file ? CHECK_RIGHT : finding_right(f, "there is none: the usual rights");
}

/* ---- what the programs write ------------------------------------------------------------------------------------- */

enum verdict check_data(void *context, struct finding *f)
{
    struct inspection *in = context;
    const char *paths[] = {in->site.conf->store.path, in->site.conf->limits.path};
    char dir[PATH_MAX];
    for (size_t i = 0; i < 2; i++)
        if (!directory_of(paths[i], dir) || faccessat(AT_FDCWD, dir, R_OK | W_OK | X_OK, AT_EACCESS))
            return finding_wrong(f, NULL, "%s: %s: %s", dir, in->user, strerror(errno));
    return CHECK_RIGHT;
}

static bool file_is_ours(struct finding *f, const char *path, const char *user)
{
    char mend[2 * PATH_MAX + 128];
    struct stat st;
    if (lstat(path, &st)) /* absent: it will be made */
        return true;
    if (st.st_uid == geteuid() && !(st.st_mode & 077) && (st.st_mode & 0600) == 0600)
        return true;
    snprintf(mend, sizeof mend, "chown %s: %s && chmod 600 %s", user, path, path);
    finding_wrong(f, mend, "%s: owner %u, mode %04o", path, (unsigned)st.st_uid, (unsigned)st.st_mode & 07777);
    return false;
}

enum verdict check_files(void *context, struct finding *f)
{
    static const char *const endings[] = {"", "-wal", "-shm", "-inflight", ".limits-fault"};
    struct inspection *in = context;
    const struct {
        const char *path;
        size_t files; /* so many of `endings` */
    } databases[] = {{in->site.conf->store.path, 5}, {in->site.conf->limits.path, 3}};
    char path[PATH_MAX];
    for (size_t i = 0; i < 2; i++) {
        for (size_t j = 0; j < databases[i].files; j++) {
            snprintf(path, sizeof path, "%s%s", databases[i].path, endings[j]);
            if (!file_is_ours(f, path, in->user))
                return CHECK_WRONG;
        }
    }
    return CHECK_RIGHT;
}

static enum verdict look(const char *path, uint64_t known, struct finding *f)
{
    struct buf fault = BUF_INIT(FINDING_MAX);
    struct db_facts facts;
    int error = db_look(path, BUSY_MS, &facts, &fault);
    enum verdict verdict = !error                  ? judge_database(&facts, known, f)
                           : error == LK_NOT_FOUND ? finding_right(f, "not there yet: the first request makes it")
                                                   : finding_wrong(f, NULL, "%s", fault_or(&fault, error));
    buf_free(&fault);
    return verdict;
}

enum verdict check_database(void *context, struct finding *f)
{
    const struct inspection *in = context;
    return look(in->site.conf->store.path, schema_version, f);
}

enum verdict check_limits(void *context, struct finding *f)
{
    const struct inspection *in = context;
    return look(in->site.conf->limits.path, limits_version, f);
}

enum verdict check_space(void *context, struct finding *f)
{
    const struct inspection *in = context;
    struct statvfs fs;
    char dir[PATH_MAX];
    if (!directory_of(in->site.conf->store.path, dir) || statvfs(dir, &fs))
        return finding_wrong(f, NULL, "%s: %s", dir, strerror(errno));
    return judge_space((uint64_t)fs.f_bavail * fs.f_frsize, fs.f_favail, fs.f_files != 0, f);
}

/* ---- BetterAuth's keys, without the network ---------------------------------------------------------------------- */

static bool cache_is_usable(const struct provider *p, struct finding *f)
{
    struct buf body = BUF_INIT(JWKS_MAX_BYTES);
    struct cache_meta meta;
    int error = cache_read(p->cache, p->jwks_url, &meta, &body);
    buf_free(&body);
    if (cache_writable(p->cache))
        finding_wrong(f, "chown its directory to the web server's user, mode 0700", "%s: %s", p->cache,
                      strerror(errno));
    else if (!conf_file_path(p->jwks_url) && access(p->helper, X_OK))
        finding_wrong(f, "install jwks-fetch there, or let [provider] fetch name it", "%s: %s", p->helper,
                      strerror(errno));
    else if (error && error != LK_NOT_FOUND && error != LK_CONFIG) /* another provider's: it is fetched anew */
        finding_wrong(f, "remove it: it is fetched again", "%s: %s", p->cache, lk_error_text(error));
    else
        return true;
    return false;
}

enum verdict check_cache(void *context, struct finding *f)
{
    const struct inspection *in = context;
    for (size_t i = 0; i < in->site.conf->provider_count; i++) {
        struct provider p = provider_of(&in->site.conf->providers[i]);
        if (!cache_is_usable(&p, f))
            return CHECK_WRONG;
    }
    return CHECK_RIGHT;
}

/* keytool wrote jwks.json last when something happened to the keys. */
enum verdict check_key_clock(void *context, struct finding *f)
{
    const struct inspection *in = context;
    char path[PATH_MAX];
    struct stat st;
    if (file_path(path, sizeof path, in->site.conf->keys.directory, KEYRING_JWKS) || stat(path, &st))
        return finding_unknown(f, "%s: %s", path, strerror(errno));
    if (st.st_mtime > clock_now() + in->site.conf->keys.leeway)
        return finding_wrong(f, NULL, "the clock is %lld seconds behind the last event of the keys",
                             (long long)(st.st_mtime - clock_now()));
    return CHECK_RIGHT;
}
