/* The baseline of a write: a CGI that does one durable SQLite insert and nothing else. Linked statically, as ours are.
 */
#include <sqlite3.h>
#include <stdlib.h>
#include <unistd.h>

static int insert(const char *path)
{
    static const char *const steps[] = {"PRAGMA journal_mode=WAL",
                                        "PRAGMA synchronous=FULL",
                                        "CREATE TABLE IF NOT EXISTS t (id INTEGER PRIMARY KEY, b BLOB)",
                                        "BEGIN IMMEDIATE",
                                        "INSERT INTO t (b) VALUES (randomblob(300))",
                                        "COMMIT"};
    sqlite3 *db = NULL;
    int rc = sqlite3_open(path, &db);
    sqlite3_busy_timeout(db, 10000);
    for (size_t i = 0; rc == SQLITE_OK && i < sizeof steps / sizeof steps[0]; i++)
        rc = sqlite3_exec(db, steps[i], NULL, NULL, NULL);
    sqlite3_close(db);
    return rc;
}

int main(void)
{
    static const char good[] = "Status: 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 6\r\n\r\nhello\n";
    static const char bad[] = "Status: 500 Internal Server Error\r\nContent-Length: 0\r\n\r\n";
    const char *path = getenv("BENCH_INSERT");
    int rc = path ? insert(path) : SQLITE_ERROR;
    ssize_t n =
        rc == SQLITE_OK ? write(STDOUT_FILENO, good, sizeof good - 1) : write(STDOUT_FILENO, bad, sizeof bad - 1);
    return n > 0 ? 0 : 1;
}
