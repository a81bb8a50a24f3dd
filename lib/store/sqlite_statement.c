#include "base/error.h"
#include "base/parse.h"
#include "store/sqlite.h"

#define PARAMETERS_MAX 64
#define STATEMENTS_MAX 64 /* that are kept prepared */

/* ---- statements ------------------------------------------------------------------------------------------- */

/* SQLite takes $1 for a name and numbers parameters as they first appear: `... = $2 AND ... = $1` would be swapped. */
static int map_parameters(struct db_row *row)
{
    bool seen[PARAMETERS_MAX + 1] = {false};
    for (int i = 1; i <= row->parameters; i++) {
        const char *name = sqlite3_bind_parameter_name(row->stmt, i);
        uint64_t number = 0;
        if (!name || name[0] != '$' || parse_u64(span_of(name + 1), (uint64_t)row->parameters, &number) ||
            number == 0 || seen[number])
            return sqlite_refused(row->db, "the parameters are not $1 to $N");
        seen[number] = true;
        row->argument[i - 1] = (int)number;
    }
    return 0;
}

static int wrap_statement(struct db *db, sqlite3_stmt *stmt, const char *tail, struct db_row **out)
{
    int parameters = sqlite3_bind_parameter_count(stmt);
    if (!stmt || *tail || parameters > PARAMETERS_MAX)
        return sqlite_refused(db, "the text is not one statement");
    struct db_row *row = calloc(1, sizeof *row + (size_t)parameters * sizeof row->argument[0]);
    if (!row)
        return LK_NOMEM;
    row->db = db;
    row->stmt = stmt;
    row->parameters = parameters;
    int error = map_parameters(row);
    if (error)
        free(row);
    else
        *out = row;
    return error;
}

void sqlite_discard(struct db_row *row)
{
    sqlite3_finalize(row->stmt);
    free(row);
}

static int prepare(struct db *db, const char *sql, struct db_row **out)
{
    sqlite3_stmt *stmt = NULL;
    const char *tail = NULL;
    int rc = sqlite3_prepare_v3(db->handle, sql, -1, SQLITE_PREPARE_PERSISTENT, &stmt, &tail);
    if (rc != SQLITE_OK)
        return sqlite_failed(db, rc);
    struct db_row *row = NULL;
    int error = wrap_statement(db, stmt, tail, &row);
    if (!row) {
        sqlite3_finalize(stmt);
        return error ? error : LK_NOMEM;
    }
    row->next = db->statements;
    db->statements = row;
    *out = row;
    return 0;
}

/* Queries have as many texts as callers can combine filters: the one that was not used for longest goes. */
static void make_room(struct db *db)
{
    size_t n = 0;
    struct db_row **last = NULL;
    for (struct db_row **at = &db->statements; *at; at = &(*at)->next, n++)
        last = (*at)->taken ? last : at;
    if (n < STATEMENTS_MAX || !last)
        return;
    struct db_row *row = *last;
    *last = row->next;
    sqlite_discard(row);
}

/* By text, not by address: a caller's buffer may hold another statement the next time. */
static int statement(struct db *db, const char *sql, struct db_row **out)
{
    for (struct db_row **at = &db->statements; *at; at = &(*at)->next) {
        struct db_row *row = *at;
        if (row->taken || strcmp(sqlite3_sql(row->stmt), sql) != 0)
            continue;
        *at = row->next;
        row->next = db->statements;
        db->statements = row;
        *out = row;
        return 0;
    }
    make_room(db);
    return prepare(db, sql, out);
}

int sqlite_step(struct db *db, const char *sql)
{
    struct db_row *row = NULL;
    int error = statement(db, sql, &row);
    if (error)
        return error;
    int rc = sqlite3_step(row->stmt);
    error = rc == SQLITE_DONE ? 0 : sqlite_failed(db, rc);
    sqlite3_reset(row->stmt);
    return error;
}

