#include "unit.h"

#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/error.h"
#include "base/file.h"
#include "base/log.h"

static char dir[32], path[64], other[64];

static void fresh(void)
{
    memcpy(dir, "/tmp/latchkey-file-XXXXXX", sizeof "/tmp/latchkey-file-XXXXXX");
    ck_assert_ptr_nonnull(mkdtemp(dir));
    ck_assert_int_eq(file_path(path, sizeof path, dir, "f"), 0);
    ck_assert_int_eq(file_path(other, sizeof other, dir, "g"), 0);
}

static void done(void)
{
    unlink(path);
    unlink(other);
    ck_assert_msg(rmdir(dir) == 0, "nothing else is left in the directory");
}

static int read_as(enum file_trust trust)
{
    struct buf b = BUF_INIT(16);
    int error = file_read(path, trust, &b, NULL);
    buf_free(&b);
    return error;
}

START_TEST(replaced_file_has_content_and_mode)
{
    struct buf b = BUF_INIT(16);
    struct stat st;
    fresh();
    ck_assert_int_eq(file_replace(path, span_of("one"), 0640, (uid_t)-1, (gid_t)-1), 0);
    ck_assert_int_eq(file_replace(path, span_of("two!"), 0600, (uid_t)-1, (gid_t)-1), 0);
    ck_assert_int_eq(file_read(path, FILE_PRIVATE, &b, &st), 0);
    ck_assert_str_eq(buf_cstr(&b), "two!");
    ck_assert_int_eq(st.st_mode & 07777, 0600);
    buf_free(&b);
    done();
}
END_TEST

START_TEST(file_over_the_limit_is_refused)
{
    fresh();
    ck_assert_int_eq(file_replace(path, span_of("12345678901234567"), 0600, (uid_t)-1, (gid_t)-1), 0);
    ck_assert_int_eq(read_as(FILE_ANY), LK_TOO_LARGE);
    ck_assert_int_eq(file_replace(path, span_of("1234567890123456"), 0600, (uid_t)-1, (gid_t)-1), 0);
    ck_assert_int_eq(read_as(FILE_ANY), 0);
    done();
}
END_TEST

START_TEST(unsafe_modes_are_refused)
{
    static const struct {
        mode_t mode;
        int trusted, private;
    } v[] = {{0400, 0, 0},
             {0440, 0, 0},
             {0600, 0, 0},
             {0640, 0, 0},
             {0644, 0, LK_UNSAFE_FILE},
             {0660, LK_UNSAFE_FILE, LK_UNSAFE_FILE},
             {0604, 0, LK_UNSAFE_FILE},
             {0602, LK_UNSAFE_FILE, LK_UNSAFE_FILE}};
    fresh();
    ck_assert_int_eq(file_replace(path, span_of("x"), 0600, (uid_t)-1, (gid_t)-1), 0);
    for (size_t i = 0; i < sizeof v / sizeof v[0]; i++) {
        ck_assert_int_eq(chmod(path, v[i].mode), 0);
        ck_assert_int_eq(read_as(FILE_ANY), 0);
        ck_assert_int_eq(read_as(FILE_TRUSTED), v[i].trusted);
        ck_assert_int_eq(read_as(FILE_PRIVATE), v[i].private);
    }
    done();
}
END_TEST

START_TEST(symlink_and_fifo_are_refused)
{
    fresh();
    ck_assert_int_eq(read_as(FILE_TRUSTED), LK_NOT_FOUND);
    ck_assert_int_eq(file_replace(other, span_of("x"), 0600, (uid_t)-1, (gid_t)-1), 0);
    ck_assert_int_eq(symlink(other, path), 0);
    ck_assert_int_eq(read_as(FILE_TRUSTED), LK_UNSAFE_FILE);
    ck_assert_int_eq(read_as(FILE_ANY), 0);
    unlink(path);
    ck_assert_int_eq(mkfifo(path, 0600), 0);
    ck_assert_int_eq(read_as(FILE_ANY), LK_UNSAFE_FILE);
    done();
}
END_TEST

START_TEST(foreign_owner_is_refused)
{
    fresh();
    if (geteuid() != 0) {
        done();
        return;
    }
    ck_assert_int_eq(file_replace(path, span_of("x"), 0600, 65534, (gid_t)-1), 0);
    ck_assert_int_eq(read_as(FILE_TRUSTED), LK_UNSAFE_FILE);
    ck_assert_int_eq(chown(dir, 65534, (gid_t)-1), 0);
    ck_assert_int_eq(read_as(FILE_TRUSTED), 0);
    done();
}
END_TEST

