#include "unit.h"

#include "keys_scratch.h"

#include <signal.h>
#include <sys/wait.h>

#include "keys/keyfile.h"
#include "keys/keypem.h"
#include "keys/signer.h"

/* Programs that stand for the client of a key service: shell scripts, and openssl with a key in a file. */

static char program[128];
static char *env[] = {(char[]){"PATH=/usr/bin:/bin"}, (char[]){"HTTP_X=evil"}, (char[]){"JWT_PRIVATE_KEY=secret"},
                      (char[]){"AWS_REGION=here"}, NULL};

static void write_file(const char *name, const char *text, mode_t mode)
{
    char path[128];
    snprintf(path, sizeof path, "%s/%s", scratch, name);
    ck_assert_int_eq(file_replace(path, span_of(text), mode, (uid_t)-1, (gid_t)-1), 0);
}

static void script(const char *body)
{
    char text[1024];
    snprintf(text, sizeof text, "#!/bin/sh\ncd %s || exit 9\n%s\n", scratch, body);
    write_file("signer", text, 0755);
    snprintf(program, sizeof program, "command:%s/signer", scratch);
}

static int shell(const char *command)
{
    int status = 0;
    pid_t pid = fork();
    if (pid == 0) {
        if (chdir(scratch) == 0)
            execl("/bin/sh", "sh", "-c", command, (char *)NULL);
        _exit(9);
    }
    ck_assert_int_eq(waitpid(pid, &status, 0), pid);
    return status;
}

/* The public half of scratch/one.pem. */
static struct jwk *public_key(const char *make)
{
    struct buf pem = BUF_INIT(8192);
    struct jwk *key = NULL;
    char path[128], kid[JWK_THUMBPRINT_SIZE];
    ck_assert_int_eq(shell(make), 0);
    ck_assert_int_eq(shell("openssl pkey -in one.pem -pubout -out one.pub"), 0);
    snprintf(path, sizeof path, "%s/one.pub", scratch);
    ck_assert_int_eq(file_read(path, FILE_ANY, &pem, NULL), 0);
    ck_assert_int_eq(public_key_parse(buf_all(&pem), &key), 0);
    ck_assert_int_eq(jwk_thumbprint(key, kid) || jwk_set_kid(key, kid), 0);
    buf_free(&pem);
    return key;
}

#define EC "openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out one.pem 2>/dev/null"

static int attach(struct jwk *key, int64_t deadline)
{
    buf_reset(&fault);
    return signer_attach(key, &(struct signer_conf){program, "alias/mine", deadline, env, &fault});
}

static int signs(struct jwk *key)
{
    uint8_t out[JWK_SIGNATURE_MAX];
    size_t n = 0;
    struct span message = span_of("header.payload");
    int error = jwk_sign(key, message, out, &n);
    if (!error)
        ck_assert_int_eq(jwk_verify(key, jwk_alg(key), message, (struct span){(char *)out, n}), 0);
    return error;
}

static void end(struct jwk *key)
{
    jwk_free(key);
    ck_assert_int_ne(shell("rm -f one.pem one.pub two.pem signer seen || exit 1; exit 7"), 0);
    scratch_end();
}

START_TEST(program_that_writes_der_signs_es256)
{
    scratch_begin();
    struct jwk *key = public_key(EC);
    ck_assert_int_eq(signs(key), LK_JWK_FORM);
    script("exec openssl dgst -sha256 -sign one.pem");
    ck_assert_int_eq(attach(key, 20), 0);
    ck_assert_int_eq(signs(key), 0);
    ck_assert_int_eq(signs(key), 0);
    end(key);
}
END_TEST

START_TEST(program_that_writes_raw_bytes_signs_rs256)
{
    scratch_begin();
    struct jwk *key = public_key("openssl genrsa -out one.pem 2048 2>/dev/null");
    ck_assert_str_eq(jwk_alg(key)->name, "RS256");
    script("exec openssl dgst -sha256 -sign one.pem");
    ck_assert_int_eq(attach(key, 20), 0);
    ck_assert_int_eq(signs(key), 0);
    end(key);
}
END_TEST

START_TEST(program_gets_its_names_and_nothing_of_the_request)
{
    char path[128];
    struct buf seen = BUF_INIT(8192);
    scratch_begin();
    struct jwk *key = public_key(EC);
    script("env >seen; exec openssl dgst -sha256 -sign one.pem");
    ck_assert_int_eq(attach(key, 20), 0);
    ck_assert_int_eq(signs(key), 0);
    snprintf(path, sizeof path, "%s/seen", scratch);
    ck_assert_int_eq(file_read(path, FILE_ANY, &seen, NULL), 0);
    ck_assert_ptr_nonnull(strstr(buf_cstr(&seen), "LATCHKEY_SIGNER_KEY=alias/mine\n"));
    ck_assert_ptr_nonnull(strstr(buf_cstr(&seen), "LATCHKEY_SIGNER_ALG=ES256\n"));
    ck_assert_ptr_nonnull(strstr(buf_cstr(&seen), jwk_kid(key)));
    ck_assert_ptr_nonnull(strstr(buf_cstr(&seen), "AWS_REGION=here\n"));
    ck_assert_ptr_null(strstr(buf_cstr(&seen), "HTTP_X"));
    ck_assert_ptr_null(strstr(buf_cstr(&seen), "JWT_PRIVATE_KEY"));
    buf_free(&seen);
    end(key);
}
END_TEST

