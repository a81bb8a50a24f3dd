#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/wait.h>

#include "base/parse.h"
#include "provider/helper.h"
#include "provider_kit.h"

#define LONG_MS 60000

START_TEST(exit_codes_are_told_apart)
{
    static const struct {
        const char *script;
        int error;
    } rows[] = {{"exit 0", 0},
                {"exit 75", LK_BUSY},
                {"exit 1", LK_UNAVAILABLE},
                {"exit 78", LK_UNAVAILABLE},
                {"kill -9 $$", LK_UNAVAILABLE}};
    struct kit k;
    kit_open(&k);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        kit_helper(&k, rows[i].script);
        ck_assert_int_eq(helper_run(&k.p, 0, LONG_MS), rows[i].error);
    }
    kit_close(&k);
}
END_TEST

static int unlink_runs(const struct kit *k)
{
    char path[128];
    int error = file_path(path, sizeof path, k->dir, "runs");
    return error ? error : unlink(path);
}

START_TEST(arguments_are_fixed)
{
    struct kit k;
    struct buf text = BUF_INIT(4096);
    kit_open(&k);
    kit_helper(&k, "");
    ck_assert_int_eq(helper_run(&k.p, 0, LONG_MS), 0);
    ck_assert_int_eq(helper_run(&k.p, 42, LONG_MS), 0);
    kit_read(&k, "runs", &text);
    ck_assert_str_eq(buf_cstr(&text), "run --provider=\nrun --provider= --miss=42\n");
    k.p.name = "abcdefghijklmnopqrstuvwxyz_12345";
    kit_helper(&k, "");
    ck_assert_int_eq(unlink_runs(&k), 0);
    ck_assert_int_eq(helper_run(&k.p, UINT64_MAX, LONG_MS), 0);
    kit_read(&k, "runs", &text);
    ck_assert_str_eq(buf_cstr(&text), "run --provider=abcdefghijklmnopqrstuvwxyz_12345 --miss=18446744073709551615\n");
    buf_free(&text);
    kit_close(&k);
}
END_TEST

START_TEST(only_our_own_variables_are_passed_on)
{
    struct kit k;
    struct buf text = BUF_INIT(65536);
    kit_open(&k);
    setenv("HTTP_PROXY", "http://attacker.example", 1);
    setenv("JWT_PRIVATE_KEY", "secret", 1);
    setenv("XLATCHKEY_CONF", "x", 1);
    setenv("LATCHKEY_CONF", "/some/where", 1);
    kit_helper(&k, "/usr/bin/env > $DIR/env");
    ck_assert_int_eq(helper_run(&k.p, 0, LONG_MS), 0);
    kit_read(&k, "env", &text);
    ck_assert_ptr_nonnull(strstr(buf_cstr(&text), "LATCHKEY_CONF=/some/where\n"));
    ck_assert_ptr_null(strstr(buf_cstr(&text), "HTTP_PROXY"));
    ck_assert_ptr_null(strstr(buf_cstr(&text), "JWT_PRIVATE_KEY"));
    ck_assert_ptr_null(strstr(buf_cstr(&text), "XLATCHKEY"));
    buf_free(&text);
    kit_close(&k);
}
END_TEST

#define LIST_OWN "for f in /proc/$$/fd/*; do echo \"${f##*/} $(readlink $f)\" >> $DIR/fds; done"

START_TEST(no_descriptor_of_ours_is_inherited)
{
    struct kit k;
    char path[128];
    struct buf text = BUF_INIT(4096);
    kit_open(&k);
    ck_assert_int_eq(file_path(path, sizeof path, k.dir, "mine"), 0);
    int mine = open(path, O_RDWR | O_CREAT, 0600);
    ck_assert_int_ge(mine, 0);
    kit_helper(&k, LIST_OWN);
    ck_assert_int_eq(helper_run(&k.p, 0, LONG_MS), 0);
    kit_read(&k, "fds", &text);
    ck_assert_ptr_nonnull(strstr(buf_cstr(&text), "0 /dev/null\n"));
    ck_assert_ptr_nonnull(strstr(buf_cstr(&text), "1 /dev/null\n"));
    ck_assert_ptr_null(strstr(buf_cstr(&text), path));
    close(mine);
    buf_free(&text);
    kit_close(&k);
}
END_TEST

/* Waits, without a clock, until a detached helper has opened and closed the pipe that it is told of. */
static void read_fifo(const char *path, struct buf *out)
{
    int fd = open(path, O_RDONLY);
    ck_assert_int_ge(fd, 0);
    for (ssize_t n = 1; n > 0;) {
        char *to = buf_reserve(out, 1024);
        n = read(fd, to, 1024);
        buf_grew(out, n > 0 ? (size_t)n : 0);
    }
    close(fd);
}

