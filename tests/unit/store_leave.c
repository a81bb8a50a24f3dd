#include "store_pair.h"

/* What the end of a process leaves behind. Each of these processes ends without another word, as a CGI does. */

static struct db *mine;

static int writes_and_leaves(void)
{
    int error = open_on(1000, &mine) || run(mine, "INSERT INTO t VALUES (1, 'written')");
    db_leave(mine);
    return error;
}

static int reads_and_leaves(void)
{
    int error = open_on(1000, &mine) || ask_int(mine, "SELECT count(*) FROM t") != 1;
    db_leave(mine);
    return error;
}

static int writes_and_dies(void)
{
    return open_on(1000, &mine) || run(mine, "INSERT INTO t VALUES (1, 'written')");
}

static void make(void)
{
    fresh();
    ck_ok(open_on(0, &db));
    db_close(db);
}

static off_t log_size(void)
{
    char wal[64];
    struct stat st;
    snprintf(wal, sizeof wal, "%s-wal", path);
    ck_ok(stat(wal, &st));
    return st.st_size;
}

START_TEST(the_last_writer_checkpoints)
{
    make();
    ck_ok(in_child(getuid(), writes_and_leaves));
    ck_assert_int_eq(log_size(), 0);
    ck_ok(in_child(getuid(), reads_and_leaves));
    done();
}
END_TEST

START_TEST(a_reader_checkpoints_what_a_killed_writer_left)
{
    make();
    ck_ok(in_child(getuid(), writes_and_dies));
    ck_assert_int_gt(log_size(), 0);
    ck_ok(in_child(getuid(), reads_and_leaves));
    ck_assert_int_eq(log_size(), 0);
    ck_ok(in_child(getuid(), reads_and_leaves));
    done();
}
END_TEST

/* Counts the requests for the lock that only the last may have. */
static int locks;
static int (*real_lock)(sqlite3_file *, int);
static int count_lock(sqlite3_file *file, int level)
{
    locks += level == SQLITE_LOCK_EXCLUSIVE;
    return real_lock(file, level);
}

static int reads_and_asks_nobody(void)
{
    static sqlite3_io_methods counting;
    sqlite3_file *file = NULL;
    if (open_on(1000, &mine) || ask_int(mine, "SELECT count(*) FROM t") != 1 ||
        sqlite3_file_control(mine->handle, "main", SQLITE_FCNTL_FILE_POINTER, &file))
        return 1;
    counting = *file->pMethods;
    real_lock = counting.xLock;
    counting.xLock = count_lock;
    file->pMethods = &counting;
    db_leave(mine);
    return locks;
}

START_TEST(a_reader_keeps_nobody_out)
{
    make();
    ck_ok(in_child(getuid(), writes_and_leaves));
    ck_ok(in_child(getuid(), reads_and_asks_nobody));
    done();
}
END_TEST

START_TEST(nothing_to_leave_is_fine)
{
    db_leave(NULL);
}
END_TEST

UNIT_MAIN("store_leave", the_last_writer_checkpoints, a_reader_checkpoints_what_a_killed_writer_left,
          a_reader_keeps_nobody_out, nothing_to_leave_is_fine)
