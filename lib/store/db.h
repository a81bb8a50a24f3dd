#ifndef LK_STORE_DB_H
#define LK_STORE_DB_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/span.h"

/* The one interface to a database; a driver is one file behind it. SQL is in the dialect that SQLite and PostgreSQL
 * both take: $1 parameters, ON CONFLICT, RETURNING. */
struct db;
struct db_row; /* a statement that is being stepped */

/* Opens (creates, 0600) the database and brings its schema up to date inside one exclusive transaction.
 * `busy_ms`: how long to wait for another writer. `fault` (may be NULL) gets one line for the log on failure.
 * LK_BUSY; LK_SCHEMA_NEWER; LK_NOMEM; LK_UNSAFE_FILE: a symbolic link, not a regular file, writable by others, or
 * neither ours nor root's; LK_STORE: anything else, a file that is not our database included. */
int db_open(const char *path, int busy_ms, struct db **out, struct buf *fault);

/* The same for a database with a schema of its own; step i takes it from version i to i+1. */
struct db_options {
    const char *path;
    int busy_ms;
    const char *const *steps;
    size_t version; /* how many steps there are */
    bool lax;       /* what was committed last may be lost in a power cut, and costs no fsync (synchronous=OFF) */
};
int db_open_with(const struct db_options *options, struct db **out, struct buf *fault);

/* Between two uses of a connection that stays open: rolls back what is open and forgets what was said of the last use.
 * From then on each transaction sees whether another program has brought the schema beyond this one's: its begin fails
 * with LK_SCHEMA_NEWER, as db_open would. False: a failure has left the connection doubtful, close it. */
bool db_rest(struct db *db);

/* What a database file is, without changing it: nothing is made, and no schema is brought up to date. LK_NOT_FOUND;
 * otherwise as db_open. */
struct db_facts {
    uint64_t version; /* of its schema; 0: it is empty */
    bool wal;
};
int db_look(const char *path, int busy_ms, struct db_facts *out, struct buf *fault);

void db_close(struct db *db);              /* rolls an open transaction back; NULL is fine */
void db_leave(struct db *db);              /* instead, when the process is about to end: may leave all to its end */
const char *db_fault(const struct db *db); /* what the driver said last, for the log; never to a client */

/* Transactions. A write begins as one (a read that turns into a write fails under load, so a statement that writes is
 * refused inside a read). After a statement failed, the rest of its transaction fails too, and so does its commit.
 * Whatever db_commit answers, no transaction is open after it. LK_BUSY, LK_STORE. */
int db_begin_write(struct db *db);
int db_begin_read(struct db *db);
int db_commit(struct db *db);
void db_rollback(struct db *db); /* harmless when none is open */

/* Parameters of a statement: $1 is the first. */
enum db_type { DB_NULL, DB_INT, DB_TEXT, DB_BLOB };
struct db_value {
    enum db_type type;
    int64_t i;
    struct span s;
};
struct db_value db_int(int64_t i);
struct db_value db_text(const char *s);           /* NULL is SQL NULL */
struct db_value db_text_span(struct span s);      /* p NULL is SQL NULL */
struct db_value db_blob(const void *p, size_t n); /* p NULL is SQL NULL */
struct db_value db_null(void);
#define DB_ARGS(...)                                                                                                   \
    (const struct db_value[]){__VA_ARGS__}, sizeof((const struct db_value[]){__VA_ARGS__}) / sizeof(struct db_value)

/* Starts a statement whose rows the caller steps through. Statements are prepared once per connection and reused; the
 * arguments are copied, and there are as many as the statement has parameters. `*row` is released by db_done, also when
 * db_next failed. LK_STORE: also for text with a NUL inside. */
int db_query(struct db *db, const char *sql, const struct db_value *args, size_t n, struct db_row **row);
int db_next(struct db_row *row);  /* 0: a row is there; LK_NOT_FOUND: no more; LK_BUSY, LK_STORE */
void db_done(struct db_row *row); /* NULL is fine */

/* Columns of the present row, from 0. Text and blobs live until the next db_next or db_done. db_next refuses a row that
 * has text with a NUL inside (LK_STORE). */
bool db_is_null(struct db_row *row, int column);
int64_t db_col_int(struct db_row *row, int column);
const char *db_col_text(struct db_row *row, int column); /* "" for NULL or a blob */
struct span db_col_blob(struct db_row *row, int column);

/* A statement without rows. `*changed` (may be NULL) is how many rows it wrote. */
int db_exec(struct db *db, const char *sql, const struct db_value *args, size_t n, int64_t *changed);

#endif
