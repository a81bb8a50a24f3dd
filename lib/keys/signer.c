#include "keys/signer.h"

#include <errno.h>
#include <fcntl.h>
#include <openssl/ecdsa.h>
#include <openssl/err.h>
#include <poll.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/error.h"

#define PREFIX  "command:"
#define ENV_MAX 64

struct signer {
    struct signer_conf conf;
};

/* ---- what the program gets --------------------------------------------------------------------------------------- */

static bool is_passed_on(const char *setting)
{
    static const char *const begins[] = {"PATH=",  "HOME=",   "TMPDIR=", "LANG=",   "AWS_",
                                         "VAULT_", "GOOGLE_", "AZURE_",  "PKCS11_", "SOFTHSM2_"};
    for (size_t i = 0; i < sizeof begins / sizeof begins[0]; i++)
        if (strncmp(setting, begins[i], strlen(begins[i])) == 0)
            return true;
    return false;
}

struct environment {
    char alg[64], kid[JWK_KID_MAX + 32], key[1024];
    char *list[ENV_MAX + 4];
};

static int make_environment(const struct signer *s, const struct jwk *key, struct environment *e)
{
    size_t n = 0;
    int length = snprintf(e->key, sizeof e->key, "LATCHKEY_SIGNER_KEY=%s", s->conf.key);
    if (length < 0 || (size_t)length >= sizeof e->key)
        return LK_TOO_LARGE;
    snprintf(e->alg, sizeof e->alg, "LATCHKEY_SIGNER_ALG=%s", jwk_alg(key)->name);
    snprintf(e->kid, sizeof e->kid, "LATCHKEY_SIGNER_KID=%s", jwk_kid(key));
    for (size_t i = 0; s->conf.env[i] && n < ENV_MAX; i++)
        if (is_passed_on(s->conf.env[i]))
            e->list[n++] = s->conf.env[i];
    e->list[n++] = e->alg;
    e->list[n++] = e->kid;
    e->list[n++] = e->key;
    e->list[n] = NULL;
    return 0;
}

/* A file, so that a program that does not read cannot hold us up. */
static int make_input(struct span message)
{
    int fd = memfd_create("signing-input", MFD_CLOEXEC);
    if (fd >= 0 && (write(fd, message.p, message.n) != (ssize_t)message.n || lseek(fd, 0, SEEK_SET) != 0)) {
        close(fd);
        return -1;
    }
    return fd;
}

/* ---- running it -------------------------------------------------------------------------------------------------- */

/* What serving has limited and held for itself is not for the program; and it does not outlive the process that asked.
 */
static void begin_anew(void)
{
    struct rlimit memory;
    sigset_t none;
    sigemptyset(&none);
    signal(SIGPIPE, SIG_DFL);
    signal(SIGXFSZ, SIG_DFL);
    sigprocmask(SIG_SETMASK, &none, NULL);
    if (getrlimit(RLIMIT_AS, &memory) == 0) {
        memory.rlim_cur = memory.rlim_max < SIGNER_MEMORY ? memory.rlim_max : SIGNER_MEMORY;
        setrlimit(RLIMIT_AS, &memory);
    }
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    setpgid(0, 0);
}

static _Noreturn void become(const char *path, int in, int out, char *const *env)
{
    char *const argv[] = {(char *)(uintptr_t)path, NULL};
    begin_anew();
    if (dup2(in, STDIN_FILENO) == STDIN_FILENO && dup2(out, STDOUT_FILENO) == STDOUT_FILENO)
        execve(path, argv, env);
    _exit(127);
}

/* Reads until the end, the limit or the deadline. */
static int collect(int fd, int64_t deadline_us, uint8_t *out, size_t *n)
{
    for (*n = 0; *n < SIGNER_OUTPUT_MAX;) {
        int64_t left = deadline_us - clock_monotonic_us();
        struct pollfd p = {.fd = fd, .events = POLLIN};
        int ready = left > 0 ? poll(&p, 1, (int)(left / 1000 + 1)) : 0;
        if (ready < 0 && errno == EINTR)
            continue;
        if (ready <= 0)
            return ready ? LK_SYSTEM : LK_BUSY;
        ssize_t got = read(fd, out + *n, SIGNER_OUTPUT_MAX - *n);
        if (got < 0)
            return LK_SYSTEM;
        if (got == 0)
            return 0;
        *n += (size_t)got;
    }
    return LK_TOO_LARGE;
}

