#include <curl/curl.h>
#include <fcntl.h>
#include <grp.h>
#include <limits.h>
#include <strings.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <sysexits.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/conf.h"
#include "base/error.h"
#include "base/json.h"
#include "base/log.h"
#include "base/parse.h"
#include "base/secret.h"
#include "provider/command.h"
#include "provider/fetch.h"
#include "provider/show.h"

/* Fetches the provider's JWKS into the cache file: the one program that uses the network. */

#define TOTAL_MS      5000
#define CONNECT_MS    2000
#define REDIRECTS_MAX 3
#define LIFE_S        9 /* the lock's wait and TOTAL_MS, and a margin: a resolver that hangs cannot keep us */

/* ---- HTTP -----------------------------------------------------------------------------------------------------------
 */

static size_t on_body(char *bytes, size_t size, size_t n, void *context)
{
    struct answer *answer = context;
    return buf_add(&answer->body, bytes, size * n) ? 0 : size * n;
}

static bool field_is(struct span name, const char *wanted)
{
    return name.n == strlen(wanted) && strncasecmp(name.p, wanted, name.n) == 0;
}

static size_t on_field(char *bytes, size_t size, size_t n, void *context)
{
    struct answer *answer = context;
    struct span line = {bytes, size * n}, name, value;
    while (line.n && (line.p[line.n - 1] == '\n' || line.p[line.n - 1] == '\r'))
        line.n--;
    value = line;
    if (!span_next(&value, ':', &name) || !value.p)
        return size * n;
    value = span_trim(value);
    if (field_is(name, "etag"))
        answer_set_etag(answer, value);
    if (field_is(name, "x-retry-after"))
        answer->retry_after = answer_retry(value);
    if (field_is(name, "cache-control") && !parse_has_control(value))
        snprintf(answer->cache_control, sizeof answer->cache_control, "%.*s", (int)(value.n < 256 ? value.n : 255),
                 value.p);
    return size * n;
}

static int fail(struct answer *answer, const char *why)
{
    snprintf(answer->fault, sizeof answer->fault, "%s", why);
    return LK_UNAVAILABLE;
}

static bool part_is(CURLU *a, CURLU *b, CURLUPart part, unsigned flags)
{
    char *of_a = NULL, *of_b = NULL;
    bool same =
        !curl_url_get(a, part, &of_a, flags) && !curl_url_get(b, part, &of_b, flags) && strcasecmp(of_a, of_b) == 0;
    curl_free(of_a);
    curl_free(of_b);
    return same;
}

static bool same_origin(CURLU *a, CURLU *b)
{
    return part_is(a, b, CURLUPART_SCHEME, 0) && part_is(a, b, CURLUPART_HOST, 0) &&
           part_is(a, b, CURLUPART_PORT, CURLU_DEFAULT_PORT);
}

/* https anywhere, http only to this machine, and never with a password in it. */
static bool url_is_allowed(CURLU *url)
{
    static const char *const loopback[] = {"localhost", "127.0.0.1", "[::1]"};
    char *scheme = NULL, *host = NULL, *user = NULL;
    bool allowed = false;
    if (!curl_url_get(url, CURLUPART_SCHEME, &scheme, 0) && !curl_url_get(url, CURLUPART_HOST, &host, 0) &&
        curl_url_get(url, CURLUPART_USER, &user, 0) == CURLUE_NO_USER) {
        allowed = strcmp(scheme, "https") == 0;
        for (size_t i = 0; strcmp(scheme, "http") == 0 && i < sizeof loopback / sizeof loopback[0]; i++)
            allowed = allowed || strcmp(host, loopback[i]) == 0;
    }
    curl_free(scheme);
    curl_free(host);
    curl_free(user);
    return allowed;
}

