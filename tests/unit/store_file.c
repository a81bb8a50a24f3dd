#include "store_fixture.h"

#define NOBODY 65534

START_TEST(symbolic_link_is_refused)
{
    char target[64];
    fresh();
    snprintf(target, sizeof target, "%s/target", dir);
    ck_ok(symlink(target, path)); /* to nothing yet: nothing may be created either */
    ck_assert_int_eq(try_open(), LK_UNSAFE_FILE);
    ck_assert_int_eq(access(target, F_OK), -1);
    ck_ok(unlink(path));
    ck_ok(try_open());
    ck_ok(rename(path, target));
    ck_ok(symlink(target, path));
    ck_assert_int_eq(try_open(), LK_UNSAFE_FILE);
    done();
}
END_TEST

START_TEST(file_that_others_may_write_is_refused)
{
    fresh();
    ck_ok(try_open());
    ck_ok(chmod(path, 0602));
    ck_assert_int_eq(try_open(), LK_UNSAFE_FILE);
    ck_ok(chmod(path, 0664));
    ck_ok(try_open());
    done();
}
END_TEST

START_TEST(neither_directory_nor_fifo_is_opened)
{
    fresh();
    ck_ok(mkdir(path, 0700));
    ck_assert_int_eq(try_open(), LK_UNSAFE_FILE);
    ck_ok(rmdir(path));
    ck_ok(mkfifo(path, 0600));
    ck_assert_int_eq(try_open(), LK_UNSAFE_FILE);
    done();
}
END_TEST

START_TEST(missing_directory_is_named)
{
    fresh();
    snprintf(path, sizeof path, "%s/no/main.db", dir);
    ck_assert_int_eq(try_open(), LK_STORE);
    ck_assert_ptr_nonnull(strstr(buf_cstr(&fault), "/no/main.db: No such file or directory"));
    done();
}
END_TEST

/* An error as an exit status. */
#define STATUS(error) ((error) ? (error)-LK_ERROR_FIRST : 0)

static int open_as_other(void)
{
    return STATUS(try_open());
}

START_TEST(file_of_another_user_is_refused)
{
    if (getuid() != 0)
        return; /* only root can be somebody else */
    fresh();
    ck_ok(chmod(dir, 0777));
    ck_ok(try_open());
    ck_ok(chown(path, 1, 1));
    ck_ok(chmod(path, 0644));
    ck_assert_int_eq(in_child(NOBODY, open_as_other), STATUS(LK_UNSAFE_FILE));
    ck_ok(try_open()); /* root may */
    char name[64];
    static const char *const suffixes[] = {"", "-wal", "-shm"};
    for (int i = 0; i < 3; i++) {
        snprintf(name, sizeof name, "%s%s", path, suffixes[i]);
        ck_ok(chown(name, NOBODY, NOBODY));
    }
    ck_assert_int_eq(in_child(NOBODY, open_as_other), 0);
    done();
}
END_TEST

static int write_as_other(void)
{
    struct db *db = NULL;
    int error = db_open(path, 100, &db, &fault);
    if (!error)
        error = db_begin_write(db);
    db_close(db);
    return STATUS(error);
}

START_TEST(read_only_file_and_directory_fail_as_store)
{
    if (getuid() != 0)
        return;
    fresh();
    ck_ok(chmod(dir, 0755)); /* a directory that nobody may write: no new database */
    ck_assert_int_eq(in_child(NOBODY, open_as_other), STATUS(LK_STORE));
    ck_ok(try_open()); /* root's, mode 0600 */
    ck_assert_int_eq(in_child(NOBODY, open_as_other), STATUS(LK_STORE));
    ck_ok(chmod(path, 0644));
    ck_assert_int_eq(in_child(NOBODY, write_as_other), STATUS(LK_STORE));
    ck_assert_int_eq(in_child(0, write_as_other), 0);
    done();
}
END_TEST

UNIT_MAIN("store_file", symbolic_link_is_refused, file_that_others_may_write_is_refused,
          neither_directory_nor_fifo_is_opened, missing_directory_is_named, file_of_another_user_is_refused,
          read_only_file_and_directory_fail_as_store)