/* The program may close its output and go on: its end has the same deadline. */
static int await(pid_t pid, int64_t deadline_us, int *status)
{
    for (;;) {
        pid_t ended = waitpid(pid, status, WNOHANG);
        if (ended == pid)
            return 0;
        if (ended < 0 && errno != EINTR)
            return LK_SYSTEM;
        if (clock_monotonic_us() >= deadline_us)
            return LK_BUSY;
        poll(NULL, 0, 1);
    }
}

static int run(const struct signer *s, const char *path, int in, char *const *env, uint8_t *out, size_t *n)
{
    int64_t deadline = clock_monotonic_us() + s->conf.deadline * 1000000;
    int ends[2], status = 0;
    if (pipe2(ends, O_CLOEXEC))
        return LK_SYSTEM;
    pid_t pid = fork();
    if (pid == 0)
        become(path, in, ends[1], env);
    close(ends[1]);
    int error = pid < 0 ? LK_SYSTEM : collect(ends[0], deadline, out, n);
    if (!error)
        error = await(pid, deadline, &status);
    close(ends[0]);
    if (error && pid > 0) {
        kill(-pid, SIGKILL);
        kill(pid, SIGKILL);
        waitpid(pid, &status, 0);
    }
    return error ? error : WIFEXITED(status) && WEXITSTATUS(status) == 0 ? 0 : LK_UNAVAILABLE;
}

/* ---- what it answers --------------------------------------------------------------------------------------------- */

/* ECDSA-Sig-Value to r || s. */
static int from_der(const struct jwa *alg, const uint8_t *der, size_t size, uint8_t *raw, size_t *n)
{
    int c = (int)alg->coordinate;
    const uint8_t *end = der + size;
    ECDSA_SIG *sig = d2i_ECDSA_SIG(NULL, &der, (long)size);
    bool ok = sig && der == end && BN_bn2binpad(ECDSA_SIG_get0_r(sig), raw, c) == c &&
              BN_bn2binpad(ECDSA_SIG_get0_s(sig), raw + c, c) == c;
    ECDSA_SIG_free(sig);
    ERR_clear_error();
    *n = (size_t)c * 2;
    return ok ? 0 : LK_JWS_SIGNATURE;
}

static int take(const struct jwk *key, struct span message, const uint8_t *made, size_t size, uint8_t *out, size_t *n)
{
    const struct jwa *alg = jwk_alg(key);
    int error = 0;
    *n = size;
    if (alg->kty == JWA_EC && size != alg->signature)
        error = from_der(alg, made, size, out, n);
    else if (size <= JWK_SIGNATURE_MAX)
        memcpy(out, made, size);
    else
        error = LK_JWS_SIGNATURE;
    return error ? error : jwk_verify(key, alg, message, (struct span){(const char *)out, *n});
}

static const char *reason(int error)
{
    return error == LK_BUSY            ? "it took too long"
           : error == LK_TOO_LARGE     ? "it wrote too much"
           : error == LK_UNAVAILABLE   ? "it could not be started, or failed"
           : error == LK_JWS_SIGNATURE ? "what it wrote is no signature by the active key"
                                       : lk_error_text(error);
}

static int sign(const void *context, const struct jwk *key, struct span message, uint8_t *out, size_t *n)
{
    const struct signer *s = context;
    const char *path = s->conf.command + sizeof PREFIX - 1;
    struct environment env = {.alg = ""};
    uint8_t made[SIGNER_OUTPUT_MAX];
    size_t size = 0;
    int in = make_input(message), error = in < 0 ? LK_SYSTEM : make_environment(s, key, &env);
    if (!error)
        error = run(s, path, in, env.list, made, &size);
    if (!error)
        error = take(key, message, made, size, out, n);
    if (in >= 0)
        close(in);
    if (error) {
        buf_reset(s->conf.fault);
        buf_printf(s->conf.fault, "[keys] signer %s: %s", path, reason(error));
    }
    return error ? LK_UNAVAILABLE : 0;
}

int signer_attach(struct jwk *key, const struct signer_conf *conf)
{
    if (jwk_is_private(key))
        return 0;
    if (strncmp(conf->command, PREFIX "/", sizeof PREFIX) != 0) {
        buf_printf(conf->fault, "%s",
                   *conf->command ? "[keys] signer: not \"command:\" and an absolute path"
                                  : "signing.jwk has no private key, and [keys] signer is not set");
        return LK_CONFIG;
    }
    struct signer *s = malloc(sizeof *s);
    if (!s)
        return LK_NOMEM;
    s->conf = *conf;
    jwk_set_signer(key, sign, s);
    return 0;
}