/* Nothing is left to the environment or to files: no proxy, netrc, cookies or credentials that nobody configured. */
static bool set_options(CURL *curl, const struct provider *p, struct curl_slist *fields, struct answer *answer)
{
    CURLcode bad = CURLE_OK;
#define SET(option, value) (bad = bad ? bad : curl_easy_setopt(curl, option, value))
#if LIBCURL_VERSION_NUM >= 0x075500
    SET(CURLOPT_PROTOCOLS_STR, "http,https");
#else
    SET(CURLOPT_PROTOCOLS, (long)(CURLPROTO_HTTP | CURLPROTO_HTTPS));
#endif
    SET(CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
    SET(CURLOPT_SSL_VERIFYPEER, 1L);
    SET(CURLOPT_SSL_VERIFYHOST, 2L);
    SET(CURLOPT_PROXY, p->proxy);
    SET(CURLOPT_NOPROXY, "localhost,127.0.0.1,::1");
    SET(CURLOPT_NETRC, (long)CURL_NETRC_IGNORED);
    SET(CURLOPT_FOLLOWLOCATION, 0L);
    SET(CURLOPT_NOSIGNAL, 1L);
    SET(CURLOPT_CONNECTTIMEOUT_MS, (long)CONNECT_MS);
    SET(CURLOPT_ACCEPT_ENCODING, "gzip");
    SET(CURLOPT_USERAGENT, "latchkey/" LATCHKEY_VERSION);
    SET(CURLOPT_HTTPHEADER, fields);
    SET(CURLOPT_WRITEFUNCTION, on_body);
    SET(CURLOPT_WRITEDATA, answer);
    SET(CURLOPT_HEADERFUNCTION, on_field);
    SET(CURLOPT_HEADERDATA, answer);
#undef SET
    return bad == CURLE_OK;
}

static int transfer(CURL *curl, CURLU *url, int64_t deadline, struct answer *answer)
{
    curl_off_t wait = 0;
    int64_t left = (deadline - clock_monotonic_us()) / 1000;
    answer_free(answer);
    answer_init(answer);
    if (left <= 0)
        return fail(answer, curl_easy_strerror(CURLE_OPERATION_TIMEDOUT));
    curl_easy_setopt(curl, CURLOPT_TIMEOUT_MS, (long)left);
    curl_easy_setopt(curl, CURLOPT_CURLU, url);
    CURLcode done = curl_easy_perform(curl);
    if (answer->body.error == LK_TOO_LARGE)
        return fail(answer, "the answer is larger than 256 KiB");
    if (done)
        return fail(answer, curl_easy_strerror(done));
    curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &answer->status);
    if (!curl_easy_getinfo(curl, CURLINFO_RETRY_AFTER, &wait) && wait > 0)
        answer->retry_after = (int64_t)wait;
    return 0;
}

/* Where a redirection leads, if it stays on the same scheme, host and port. */
static int follow(CURL *curl, CURLU *url, struct answer *answer, bool *again)
{
    char *target = NULL;
    CURLU *next = NULL;
    int error = 0;
    *again = false;
    if (curl_easy_getinfo(curl, CURLINFO_REDIRECT_URL, &target) || !target)
        return 0;
    next = curl_url();
    if (!next || curl_url_set(next, CURLUPART_URL, target, 0) || !same_origin(url, next) || !url_is_allowed(next))
        error = fail(answer, "redirected to another scheme or host");
    else if (curl_url_set(url, CURLUPART_URL, target, 0))
        error = fail(answer, "the redirection is not usable");
    else
        *again = true;
    curl_url_cleanup(next);
    return error;
}

static int ask(CURL *curl, CURLU *url, struct answer *answer)
{
    int64_t deadline = clock_monotonic_us() + TOTAL_MS * 1000LL;
    bool again = false;
    for (int hop = 0; hop <= REDIRECTS_MAX; hop++) {
        int error = transfer(curl, url, deadline, answer);
        if (error || (error = follow(curl, url, answer, &again)) || !again)
            return error;
    }
    return fail(answer, "redirected too often");
}

static int get_http(const struct provider *p, const char *etag, struct answer *answer)
{
    char condition[CACHE_ETAG_MAX + 32];
    struct curl_slist *fields = curl_slist_append(NULL, "Accept: application/json");
    CURL *curl = curl_easy_init();
    CURLU *url = curl_url();
    int error = LK_UNAVAILABLE;
    snprintf(condition, sizeof condition, "If-None-Match: %s", etag);
    struct curl_slist *more = etag[0] ? curl_slist_append(fields, condition) : fields;
    if (!curl || !url || !fields || !more || !set_options(curl, p, fields, answer))
        fail(answer, "libcurl cannot be set up");
    else if (curl_url_set(url, CURLUPART_URL, p->jwks_url, 0) || !url_is_allowed(url))
        fail(answer, "the URL is neither https nor http on a loopback address");
    else
        error = ask(curl, url, answer);
    curl_easy_cleanup(curl);
    curl_url_cleanup(url);
    curl_slist_free_all(fields);
    return error;
}

static int get(void *context, const struct provider *p, const char *etag, struct answer *answer)
{
    const char *path = conf_file_path(p->jwks_url);
    (void)context;
    return path ? answer_file(path, answer) : get_http(p, etag, answer);
}

/* ---- the process ----------------------------------------------------------------------------------------------------
 */

static void say(void *context, const char *fact)
{
    (void)context;
    fprintf(stderr, "jwks-fetch: %s\n", fact);
}

/* A closed standard descriptor would be given to a file of ours; a CGI's address space is too small for TLS. */
static void tidy_process(void)
{
    struct rlimit memory;
    for (int fd = open("/dev/null", O_RDWR); fd >= 0; fd = open("/dev/null", O_RDWR))
        if (fd > STDERR_FILENO) {
            close(fd);
            break;
        }
    if (!getrlimit(RLIMIT_AS, &memory)) {
        memory.rlim_cur = memory.rlim_max;
        setrlimit(RLIMIT_AS, &memory);
    }
    umask(022);
}

