#include "store/sqlite.h"

#include "base/error.h"

/* ---- faults ----------------------------------------------------------------------------------------------- */

static int error_of(int rc)
{
    switch (rc & 0xff) {
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
    case SQLITE_PROTOCOL: /* the race for the WAL index went on for too long */
        return LK_BUSY;
    case SQLITE_NOMEM:
        return LK_NOMEM;
    default:
        return LK_STORE;
    }
}

static int fail_transaction(struct db *db, int error)
{
    if (db->txn != TXN_NONE && !db->failed)
        db->failed = error;
    return error;
}

int sqlite_failed(struct db *db, int rc)
{
    bool file = (rc & 0xff) == SQLITE_IOERR || (rc & 0xff) == SQLITE_CANTOPEN;
    int error = file ? sqlite3_system_errno(db->handle) : 0;
    db->doubtful = db->doubtful || error_of(rc) != LK_BUSY;
    snprintf(db->fault, sizeof db->fault, "%s (%d)%s%s", sqlite3_errmsg(db->handle), rc, error ? ": " : "",
             error ? strerror(error) : "");
    return fail_transaction(db, error_of(rc));
}

int sqlite_refused(struct db *db, const char *sentence)
{
    snprintf(db->fault, sizeof db->fault, "%s", sentence);
    return fail_transaction(db, LK_STORE);
}

const char *db_fault(const struct db *db)
{
    return db->fault;
}

int sqlite_run(struct db *db, const char *sql)
{
    int rc = sqlite3_exec(db->handle, sql, NULL, NULL, NULL);
    return rc == SQLITE_OK ? 0 : sqlite_failed(db, rc);
}

int sqlite_check_version(struct db *db, uint64_t version)
{
    if (version <= db->version)
        return 0;
    snprintf(db->fault, sizeof db->fault, "its schema has version %llu, this program knows only up to %zu",
             (unsigned long long)version, db->version);
    return LK_SCHEMA_NEWER;
}

/* ---- transactions ----------------------------------------------------------------------------------------- */

/* SQLite itself ends a transaction on some failures (disk full, I/O); what follows would then be committed alone. */
int sqlite_alive(struct db *db)
{
    if (!db->failed && db->txn != TXN_NONE && sqlite3_get_autocommit(db->handle))
        return sqlite_refused(db, "the transaction was rolled back");
    return db->failed;
}

/* Another program may have been upgraded while this connection stays open. */
static int check_kept(struct db *db)
{
    struct db_row *row = NULL;
    int error = db_query(db, "PRAGMA user_version", NULL, 0, &row);
    if (!error)
        error = db_next(row);
    if (!error)
        error = sqlite_check_version(db, (uint64_t)db_col_int(row, 0));
    db_done(row);
    return error;
}

static int begin(struct db *db, const char *sql, enum db_transaction txn)
{
    int error = sqlite_step(db, sql); /* SQLite refuses one inside another */
    if (error)
        return error;
    db->txn = txn;
    if (db->kept && (error = check_kept(db)) != 0) {
        db_rollback(db);
        db->doubtful = true;
    }
    return error;
}

int db_begin_write(struct db *db)
{
    return begin(db, "BEGIN IMMEDIATE", TXN_WRITE);
}

int db_begin_read(struct db *db)
{
    return begin(db, "BEGIN", TXN_READ);
}

int db_commit(struct db *db)
{
    if (db->txn == TXN_NONE)
        return sqlite_refused(db, "no transaction is open");
    int error = sqlite_alive(db);
    if (!error)
        error = sqlite_step(db, "COMMIT");
    if (error)
        db_rollback(db);
    db->txn = TXN_NONE;
    return error;
}

void db_rollback(struct db *db)
{
    if (!sqlite3_get_autocommit(db->handle))
        sqlite3_exec(db->handle, "ROLLBACK", NULL, NULL, NULL);
    db->txn = TXN_NONE;
    db->failed = 0;
}

bool db_rest(struct db *db)
{
    db_rollback(db);
    db->kept = true;
    db->fault[0] = '\0';
    return !db->doubtful;
}

void db_close(struct db *db)
{
    if (!db)
        return;
    for (struct db_row *row = db->statements, *next = NULL; row; row = next) {
        next = row->next;
        sqlite_discard(row);
    }
    if (db->handle && !sqlite3_get_autocommit(db->handle))
        db_rollback(db);
    sqlite3_close(db->handle);
    free(db);
}

static bool has_wal(const struct db *db)
{
    sqlite3_file *wal = NULL;
    sqlite3_int64 size = 0;
    if (sqlite3_file_control(db->handle, "main", SQLITE_FCNTL_JOURNAL_POINTER, &wal) != SQLITE_OK || !wal ||
        !wal->pMethods || wal->pMethods->xFileSize(wal, &size) != SQLITE_OK)
        return true;
    return size > 0;
}

/* Closing asks for the lock that keeps everybody else out, to see whether it was the last and has to checkpoint. With
 * an empty write-ahead log there is nothing to do, and those who come meanwhile need not wait. */
void db_leave(struct db *db)
{
    if (db && has_wal(db))
        db_close(db);
}