START_TEST(a_detached_helper_has_nothing_of_ours)
{
    struct kit k;
    char path[128];
    struct buf text = BUF_INIT(65536), args = BUF_INIT(256);
    kit_open(&k);
    ck_assert_int_eq(file_path(path, sizeof path, k.dir, "fifo"), 0);
    ck_assert_int_eq(mkfifo(path, 0600), 0);
    k.p.name = "b";
    kit_helper(&k, "echo \"$*\" > $DIR/args; seen=$(for f in 0 1 2; do readlink /proc/$$/fd/$f; done; cut -d' ' -f1,6 "
                   "/proc/$$/stat)\n"
                   "echo \"$seen\" > $DIR/fifo");
    ck_assert_int_eq(helper_detach(&k.p, 7), 0);
    read_fifo(path, &text);
    kit_read(&k, "args", &args);
    ck_assert_str_eq(buf_cstr(&args), "--provider=b --miss=7\n");
    ck_assert_ptr_eq(strstr(buf_cstr(&text), "/dev/null\n/dev/null\n/dev/null\n"), buf_cstr(&text));
    struct span line = span_of(buf_cstr(&text) + strlen("/dev/null\n/dev/null\n/dev/null\n")), pid, session;
    ck_assert(span_next(&line, ' ', &pid) && span_next(&line, '\n', &session));
    ck_assert_uint_eq(pid.n, session.n);
    ck_assert_mem_eq(pid.p, session.p, pid.n);        /* it leads a session of its own */
    ck_assert_int_eq(waitpid(-1, NULL, WNOHANG), -1); /* and is no child of ours */
    ck_assert_int_eq(errno, ECHILD);
    ck_assert_uint_eq(kit_runs(&k), 1);
    buf_free(&text);
    buf_free(&args);
    kit_close(&k);
}
END_TEST

START_TEST(a_helper_that_hangs_is_killed_with_its_children)
{
    struct kit k;
    struct buf text = BUF_INIT(256);
    kit_open(&k);
    kit_helper(&k, "/bin/sleep 600 & echo $$ > $DIR/pid; wait");
    ck_assert_int_eq(helper_run(&k.p, 0, 300), LK_UNAVAILABLE);
    kit_read(&k, "pid", &text);
    uint64_t pid = 0;
    ck_assert_int_eq(parse_u64((struct span){text.p, text.n - 1}, 1 << 30, &pid), 0);
    for (int i = 0; i < 1000 && kill(-(pid_t)pid, 0) == 0; i++)
        poll(NULL, 0, 5); /* init reaps the grandchild */
    ck_assert_int_eq(kill(-(pid_t)pid, 0), -1);
    buf_free(&text);
    kit_close(&k);
}
END_TEST

START_TEST(a_helper_that_is_missing_or_not_executable_is_unavailable)
{
    struct kit k;
    kit_open(&k);
    ck_assert_int_eq(helper_run(&k.p, 0, LONG_MS), LK_UNAVAILABLE);
    ck_assert_int_eq(helper_detach(&k.p, 0), LK_UNAVAILABLE);
    kit_helper(&k, "");
    ck_assert_int_eq(chmod(k.helper, 0644), 0);
    ck_assert_int_eq(helper_run(&k.p, 0, LONG_MS), LK_UNAVAILABLE);
    ck_assert_int_eq(helper_detach(&k.p, 0), LK_UNAVAILABLE);
    ck_assert_uint_eq(kit_runs(&k), 0);
    ck_assert_int_eq(chmod(k.helper, 0755), 0);
    ck_assert_int_eq(helper_run(&k.p, 0, LONG_MS), 0);
    kit_close(&k);
}
END_TEST

START_TEST(ignored_signals_are_default_again)
{
    struct kit k;
    struct buf text = BUF_INIT(4096);
    kit_open(&k);
    signal(SIGPIPE, SIG_IGN);
    signal(SIGTERM, SIG_IGN);
    kit_helper(&k, "grep SigIgn /proc/$$/status > $DIR/signals");
    ck_assert_int_eq(helper_run(&k.p, 0, LONG_MS), 0);
    kit_read(&k, "signals", &text);
    ck_assert_uint_eq(text.n, strlen("SigIgn:\t0000000180000000\n"));
    ck_assert_str_eq(buf_cstr(&text) + text.n - 8, "0000000\n"); /* 1 to 28; 32 and 33 are the C library's own */
    buf_free(&text);
    kit_close(&k);
}
END_TEST

START_TEST(children_reaped_by_the_system_do_not_hang_us)
{
    struct kit k;
    kit_open(&k);
    kit_helper(&k, "");
    signal(SIGCHLD, SIG_IGN);
    ck_assert_int_eq(helper_run(&k.p, 0, LONG_MS), LK_UNAVAILABLE);
    ck_assert_uint_eq(kit_runs(&k), 1);
    signal(SIGCHLD, SIG_DFL);
    ck_assert_int_eq(helper_run(&k.p, 0, LONG_MS), 0);
    kit_close(&k);
}
END_TEST

UNIT_MAIN("provider_helper", exit_codes_are_told_apart, arguments_are_fixed, only_our_own_variables_are_passed_on,
          no_descriptor_of_ours_is_inherited, a_detached_helper_has_nothing_of_ours,
          a_helper_that_hangs_is_killed_with_its_children, a_helper_that_is_missing_or_not_executable_is_unavailable,
          ignored_signals_are_default_again, children_reaped_by_the_system_do_not_hang_us)