/* Run by root (cron, an admin), the files are to belong to whom the directory belongs to, and root meets no network. */
static int become_owner(const struct provider *p)
{
    char directory[PATH_MAX];
    struct stat st;
    if (geteuid() != 0 || cache_directory(directory, sizeof directory, p->cache) || stat(directory, &st) ||
        st.st_uid == 0)
        return 0;
    if (setgroups(0, NULL) || setgid(st.st_gid) || setuid(st.st_uid)) {
        log_event("provider.directory", "path", directory, "reason", "cannot become its owner", NULL);
        return LK_SYSTEM;
    }
    return 0;
}

static int show(const struct provider *p, bool as_json)
{
    struct buf text = BUF_INIT((size_t)4 * JWKS_MAX_BYTES);
    json_t *shown = NULL;
    bool usable = false;
    int error = show_cache(p, clock_now(), &shown, &usable);
    if (!error)
        error = as_json ? json_write(shown, &text) : show_text(shown, &text);
    if (!error && as_json)
        buf_str(&text, "\n");
    if (!error && (fwrite(buf_cstr(&text), 1, text.n, stdout) != text.n || fflush(stdout)))
        error = LK_SYSTEM;
    json_decref(shown);
    buf_free(&text);
    return error ? error : usable ? 0 : LK_NOT_FOUND;
}

static int fetch(const struct provider *p, const struct command *c)
{
    struct fetch_io io = {.get = get, .say = c->verbose ? say : NULL, .now = clock_now};
    if (curl_global_init(CURL_GLOBAL_DEFAULT))
        return LK_SYSTEM;
    int error = fetch_run(p, &c->order, &io);
    curl_global_cleanup();
    return error;
}

static int exit_code(int error)
{
    switch (error) {
    case 0:
        return EX_OK;
    case LK_BUSY:
        return EX_TEMPFAIL;
    case LK_CONFIG:
    case LK_SYSTEM:
        return EX_CONFIG;
    default:
        return 1;
    }
}

static int run_one(const struct conf_provider *conf, const struct command *c)
{
    struct provider p = provider_of(conf);
    alarm(LIFE_S);
    int error = become_owner(&p);
    if (error)
        return exit_code(error);
    return exit_code(c->task == TASK_SHOW ? show(&p, c->json) : c->task == TASK_FLUSH ? fetch_flush(&p) : fetch(&p, c));
}

/* In a process of its own: it may become another user and may be killed, and the next provider gets its turn. */
static int run_apart(const struct conf_provider *conf, const struct command *c)
{
    int status = 0;
    pid_t pid = fork();
    if (pid == 0)
        _exit(run_one(conf, c));
    if (pid < 0 || waitpid(pid, &status, 0) < 0)
        return EX_CONFIG;
    return WIFEXITED(status) ? WEXITSTATUS(status) : 1;
}

static int worse(int a, int b)
{
    static const int order[] = {EX_OK, EX_TEMPFAIL, 1, EX_CONFIG};
    size_t of_a = 0, of_b = 0;
    for (size_t i = 0; i < sizeof order / sizeof order[0]; i++) {
        of_a = order[i] == a ? i : of_a;
        of_b = order[i] == b ? i : of_b;
    }
    return of_a > of_b ? a : b;
}

static int run_all(const struct conf *conf, const struct command *c)
{
    int code = EX_OK;
    if (conf->provider_count == 1)
        return run_one(&conf->providers[0], c);
    for (size_t i = 0; i < conf->provider_count; i++) {
        if (i && c->task == TASK_SHOW && !c->json)
            puts("");
        fflush(stdout);
        code = worse(code, run_apart(&conf->providers[i], c));
    }
    return code;
}

static int run_named(const struct conf *conf, const struct command *c)
{
    const struct conf_provider *provider = provider_named(conf, c->provider);
    if (provider)
        return run_one(provider, c);
    log_event("config", "fault", "there is no such provider", "provider", c->provider, NULL);
    return EX_CONFIG;
}

static int run(const struct command *c)
{
    struct buf fault = BUF_INIT(1024);
    struct conf *conf = NULL;
    int code = EX_CONFIG;
    if (c->conf && setenv("LATCHKEY_CONF", c->conf, 1))
        return 1;
    if (conf_load(environ, &conf, &fault))
        log_event("config", "fault", buf_cstr(&fault), NULL);
    else
        code = c->provider ? run_named(conf, c) : run_all(conf, c);
    conf_free(conf);
    buf_free(&fault);
    return code;
}

int main(int argc, char **argv)
{
    struct command c;
    tidy_process();
    if (command_read(argc, argv, &c)) {
        command_usage(stderr);
        return EX_USAGE;
    }
    if (c.task == TASK_HELP) {
        command_usage(stdout);
        return EX_OK;
    }
    if (c.task == TASK_VERSION) {
        puts("jwks-fetch " LATCHKEY_VERSION);
        return EX_OK;
    }
    return secret_init() ? 1 : run(&c);
}