START_TEST(failed_replacement_leaves_the_old_file)
{
    fresh();
    ck_assert_int_eq(file_replace(path, span_of("old"), 0600, (uid_t)-1, (gid_t)-1), 0);
    ck_assert_int_eq(mkdir(other, 0700), 0);
    ck_assert_int_eq(file_replace(other, span_of("new"), 0600, (uid_t)-1, (gid_t)-1), LK_SYSTEM);
    ck_assert_int_eq(rmdir(other), 0);
    ck_assert_int_eq(read_as(FILE_PRIVATE), 0);
    done();
}
END_TEST

static bool remains(const char *name, int64_t before)
{
    char file[96];
    ck_assert_int_eq(file_path(file, sizeof file, dir, name), 0);
    int fd = open(file, O_WRONLY | O_CREAT, 0600);
    ck_assert_int_eq(futimens(fd, (struct timespec[]){{1000, 0}, {1000, 0}}), 0);
    close(fd);
    file_sweep(path, before);
    return unlink(file) == 0;
}

START_TEST(what_a_killed_writer_left_is_swept_when_it_is_old)
{
    fresh();
    ck_assert(!remains("f.0123456789abcdef.tmp", 1001));
    ck_assert(remains("f.0123456789abcdef.tmp", 1000));
    file_sweep("/nonexistent/f", 1001);
    done();
}
END_TEST

START_TEST(nothing_else_is_swept)
{
    static const char *const names[] = {"f",
                                        "g.0123456789abcdef.tmp",
                                        "f.0123456789abcde.tmp",
                                        "f.0123456789abcdef0.tmp",
                                        "f.0123456789abcdeg.tmp",
                                        "f.0123456789abcdef.tmpx",
                                        "f.attempt.0123456789abcdef.tmp",
                                        "f.tmp"};
    fresh();
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        ck_assert_msg(remains(names[i], 1001), "%s", names[i]);
    char link[96];
    ck_assert_int_eq(file_path(link, sizeof link, dir, "f.0123456789abcdef.tmp"), 0);
    ck_assert_int_eq(symlink("g", link), 0);
    file_sweep(path, INT64_MAX);
    ck_assert_int_eq(unlink(link), 0);
    done();
}
END_TEST

START_TEST(lock_is_exclusive_until_it_is_given_back)
{
    int fd = -1, second = -1;
    fresh();
    ck_assert_int_eq(file_lock(path, 0600, 0, &fd), 0);
    ck_assert_int_eq(file_lock(path, 0600, 20, &second), LK_BUSY);
    ck_assert_int_eq(second, -1);
    file_unlock(fd);
    ck_assert_int_eq(file_lock(path, 0600, 0, &second), 0);
    file_unlock(second);
    done();
}
END_TEST

static void log_to(const char *file, const char *value)
{
    if (fork() == 0) {
        int fd = open(file, O_WRONLY | O_CREAT | O_TRUNC, 0600);
        dup2(fd, STDERR_FILENO);
        log_context("r1");
        log_event("test.event", "name", value, "absent", NULL, "last", "1", NULL);
        _exit(0);
    }
    wait(NULL);
}

START_TEST(log_line_cannot_be_forged)
{
    struct buf b = BUF_INIT(8192);
    fresh();
    log_to(path, "a\nevent=\"x\" \x01é=\\");
    ck_assert_int_eq(file_read(path, FILE_ANY, &b, NULL), 0);
    ck_assert_ptr_nonnull(strstr(buf_cstr(&b), " event=test.event request=r1 "
                                               "name=\"a\\x0aevent=\\\"x\\\" \\x01\\xc3\\xa9=\\\\\" last=1\n"));
    ck_assert_ptr_eq(strchr(buf_cstr(&b), '\n'), b.p + b.n - 1);
    buf_free(&b);
    done();
}
END_TEST

START_TEST(long_log_value_is_cut_and_the_line_still_ends)
{
    struct buf b = BUF_INIT(8192), value = BUF_INIT(5000);
    fresh();
    for (int i = 0; i < 4000; i++)
        buf_str(&value, "\x01");
    log_to(path, buf_cstr(&value));
    ck_assert_int_eq(file_read(path, FILE_ANY, &b, NULL), 0);
    ck_assert_uint_lt(b.n, 4097);
    ck_assert_ptr_eq(strchr(buf_cstr(&b), '\n'), b.p + b.n - 1);
    buf_free(&b);
    buf_free(&value);
    done();
}
END_TEST

UNIT_MAIN("base_file", replaced_file_has_content_and_mode, file_over_the_limit_is_refused, unsafe_modes_are_refused,
          symlink_and_fifo_are_refused, foreign_owner_is_refused, failed_replacement_leaves_the_old_file,
          what_a_killed_writer_left_is_swept_when_it_is_old, nothing_else_is_swept,
          lock_is_exclusive_until_it_is_given_back, log_line_cannot_be_forged,
          long_log_value_is_cut_and_the_line_still_ends)