static int bind_one(struct db_row *row, int index, const struct db_value *v)
{
    switch (v->type) {
    case DB_INT:
        return sqlite3_bind_int64(row->stmt, index, v->i);
    case DB_TEXT:
        return sqlite3_bind_text64(row->stmt, index, v->s.p, v->s.n, SQLITE_TRANSIENT, SQLITE_UTF8);
    case DB_BLOB:
        return sqlite3_bind_blob64(row->stmt, index, v->s.p, v->s.n, SQLITE_TRANSIENT);
    case DB_NULL:
        break;
    }
    return sqlite3_bind_null(row->stmt, index);
}

static int bind_all(struct db_row *row, const struct db_value *args, size_t n)
{
    if (n != (size_t)row->parameters)
        return sqlite_refused(row->db, "not as many arguments as parameters");
    for (int i = 1; i <= row->parameters; i++) {
        const struct db_value *v = &args[row->argument[i - 1] - 1];
        if (v->type == DB_TEXT && memchr(v->s.p, '\0', v->s.n))
            return sqlite_refused(row->db, "a text argument has a NUL inside");
        int rc = bind_one(row, i, v);
        if (rc != SQLITE_OK)
            return sqlite_failed(row->db, rc);
    }
    return 0;
}

int db_query(struct db *db, const char *sql, const struct db_value *args, size_t n, struct db_row **out)
{
    struct db_row *row = NULL;
    int error = sqlite_alive(db);
    if (!error)
        error = statement(db, sql, &row);
    if (!row)
        return error ? error : LK_STORE;
    if (db->txn == TXN_READ && !sqlite3_stmt_readonly(row->stmt)) {
        sqlite_refused(db, "a write inside a read transaction");
        return LK_STORE;
    }
    row->taken = true;
    row->ended = false;
    error = bind_all(row, args, n);
    if (error)
        db_done(row);
    else
        *out = row;
    return error;
}

static int check_texts(struct db_row *row)
{
    for (int i = 0; i < sqlite3_data_count(row->stmt); i++) {
        if (sqlite3_column_type(row->stmt, i) != SQLITE_TEXT)
            continue;
        const char *text = (const char *)sqlite3_column_text(row->stmt, i);
        if (!text)
            return LK_NOMEM;
        if (strlen(text) != (size_t)sqlite3_column_bytes(row->stmt, i))
            return sqlite_refused(row->db, "a text column has a NUL inside");
    }
    return 0;
}

int db_next(struct db_row *row)
{
    if (row->ended) /* another step would run the statement again */
        return LK_NOT_FOUND;
    int error = sqlite_alive(row->db);
    if (error)
        return error;
    int rc = sqlite3_step(row->stmt);
    if (rc == SQLITE_ROW)
        return check_texts(row);
    row->ended = true;
    return rc == SQLITE_DONE ? LK_NOT_FOUND : sqlite_failed(row->db, rc);
}

void db_done(struct db_row *row)
{
    if (!row)
        return;
    sqlite3_reset(row->stmt);
    sqlite3_clear_bindings(row->stmt);
    row->taken = false;
}

int db_exec(struct db *db, const char *sql, const struct db_value *args, size_t n, int64_t *changed)
{
    struct db_row *row = NULL;
    int64_t before = sqlite3_total_changes64(db->handle);
    int error = db_query(db, sql, args, n, &row);
    if (error)
        return error;
    do
        error = db_next(row);
    while (!error);
    db_done(row);
    if (error != LK_NOT_FOUND)
        return error;
    if (changed)
        *changed = sqlite3_total_changes64(db->handle) - before;
    return 0;
}

/* ---- columns ---------------------------------------------------------------------------------------------- */

bool db_is_null(struct db_row *row, int column)
{
    return sqlite3_column_type(row->stmt, column) == SQLITE_NULL;
}

int64_t db_col_int(struct db_row *row, int column)
{
    return sqlite3_column_int64(row->stmt, column);
}

const char *db_col_text(struct db_row *row, int column)
{
    if (sqlite3_column_type(row->stmt, column) == SQLITE_BLOB)
        return "";
    const char *text = (const char *)sqlite3_column_text(row->stmt, column);
    return text ? text : "";
}

struct span db_col_blob(struct db_row *row, int column)
{
    const char *p = sqlite3_column_blob(row->stmt, column);
    return (struct span){p ? p : "", p ? (size_t)sqlite3_column_bytes(row->stmt, column) : 0};
}
