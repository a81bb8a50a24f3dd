#include "http/process.h"

#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "unit.h"

START_TEST(files_are_private_and_no_core_is_written)
{
    struct rlimit core;
    process_begin();
    ck_assert_uint_eq(umask(0), 077);
    ck_assert_int_eq(getrlimit(RLIMIT_CORE, &core), 0);
    ck_assert_uint_eq(core.rlim_cur, 0);
    ck_assert_uint_eq(core.rlim_max, 0);
}
END_TEST

START_TEST(a_reader_that_has_gone_is_an_error_and_no_signal)
{
    int ends[2];
    process_begin();
    ck_assert_int_eq(pipe(ends), 0);
    close(ends[0]);
    ck_assert_int_eq(write(ends[1], "x", 1), -1);
    close(ends[1]);
}
END_TEST

START_TEST(memory_is_limited_as_configured)
{
    struct rlimit before, after;
    struct conf conf = {.process = {.memory = 0}};
    getrlimit(RLIMIT_AS, &before);
    process_limit(&conf);
    getrlimit(RLIMIT_AS, &after);
    ck_assert_uint_eq(after.rlim_cur, before.rlim_cur);
    conf.process.memory = 1ULL << 46;
    process_limit(&conf);
    getrlimit(RLIMIT_AS, &after);
    ck_assert_uint_eq(after.rlim_cur, 1ULL << 46);
    conf.process.memory = 1ULL << 47; /* a later request's configuration may allow more */
    process_limit(&conf);
    getrlimit(RLIMIT_AS, &after);
    ck_assert_uint_eq(after.rlim_cur, 1ULL << 47);
}
END_TEST

START_TEST(the_time_limit_ends_with_the_request)
{
    struct conf conf = {.process = {.run = 1000}};
    process_begin();
    process_limit(&conf);
    process_unlimit();
    ck_assert_uint_eq(alarm(0), 0);
    process_limit(&conf);
    ck_assert_uint_gt(alarm(0), 0);
    conf.process.run = 0;
    process_limit(&conf);
    ck_assert_uint_eq(alarm(0), 0);
}
END_TEST

/* The signals are held, as a threaded server may leave them. */
START_TEST(a_request_that_runs_too_long_is_ended_and_logged)
{
    int ends[2], status = 0;
    char line[64] = "";
    ck_assert_int_eq(pipe(ends), 0);
    pid_t child = fork();
    if (child == 0) {
        sigset_t all;
        sigfillset(&all);
        sigprocmask(SIG_SETMASK, &all, NULL);
        dup2(ends[1], STDERR_FILENO);
        process_begin();
        raise(SIGALRM);
        _exit(77);
    }
    close(ends[1]);
    ck_assert_int_gt(read(ends[0], line, sizeof line - 1), 0);
    ck_assert_str_eq(line, "event=request.timeout\n");
    waitpid(child, &status, 0);
    ck_assert(WIFEXITED(status));
    ck_assert_int_eq(WEXITSTATUS(status), 1);
    close(ends[0]);
}
END_TEST

UNIT_MAIN("http_process", files_are_private_and_no_core_is_written, a_reader_that_has_gone_is_an_error_and_no_signal,
          memory_is_limited_as_configured, the_time_limit_ends_with_the_request,
          a_request_that_runs_too_long_is_ended_and_logged)
