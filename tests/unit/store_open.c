#include "store_fixture.h"

#include "store/schema.h"

static const char *const steps[] = {
    "CREATE TABLE applied (step INTEGER); INSERT INTO applied VALUES (1);",
    "INSERT INTO applied VALUES (2); CREATE TABLE second (i INTEGER);",
};
static const char *const broken_steps[] = {
    "CREATE TABLE applied (step INTEGER); INSERT INTO applied VALUES (1);",
    "INSERT INTO applied VALUES (2); CREATE TABLE applied (i INTEGER);",
};

static int open_steps(const char *const *list, size_t version, struct db **out)
{
    const struct db_options options = {path, 20000, list, version, false};
    return db_open_with(&options, out, &fault);
}

static void write_file(const char *bytes, size_t n, mode_t mode)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);
    ck_assert_int_ge(fd, 0);
    ck_assert_int_eq(write(fd, bytes, n), n);
    ck_ok(fchmod(fd, mode));
    close(fd);
}

static mode_t mode_of(const char *suffix)
{
    char name[64];
    struct stat st;
    snprintf(name, sizeof name, "%s%s", path, suffix);
    ck_ok(stat(name, &st));
    return st.st_mode & 07777;
}

/* Plain SQLite, as another program would use it. */
static void elsewhere(const char *sql)
{
    sqlite3 *handle = NULL;
    ck_ok(sqlite3_open(path, &handle));
    ck_ok(sqlite3_exec(handle, sql, NULL, NULL, NULL));
    ck_ok(sqlite3_close(handle));
}

START_TEST(a_lax_database_does_not_wait_for_the_disk)
{
    const struct db_options options = {path, 20000, steps, 1, true};
    struct db *db = NULL;
    fresh();
    ck_ok(db_open_with(&options, &db, &fault));
    ck_assert_int_eq(ask_int(db, "PRAGMA synchronous"), 0);
    db_close(db);
    done();
}
END_TEST

START_TEST(new_database_is_wal_durable_and_private)
{
    struct db *db = NULL;
    struct db_row *row = NULL;
    fresh();
    umask(0);
    ck_ok(db_open(path, 100, &db, &fault));
    ck_ok(db_query(db, "PRAGMA journal_mode", NULL, 0, &row));
    ck_ok(db_next(row));
    ck_assert_str_eq(db_col_text(row, 0), "wal");
    db_done(row);
    ck_assert_int_eq(ask_int(db, "PRAGMA synchronous"), 2);
    ck_assert_int_eq(ask_int(db, "PRAGMA trusted_schema"), 0);
    ck_assert_int_eq(ask_int(db, "PRAGMA user_version"), schema_version);
    ck_assert_int_eq(ask_int(db, "SELECT count(*) FROM family"), 0);
    ck_assert_int_eq(mode_of(""), 0600);
    ck_assert_int_eq(mode_of("-wal"), 0600);
    ck_assert_int_eq(mode_of("-shm"), 0600);
    db_close(db);
    done();
}
END_TEST

START_TEST(second_open_is_durable_too_and_finds_what_was_written)
{
    struct db *db = NULL;
    fresh();
    ck_ok(db_open(path, 100, &db, &fault));
    ck_ok(run(db, "INSERT INTO proof VALUES (x'01', 'f', 5)"));
    db_close(db);
    ck_ok(db_open(path, 100, &db, &fault));
    ck_assert_int_eq(ask_int(db, "PRAGMA synchronous"), 2);
    ck_assert_int_eq(ask_int(db, "SELECT count(*) FROM proof"), 1);
    db_close(db);
    done();
}
END_TEST

START_TEST(last_close_leaves_everything_in_the_main_file)
{
    struct db *db = NULL;
    struct stat st;
    char name[64];
    fresh();
    ck_ok(db_open(path, 100, &db, &fault));
    ck_ok(run(db, "INSERT INTO proof VALUES (x'01', 'f', 5)"));
    db_close(db);
    snprintf(name, sizeof name, "%s-wal", path);
    ck_ok(stat(name, &st));
    ck_assert_int_eq(st.st_size, 0);
    ck_ok(unlink(name));
    ck_ok(db_open(path, 100, &db, &fault));
    ck_assert_int_eq(ask_int(db, "SELECT count(*) FROM proof"), 1);
    db_close(db);
    done();
}
END_TEST

START_TEST(each_step_is_applied_once)
{
    struct db *db = NULL;
    fresh();
    ck_ok(open_steps(steps, 1, &db));
    ck_assert_int_eq(ask_int(db, "SELECT sum(step) FROM applied"), 1);
    db_close(db);
    for (int i = 0; i < 2; i++) {
        ck_ok(open_steps(steps, 2, &db));
        ck_assert_int_eq(ask_int(db, "SELECT sum(step) * 10 + count(*) FROM applied"), 32);
        ck_assert_int_eq(ask_int(db, "PRAGMA user_version"), 2);
        db_close(db);
    }
    done();
}
END_TEST

