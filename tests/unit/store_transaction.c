#include "store_pair.h"

#include <signal.h>
#include <sys/resource.h>

START_TEST(committed_is_seen_and_rolled_back_is_not)
{
    opened();
    ck_ok(db_begin_write(db));
    ck_ok(run(db, "INSERT INTO t VALUES (1, NULL)"));
    ck_assert_int_eq(ask_int(other, "SELECT count(*) FROM t"), 0);
    ck_ok(db_commit(db));
    ck_assert_int_eq(ask_int(other, "SELECT count(*) FROM t"), 1);
    ck_ok(db_begin_write(db));
    ck_ok(run(db, "INSERT INTO t VALUES (2, NULL)"));
    db_rollback(db);
    db_rollback(db); /* harmless */
    ck_assert_int_eq(ask_int(db, "SELECT count(*) FROM t"), 1);
    closed();
}
END_TEST

START_TEST(close_rolls_back)
{
    struct db_row *row = NULL;
    opened();
    ck_ok(db_begin_write(db));
    ck_ok(run(db, "INSERT INTO t VALUES (1, NULL)"));
    ck_ok(db_query(db, "SELECT i FROM t", NULL, 0, &row));
    ck_ok(db_next(row)); /* and a row is still there */
    db_close(db);
    db_close(NULL);
    db = NULL;
    ck_assert_int_eq(ask_int(other, "SELECT count(*) FROM t"), 0);
    ck_ok(db_begin_write(other));
    closed();
}
END_TEST

START_TEST(write_transaction_has_the_lock_from_its_beginning)
{
    opened();
    ck_ok(db_begin_write(db));
    ck_assert_int_eq(db_begin_write(other), LK_BUSY);
    ck_ok(db_begin_read(other)); /* a reader is not kept out */
    ck_assert_int_eq(ask_int(other, "SELECT count(*) FROM t"), 0);
    ck_ok(db_commit(other));
    ck_ok(db_commit(db));
    ck_ok(db_begin_write(other));
    ck_ok(db_commit(other));
    closed();
}
END_TEST

START_TEST(busy_writer_leaves_nothing_and_may_try_again)
{
    opened();
    ck_ok(db_begin_write(other));
    ck_assert_int_eq(db_begin_write(db), LK_BUSY);
    ck_assert_ptr_nonnull(strstr(db_fault(db), "locked"));
    ck_assert_int_eq(db_commit(db), LK_STORE); /* none is open */
    ck_assert_int_eq(run(db, "INSERT INTO t VALUES (1, NULL)"), LK_BUSY);
    ck_ok(db_commit(other));
    ck_ok(db_begin_write(db));
    ck_assert_int_eq(ask_int(db, "SELECT count(*) FROM t"), 0);
    ck_ok(run(db, "INSERT INTO t VALUES (1, NULL)"));
    ck_ok(db_commit(db));
    closed();
}
END_TEST

static int locked[2], go[2];

/* Holds the write lock until told. */
static int holder(void)
{
    struct db *mine = NULL;
    char byte = 0;
    if (open_on(0, &mine) || db_begin_write(mine) || write(locked[1], "", 1) != 1 || read(go[0], &byte, 1) != 1 ||
        run(mine, "INSERT INTO t VALUES (1, NULL)") || db_commit(mine))
        return 1;
    db_close(mine);
    return 0;
}

START_TEST(writer_waits_for_the_lock)
{
    char byte = 0;
    int status = 0;
    fresh();
    ck_ok(pipe(locked));
    ck_ok(pipe(go));
    pid_t pid = fork();
    ck_assert_int_ge(pid, 0);
    if (pid == 0)
        _exit(holder());
    ck_assert_int_eq(read(locked[0], &byte, 1), 1);
    ck_ok(open_on(60000, &db));
    ck_assert_int_eq(write(go[1], "", 1), 1);
    ck_ok(db_begin_write(db));
    ck_assert_int_eq(ask_int(db, "SELECT count(*) FROM t"), 1);
    ck_ok(db_commit(db));
    ck_assert_int_eq(waitpid(pid, &status, 0), pid);
    ck_assert_int_eq(status, 0);
    closed();
}
END_TEST

START_TEST(read_transaction_sees_one_state)
{
    opened();
    ck_ok(db_begin_read(db));
    ck_assert_int_eq(ask_int(db, "SELECT count(*) FROM t"), 0);
    ck_ok(run(other, "INSERT INTO t VALUES (1, NULL)"));
    ck_assert_int_eq(ask_int(db, "SELECT count(*) FROM t"), 0);
    ck_ok(db_commit(db));
    ck_assert_int_eq(ask_int(db, "SELECT count(*) FROM t"), 1);
    closed();
}
END_TEST

START_TEST(read_never_turns_into_a_write)
{
    opened();
    ck_ok(db_begin_read(db));
    ck_assert_int_eq(run(db, "INSERT INTO t VALUES (1, NULL)"), LK_STORE);
    ck_assert_int_eq(db_commit(db), LK_STORE);
    ck_ok(db_begin_write(db));
    ck_ok(run(db, "INSERT INTO t VALUES (1, NULL)"));
    ck_ok(db_commit(db));
    ck_assert_int_eq(ask_int(db, "SELECT count(*) FROM t"), 1);
    closed();
}
END_TEST

