#ifndef LK_STORE_SQLITE_H
#define LK_STORE_SQLITE_H

#include <sqlite3.h>

#include "store/db.h"

/* What the two files of the SQLite driver share; nobody else includes this. */

#define DB_FAULT_SIZE 320

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

/* Runs constant SQL whose rows do not matter. */
int sqlite_run(struct db *db, const char *sql);

#endif