START_TEST(failed_step_leaves_the_database_as_it_was)
{
    struct db *db = NULL;
    fresh();
    ck_ok(open_steps(broken_steps, 1, &db));
    db_close(db);
    db = NULL;
    ck_assert_int_eq(open_steps(broken_steps, 2, &db), LK_STORE);
    ck_assert_ptr_null(db);
    ck_assert_ptr_nonnull(strstr(buf_cstr(&fault), "table applied already exists"));
    ck_ok(open_steps(steps, 2, &db));
    ck_assert_int_eq(ask_int(db, "SELECT sum(step) FROM applied"), 3);
    db_close(db);
    done();
}
END_TEST

START_TEST(creation_that_was_killed_is_finished_by_the_next_open)
{
    fresh();
    write_file("", 0, 0600); /* killed after the file was made */
    ck_ok(try_open());
    done();
    fresh();
    elsewhere("PRAGMA journal_mode=WAL"); /* killed before the schema */
    ck_ok(try_open());
    done();
}
END_TEST

#define RACERS 50

static int racer(int start)
{
    struct db *db = NULL;
    char byte = 0;
    (void)!read(start, &byte, 1); /* returns for all at once when the writing end is closed */
    if (open_steps(steps, 2, &db)) {
        fprintf(stderr, "%s\n", buf_cstr(&fault));
        return 1;
    }
    int64_t applied = ask_int(db, "SELECT sum(step) * 10 + count(*) FROM applied");
    db_close(db);
    return applied == 32 ? 0 : 2;
}

static void race(void)
{
    int start[2];
    pid_t pids[RACERS];
    int failed = 0;
    ck_ok(pipe(start));
    for (int i = 0; i < RACERS; i++) {
        pids[i] = fork();
        ck_assert_int_ge(pids[i], 0);
        if (pids[i] == 0) {
            close(start[1]);
            _exit(racer(start[0]));
        }
    }
    close(start[0]);
    close(start[1]);
    for (int i = 0; i < RACERS; i++) {
        int status = 0;
        ck_assert_int_eq(waitpid(pids[i], &status, 0), pids[i]);
        failed += status != 0;
    }
    ck_assert_int_eq(failed, 0);
}

START_TEST(fifty_processes_on_an_absent_database_all_succeed)
{
    for (int round = 0; round < 10; round++) {
        fresh();
        race();
        done();
    }
}
END_TEST

START_TEST(newer_version_is_refused_naming_both)
{
    struct db *db = NULL;
    char sql[64];
    fresh();
    ck_ok(try_open());
    snprintf(sql, sizeof sql, "PRAGMA user_version=%zu", schema_version + 70);
    elsewhere(sql);
    ck_assert_int_eq(db_open(path, 100, &db, &fault), LK_SCHEMA_NEWER);
    snprintf(sql, sizeof sql, "version %zu, ", schema_version + 70);
    ck_assert_ptr_nonnull(strstr(buf_cstr(&fault), sql));
    snprintf(sql, sizeof sql, "only up to %zu", schema_version);
    ck_assert_ptr_nonnull(strstr(buf_cstr(&fault), sql));
    ck_assert_ptr_nonnull(strstr(buf_cstr(&fault), path));
    done();
}
END_TEST

START_TEST(database_of_another_program_is_refused_and_left_alone)
{
    fresh();
    elsewhere("CREATE TABLE theirs (i)");
    ck_assert_int_eq(try_open(), LK_STORE);
    ck_assert_ptr_nonnull(strstr(buf_cstr(&fault), "is not a Latchkey database"));
    ck_assert_int_eq(access(path, R_OK), 0);
    elsewhere("PRAGMA user_version=-3");
    ck_assert_int_eq(try_open(), LK_STORE);
    struct buf head = BUF_INIT(100);
    int fd = open(path, O_RDONLY);
    ck_assert_int_eq(read(fd, buf_reserve(&head, 100), 100), 100);
    ck_assert_int_eq(head.p[18], 1); /* not turned to WAL */
    close(fd);
    buf_free(&head);
    done();
}
END_TEST

START_TEST(file_that_is_no_database_is_refused)
{
    static char garbage[8192];
    memset(garbage, 'x', sizeof garbage);
    static const size_t sizes[] = {2, 99, 100, 4096, sizeof garbage};
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        fresh();
        write_file(garbage, sizes[i], 0600);
        ck_assert_int_eq(try_open(), LK_STORE);
        ck_assert_ptr_nonnull(strstr(buf_cstr(&fault), "file is not a database"));
        ck_assert_ptr_nonnull(strstr(buf_cstr(&fault), path));
        done();
    }
}
END_TEST

START_TEST(damaged_database_fails_with_a_fault)
{
    char zeros[8192] = {0};
    struct db *db = NULL;
    fresh();
    ck_ok(try_open());
    int fd = open(path, O_WRONLY);
    ck_assert_int_eq(pwrite(fd, zeros, 3000, 1000), 3000); /* inside the first page, past the header */
    close(fd);
    int error = db_open(path, 100, &db, &fault);
    if (!error)
        error = run(db, "SELECT count(*) FROM family");
    ck_assert_int_eq(error, LK_STORE);
    const char *said = db ? db_fault(db) : buf_cstr(&fault);
    ck_assert_ptr_nonnull(strstr(said, "malformed"));
    db_close(db);
    done();
}
END_TEST