START_TEST(transactions_do_not_nest)
{
    opened();
    ck_ok(db_begin_write(db));
    ck_assert_int_eq(db_begin_write(db), LK_STORE);
    db_rollback(db);
    ck_ok(db_begin_write(db));
    ck_ok(db_commit(db));
    ck_assert_int_eq(db_commit(db), LK_STORE);
    closed();
}
END_TEST

START_TEST(failed_statement_fails_the_whole_transaction)
{
    opened();
    ck_ok(run(db, "CREATE UNIQUE INDEX u ON t (i)"));
    ck_ok(db_begin_write(db));
    ck_ok(run(db, "INSERT INTO t VALUES (1, NULL)"));
    ck_assert_int_eq(run(db, "INSERT INTO t VALUES (1, NULL)"), LK_STORE);
    ck_assert_int_eq(run(db, "INSERT INTO t VALUES (2, NULL)"), LK_STORE);
    ck_assert_int_eq(db_commit(db), LK_STORE);
    ck_assert_ptr_nonnull(strstr(db_fault(db), "UNIQUE constraint failed: t.i")); /* still the first fault */
    ck_assert_int_eq(ask_int(db, "SELECT count(*) FROM t"), 0);
    ck_ok(db_begin_write(db));
    ck_ok(run(db, "INSERT INTO t VALUES (3, NULL)"));
    ck_ok(db_commit(db));
    ck_assert_int_eq(ask_int(db, "SELECT count(*) FROM t"), 1);
    closed();
}
END_TEST

/* Another transaction that waited for its rows must not go on alone once SQLite has rolled it back. */
START_TEST(full_disk_leaves_nothing_half_done)
{
    static const char big[] = "INSERT INTO t VALUES (2, zeroblob(200000))";
    opened();
    ck_ok(run(db, "PRAGMA max_page_count=10"));
    ck_ok(db_begin_write(db));
    ck_ok(run(db, "INSERT INTO t VALUES (1, NULL)"));
    ck_assert_int_eq(run(db, big), LK_STORE);
    ck_assert_ptr_nonnull(strstr(db_fault(db), "full"));
    ck_assert_int_eq(run(db, "INSERT INTO t VALUES (3, NULL)"), LK_STORE);
    ck_assert_int_eq(db_commit(db), LK_STORE);
    ck_assert_int_eq(ask_int(other, "SELECT count(*) FROM t"), 0);
    ck_ok(run(db, "PRAGMA max_page_count=1000"));
    ck_ok(db_begin_write(db));
    ck_ok(run(db, big));
    ck_ok(db_commit(db));
    closed();
}
END_TEST

START_TEST(transaction_that_sqlite_ended_is_not_gone_on_with)
{
    opened();
    ck_ok(db_begin_write(db));
    ck_ok(sqlite3_exec(db->handle, "ROLLBACK", NULL, NULL, NULL)); /* as on an I/O error */
    ck_assert_int_eq(run(db, "INSERT INTO t VALUES (1, NULL)"), LK_STORE);
    ck_assert_int_eq(db_commit(db), LK_STORE);
    ck_assert_int_eq(ask_int(db, "SELECT count(*) FROM t"), 0);
    closed();
}
END_TEST

/* No file may grow past 64 KiB: the system refuses the write (EFBIG). */
static int write_beyond_limit(void)
{
    struct db *mine = NULL;
    const struct rlimit limit = {65536, 65536};
    signal(SIGXFSZ, SIG_IGN);
    if (setrlimit(RLIMIT_FSIZE, &limit) || open_on(0, &mine) || db_begin_write(mine) ||
        run(mine, "INSERT INTO t VALUES (1, NULL)"))
        return 1;
    int error = run(mine, "INSERT INTO t VALUES (2, zeroblob(200000))");
    if (!error)
        error = db_commit(mine);
    bool named = strstr(db_fault(mine), "disk I/O error") != NULL;
    db_rollback(mine);
    bool clean = ask_int(mine, "SELECT count(*) FROM t") == 0;
    bool usable = !db_begin_write(mine) && !run(mine, "INSERT INTO t VALUES (3, NULL)") && !db_commit(mine);
    db_close(mine);
    return error == LK_STORE && named && clean && usable ? 0 : 2;
}

START_TEST(write_that_the_system_refuses_is_rolled_back_and_named)
{
    opened();
    ck_ok(in_child(getuid(), write_beyond_limit));
    ck_assert_int_eq(ask_int(db, "SELECT sum(i) FROM t"), 3);
    closed();
}
END_TEST

UNIT_MAIN("store_transaction", committed_is_seen_and_rolled_back_is_not, close_rolls_back,
          write_transaction_has_the_lock_from_its_beginning, busy_writer_leaves_nothing_and_may_try_again,
          writer_waits_for_the_lock, read_transaction_sees_one_state, read_never_turns_into_a_write,
          transactions_do_not_nest, failed_statement_fails_the_whole_transaction, full_disk_leaves_nothing_half_done,
          transaction_that_sqlite_ended_is_not_gone_on_with, write_that_the_system_refuses_is_rolled_back_and_named)
