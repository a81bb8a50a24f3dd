#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/error.h"
#include "base/parse.h"
#include "store/sqlite.h"

#define DATABASE_MODE 0600 /* SQLite gives its -wal and -shm files the same */

/* ---- the file --------------------------------------------------------------------------------------------- */

static int tell(struct buf *fault, const char *path, int error, const char *sentence)
{
    if (fault)
        buf_printf(fault, "%s: %s", path, sentence);
    return error;
}

/* Created here and not by SQLite, whose mode is 0644. Losing the race for it is fine. */
static int create_file(const char *path, struct buf *fault)
{
    int fd = open(path, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, DATABASE_MODE);
    if (fd < 0 && errno != EEXIST)
        return tell(fault, path, LK_STORE, strerror(errno));
    if (fd >= 0)
        close(fd);
    return 0;
}

static const char *unsafe(const struct stat *st)
{
    if (!S_ISREG(st->st_mode))
        return "is not a regular file";
    if (st->st_mode & S_IWOTH)
        return "others may write it";
    if (st->st_uid != 0 && geteuid() != 0 && st->st_uid != geteuid())
        return "belongs to another user";
    return NULL;
}

static int check_file(const char *path, struct buf *fault)
{
    struct stat st;
    int rc = lstat(path, &st);
    if (rc && errno == ENOENT) {
        int error = create_file(path, fault);
        if (error)
            return error;
        rc = lstat(path, &st);
    }
    if (rc)
        return tell(fault, path, LK_STORE, strerror(errno));
    const char *why = unsafe(&st);
    return why ? tell(fault, path, LK_UNSAFE_FILE, why) : 0;
}

/* ---- waiting ---------------------------------------------------------------------------------------------- */

#define PAUSE_US  50
#define DOUBLINGS 5

/* Sleeps, longer with each try; false: it is past `end`. Most of what keeps a process waiting is another one that opens
 * or closes the WAL index, which takes some 50 microseconds, or one that syncs. SQLite's own handler sleeps a
 * millisecond at first and a tenth of a second at last: of 64 writers at once, some never meet the lock free in two
 * seconds. Less than these 2 milliseconds at last, and they do little else than ask. */
static bool wait_until(int64_t end, int tries)
{
    sqlite3_vfs *vfs = sqlite3_vfs_find(NULL);
    int64_t now = clock_monotonic_us();
    int pause = PAUSE_US << (tries < DOUBLINGS ? tries : DOUBLINGS);
    if (now >= end)
        return false;
    vfs->xSleep(vfs, pause / 2 + (int)(now % pause)); /* not in step with the others that wait */
    return true;
}

static int64_t end_of_wait(int busy_ms)
{
    return clock_monotonic_us() + (int64_t)busy_ms * 1000;
}

static int on_busy(void *context, int tries)
{
    struct db *db = context;
    if (tries == 0)
        db->busy_end = end_of_wait(db->busy_ms);
    return wait_until(db->busy_end, tries);
}

/* ---- the connection --------------------------------------------------------------------------------------- */

/* No locks, for there are no threads; no statistics; no memory for twenty pages where a request reads eight. Before the
 * first connection only: later, SQLite refuses it. */
static void configure(void)
{
    static bool done;
    if (done)
        return;
    done = true;
    sqlite3_config(SQLITE_CONFIG_SINGLETHREAD);
    sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0);
    sqlite3_config(SQLITE_CONFIG_PAGECACHE, NULL, 0, 0);
}

/* What does not fit into memory is sorted beside the (first) database: a confined process can write nowhere else, and
 * in /tmp or /var/tmp it would be in company. */
static void keep_temporary_files_beside(const char *path)
{
    static char directory[PATH_MAX];
    const char *slash = strrchr(path, '/');
    if (sqlite3_temp_directory || !slash || slash == path || (size_t)(slash - path) >= sizeof directory)
        return;
    memcpy(directory, path, (size_t)(slash - path));
    sqlite3_temp_directory = directory;
}