START_TEST(creation_under_a_lock_is_busy)
{
    sqlite3 *handle = NULL;
    fresh();
    ck_ok(sqlite3_open(path, &handle));
    ck_ok(sqlite3_exec(handle, "BEGIN EXCLUSIVE", NULL, NULL, NULL));
    ck_assert_int_eq(try_open(), LK_BUSY);
    ck_ok(sqlite3_exec(handle, "ROLLBACK", NULL, NULL, NULL));
    ck_ok(sqlite3_close(handle));
    ck_ok(try_open());
    done();
}
END_TEST

START_TEST(reader_in_the_way_of_wal_is_busy)
{
    sqlite3 *handle = NULL;
    fresh();
    ck_ok(sqlite3_open(path, &handle));
    ck_ok(sqlite3_exec(handle, "PRAGMA user_version=0", NULL, NULL, NULL)); /* a database of one page */
    ck_ok(sqlite3_exec(handle, "BEGIN; SELECT * FROM sqlite_schema", NULL, NULL, NULL));
    ck_assert_int_eq(try_open(), LK_BUSY);
    ck_ok(sqlite3_exec(handle, "COMMIT", NULL, NULL, NULL));
    ck_ok(sqlite3_close(handle));
    ck_ok(try_open());
    done();
}
END_TEST

static sqlite3 *reader;
static int waits;

/* Instead of sleeping: the reader goes. */
static int reader_goes(sqlite3_vfs *vfs, int microseconds)
{
    (void)vfs;
    if (waits++ == 0)
        sqlite3_exec(reader, "COMMIT", NULL, NULL, NULL);
    return microseconds;
}

/* SQLite does not wait for a reader when it switches to WAL, whatever the busy timeout. */
START_TEST(switch_to_wal_waits_for_a_reader)
{
    struct db *db = NULL;
    fresh();
    ck_ok(sqlite3_open(path, &reader));
    ck_ok(sqlite3_exec(reader, "PRAGMA user_version=0", NULL, NULL, NULL)); /* a database of one page */
    ck_ok(sqlite3_exec(reader, "BEGIN; SELECT * FROM sqlite_schema", NULL, NULL, NULL));
    sqlite3_vfs_find(NULL)->xSleep = reader_goes;
    ck_ok(db_open(path, 60000, &db, &fault));
    ck_assert_int_eq(waits, 1);
    ck_assert_int_eq(ask_int(db, "SELECT count(*) FROM family"), 0);
    ck_ok(sqlite3_close(reader));
    db_close(db);
    done();
}
END_TEST

START_TEST(a_look_changes_nothing)
{
    struct db_facts facts = {99, true};
    struct db *db = NULL;
    fresh();
    ck_assert_int_eq(db_look(path, 100, &facts, &fault), LK_NOT_FOUND);
    ck_assert_int_eq(access(path, F_OK), -1);
    ck_assert_uint_eq(facts.version, 99);
    ck_ok(open_steps(steps, 1, &db));
    db_close(db);
    ck_ok(db_look(path, 100, &facts, &fault));
    ck_assert_uint_eq(facts.version, 1);
    ck_assert(facts.wal);
    elsewhere("PRAGMA user_version=0");
    ck_assert_int_eq(db_look(path, 100, &facts, &fault), LK_STORE); /* tables, but not ours */
    elsewhere("PRAGMA user_version=9; PRAGMA journal_mode=DELETE");
    ck_ok(db_look(path, 100, &facts, &fault));
    ck_assert_uint_eq(facts.version, 9);
    ck_assert(!facts.wal);
    ck_ok(chmod(path, 0606));
    ck_assert_int_eq(db_look(path, 100, &facts, &fault), LK_UNSAFE_FILE);
    done();
}
END_TEST

START_TEST(fault_may_be_null)
{
    struct db *db = NULL;
    fresh();
    ck_ok(mkfifo(path, 0600));
    ck_assert_int_eq(db_open(path, 100, &db, NULL), LK_UNSAFE_FILE);
    done();
}
END_TEST

UNIT_MAIN("store_open", new_database_is_wal_durable_and_private, a_lax_database_does_not_wait_for_the_disk,
          second_open_is_durable_too_and_finds_what_was_written, last_close_leaves_everything_in_the_main_file,
          each_step_is_applied_once, failed_step_leaves_the_database_as_it_was,
          creation_that_was_killed_is_finished_by_the_next_open, fifty_processes_on_an_absent_database_all_succeed,
          newer_version_is_refused_naming_both, database_of_another_program_is_refused_and_left_alone,
          file_that_is_no_database_is_refused, damaged_database_fails_with_a_fault, creation_under_a_lock_is_busy,
          reader_in_the_way_of_wal_is_busy, switch_to_wal_waits_for_a_reader, a_look_changes_nothing, fault_may_be_null)
