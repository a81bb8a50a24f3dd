#ifndef LK_STORE_SQLITE_H
#define LK_STORE_SQLITE_H

#include <sqlite3.h>

#include "store/db.h"

/* What the two files of the SQLite driver share; nobody else includes this. */

#define DB_FAULT_SIZE 320

/* A prepared statement. It stays in the list of its connection and is handed out again when nobody steps it. */
struct db_row {
    struct db *db;
    sqlite3_stmt *stmt;
    struct db_row *next;
    bool taken;
    bool ended;
    int parameters;
    int argument[]; /* of each of SQLite's parameters, counted from 1: N of its name $N */
};

enum db_transaction { TXN_NONE, TXN_READ, TXN_WRITE };

struct db {
    sqlite3 *handle;
    struct db_row *statements; /* the one that was used last comes first */
    size_t version;            /* of the schema that this program knows */
    bool kept;                 /* stays open from use to use */
    bool doubtful;             /* something failed that waiting does not mend */
    enum db_transaction txn;
    int busy_ms;      /* how long to wait for a lock, */
    int64_t busy_end; /* and until when, while waiting */
    int failed;       /* the first error inside the open transaction */
    char fault[DB_FAULT_SIZE];
};

/* Remembers what the driver says of `rc` and gives the enum lk_error for it. */
int sqlite_failed(struct db *db, int rc);

/* Our own refusal: LK_STORE with a fixed sentence. */
int sqlite_refused(struct db *db, const char *sentence);

/* LK_SCHEMA_NEWER when `version` is beyond what this program knows. */
int sqlite_check_version(struct db *db, uint64_t version);

/* LK_STORE, or what failed first, when nothing may be done in the open transaction any more. */
int sqlite_alive(struct db *db);

/* Runs a constant statement without parameters or rows, which stays prepared. */
int sqlite_step(struct db *db, const char *sql);
void sqlite_discard(struct db_row *row);

/* Runs constant SQL whose rows do not matter. */
int sqlite_run(struct db *db, const char *sql);

#endif