static int connect_file(struct db *db, const struct db_options *options, int mode)
{
    configure();
    keep_temporary_files_beside(options->path);
    int rc = sqlite3_open_v2(options->path, &db->handle, mode | SQLITE_OPEN_NOMUTEX, NULL);
    if (!db->handle)
        return LK_NOMEM;
    if (rc != SQLITE_OK)
        return sqlite_failed(db, rc);
    db->busy_ms = options->busy_ms;
    sqlite3_busy_handler(db->handle, on_busy, db);
    sqlite3_extended_result_codes(db->handle, 1);
    sqlite3_db_config(db->handle, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, NULL);
    sqlite3_db_config(db->handle, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
    sqlite3_db_config(db->handle, SQLITE_DBCONFIG_DQS_DML, 0, NULL);
    sqlite3_db_config(db->handle, SQLITE_DBCONFIG_DQS_DDL, 0, NULL);
    sqlite3_file_control(db->handle, "main", SQLITE_FCNTL_PERSIST_WAL, &(int){1});
    return 0;
}

/* `out` (may be NULL) gets the first column of the first row. SQLite answers SQLITE_BUSY at once, whatever the timeout,
 * where waiting could deadlock (the switch to WAL, recovery): those are tried again here. */
static int ask_once(struct db *db, const char *sql, char *out, size_t cap)
{
    sqlite3_stmt *stmt = NULL;
    int rc = sqlite3_prepare_v2(db->handle, sql, -1, &stmt, NULL);
    if (rc == SQLITE_OK)
        rc = sqlite3_step(stmt);
    if (rc == SQLITE_ROW && out) {
        const char *text = (const char *)sqlite3_column_text(stmt, 0);
        snprintf(out, cap, "%s", text ? text : "");
    }
    int error = rc == SQLITE_ROW || (rc == SQLITE_DONE && !out) ? 0 : sqlite_failed(db, rc);
    sqlite3_finalize(stmt);
    return error;
}

static int ask(struct db *db, const struct db_options *options, const char *sql, char *out, size_t cap)
{
    int64_t end = end_of_wait(options->busy_ms);
    int error = ask_once(db, sql, out, cap);
    for (int tries = 0; error == LK_BUSY && wait_until(end, tries); tries++)
        error = ask_once(db, sql, out, cap);
    return error;
}

/* ---- the schema ------------------------------------------------------------------------------------------- */

#define NUMBER_SIZE 24

static int ask_number(struct db *db, const struct db_options *options, const char *sql, uint64_t *out)
{
    char text[NUMBER_SIZE];
    int error = ask(db, options, sql, text, sizeof text);
    if (!error && parse_u64(span_of(text), INT32_MAX, out))
        error = sqlite_refused(db, "is not a Latchkey database");
    return error;
}

static int read_version(struct db *db, const struct db_options *options, uint64_t *version)
{
    int error = ask_number(db, options, "PRAGMA user_version", version);
    return error ? error : sqlite_check_version(db, *version);
}

static int refuse_foreign(struct db *db, const struct db_options *options)
{
    static const char foreign[] = "SELECT (SELECT user_version FROM pragma_user_version) = 0"
                                  "   AND EXISTS (SELECT 1 FROM sqlite_schema)";
    uint64_t is_foreign = 0;
    int error = ask_number(db, options, foreign, &is_foreign);
    return error || !is_foreign ? error : sqlite_refused(db, "is not a Latchkey database");
}

/* The journal mode stays in the file, so it is set when the file is new and never again. */
static int make_wal(struct db *db, const struct db_options *options)
{
    char mode[NUMBER_SIZE];
    int error = refuse_foreign(db, options);
    if (!error)
        error = ask(db, options, "PRAGMA journal_mode=WAL", mode, sizeof mode);
    if (!error && !span_equals(span_of(mode), "wal"))
        error = sqlite_refused(db, "its file system cannot hold a WAL database");
    return error;
}

static int apply_steps(struct db *db, const struct db_options *options)
{
    uint64_t version = 0;
    int error = read_version(db, options, &version); /* again: another process may have been first */
    if (error || version == options->version)
        return error;
    for (; !error && version < options->version; version++)
        error = sqlite_run(db, options->steps[version]);
    char stamp[48];
    snprintf(stamp, sizeof stamp, "PRAGMA user_version=%llu", (unsigned long long)version);
    return error ? error : sqlite_run(db, stamp);
}

static int upgrade(struct db *db, const struct db_options *options)
{
    int error = sqlite_run(db, "BEGIN EXCLUSIVE");
    if (error)
        return error;
    db->txn = TXN_WRITE;
    error = apply_steps(db, options);
    if (error) {
        db_rollback(db);
        return error;
    }
    return db_commit(db);
}

/* The last process to close still checkpoints, but then empties the -wal file (the size limit) and leaves it and the
 * -shm file in place (PERSIST_WAL), so that the next one need not create them again: a tenth of the processor time of a
 * CGI. */
static int set_up(struct db *db, const struct db_options *options)
{
    char limit[NUMBER_SIZE];
    int error = ask(db, options, options->lax ? "PRAGMA synchronous=OFF" : "PRAGMA synchronous=FULL", NULL, 0);
    return error ? error : ask(db, options, "PRAGMA journal_size_limit=0", limit, sizeof limit);
}

static int bring_up_to_date(struct db *db, const struct db_options *options)
{
    uint64_t version = 0;
    int error = read_version(db, options, &version);
    if (!error)
        error = set_up(db, options);
    if (!error && version == 0)
        error = make_wal(db, options);
    if (!error && version < options->version)
        error = upgrade(db, options);
    return error;
}

int db_open_with(const struct db_options *options, struct db **out, struct buf *fault)
{
    struct db *db = NULL;
    int error = check_file(options->path, fault);
    if (error)
        return error;
    db = calloc(1, sizeof *db);
    if (!db)
        return LK_NOMEM;
    db->version = options->version;
    error = connect_file(db, options, SQLITE_OPEN_READWRITE);
    if (!error)
        error = bring_up_to_date(db, options);
    if (error) {
        tell(fault, options->path, error, db->fault);
        db_close(db);
        return error;
    }
    *out = db;
    return 0;
}

/* ---- a look --------------------------------------------------------------------------------------------------------
 */

static int look(struct db *db, const struct db_options *options, struct db_facts *out)
{
    char mode[NUMBER_SIZE];
    int error = connect_file(db, options, SQLITE_OPEN_READONLY);
    if (!error)
        error = refuse_foreign(db, options);
    if (!error)
        error = ask_number(db, options, "PRAGMA user_version", &out->version);
    if (!error)
        error = ask(db, options, "PRAGMA journal_mode", mode, sizeof mode);
    out->wal = !error && span_equals(span_of(mode), "wal");
    return error;
}

int db_look(const char *path, int busy_ms, struct db_facts *out, struct buf *fault)
{
    const struct db_options options = {.path = path, .busy_ms = busy_ms};
    struct db_facts facts = {0};
    struct stat st;
    if (lstat(path, &st))
        return tell(fault, path, errno == ENOENT ? LK_NOT_FOUND : LK_STORE, strerror(errno));
    const char *why = unsafe(&st);
    if (why)
        return tell(fault, path, LK_UNSAFE_FILE, why);
    struct db *db = calloc(1, sizeof *db);
    int error = db ? look(db, &options, &facts) : LK_NOMEM;
    if (!error)
        *out = facts;
    else if (db)
        tell(fault, path, error, db->fault);
    db_close(db);
    return error;
}