START_TEST(program_begins_with_no_limit_and_no_signal_of_ours)
{
    static const char clean[] = "SigBlk:\t0000000000000000\nSigIgn:\t0000000000000000\n4194304\n";
    char path[128];
    sigset_t alarm_only;
    struct buf seen = BUF_INIT(8192);
    scratch_begin();
    struct jwk *key = public_key(EC);
    /* Signals 32 and 33 are the C library's; what a package is built by leaves them ignored, and nobody can change
     * that. */
    script("grep -E '^Sig(Blk|Ign)' /proc/self/status | sed 's/0000000180000000/0000000000000000/' >seen;"
           "ulimit -v >>seen; exec openssl dgst -sha256 -sign one.pem");
    ck_assert_int_eq(attach(key, 20), 0);
    signal(SIGPIPE, SIG_IGN);
    signal(SIGXFSZ, SIG_IGN);
    sigemptyset(&alarm_only);
    sigaddset(&alarm_only, SIGALRM);
    sigprocmask(SIG_BLOCK, &alarm_only, NULL);
    ck_assert_int_eq(signs(key), 0);
    snprintf(path, sizeof path, "%s/seen", scratch);
    ck_assert_int_eq(file_read(path, FILE_ANY, &seen, NULL), 0);
    ck_assert_str_eq(buf_cstr(&seen), clean);
    buf_free(&seen);
    end(key);
}
END_TEST

START_TEST(each_failure_is_unavailable_and_said)
{
    static const struct {
        const char *body;
        int64_t deadline;
        const char *why;
    } rows[] = {
        {"exit 3", 20, "it could not be started, or failed"},
        {"openssl dgst -sha256 -sign one.pem; exit 1", 20, "it could not be started, or failed"},
        {"exit 0", 20, "what it wrote is no signature"},
        {"echo garbage", 20, "what it wrote is no signature"},
        {"exec openssl dgst -sha256 -sign two.pem", 20, "what it wrote is no signature"},
        {"openssl dgst -sha256 -sign one.pem; echo more", 20, "what it wrote is no signature"},
        {"exec head -c 5000 /dev/zero", 20, "it wrote too much"},
        {"exec sleep 300", 0, "it took too long"},
        {"exec >&-; sleep 300", 0, "it took too long"},
    };
    scratch_begin();
    struct jwk *key = public_key("openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out two.pem && " EC);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        script(rows[i].body);
        ck_assert_int_eq(attach(key, rows[i].deadline), 0);
        ck_assert_msg(signs(key) == LK_UNAVAILABLE, "%s", rows[i].body);
        ck_assert_msg(strstr(buf_cstr(&fault), rows[i].why) != NULL, "%s: %s", rows[i].body, buf_cstr(&fault));
    }
    script("exec openssl dgst -sha256 -sign one.pem");
    ck_assert_int_eq(attach(key, 20), 0);
    ck_assert_int_eq(signs(key), 0);
    ck_assert_int_eq(shell("rm signer"), 0);
    ck_assert_int_eq(signs(key), LK_UNAVAILABLE);
    end(key);
}
END_TEST

START_TEST(public_key_without_a_program_is_a_configuration_error)
{
    static const char *const settings[] = {"", "command:", "command:relative", "/bin/true", "exec:/bin/true"};
    struct jwk *private = NULL;
    scratch_begin();
    struct jwk *key = public_key(EC);
    for (size_t i = 0; i < 5; i++) {
        snprintf(program, sizeof program, "%s", settings[i]);
        ck_assert_int_eq(attach(key, 20), LK_CONFIG);
        ck_assert_ptr_nonnull(strstr(buf_cstr(&fault), "[keys] signer"));
    }
    ck_assert_int_eq(jwk_generate(jwa_find(span_of("ES256")), &private), 0);
    ck_assert_int_eq(attach(private, 20), 0); /* it needs none */
    ck_assert_int_eq(signs(private), 0);
    jwk_free(private);
    end(key);
}
END_TEST

UNIT_MAIN("keys_signer", program_that_writes_der_signs_es256, program_that_writes_raw_bytes_signs_rs256,
          program_gets_its_names_and_nothing_of_the_request, program_begins_with_no_limit_and_no_signal_of_ours,
          each_failure_is_unavailable_and_said, public_key_without_a_program_is_a_configuration_error)
