#ifndef LK_TESTS_STORE_FIXTURE_H
#define LK_TESTS_STORE_FIXTURE_H

#include "unit.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/error.h"
#include "store/db.h"
#include "store/sqlite.h"

/* A directory of the test's own, and the path of a database in it. */

static char dir[32];
static char path[48];
static struct buf fault;

static inline void fresh(void)
{
    snprintf(dir, sizeof dir, "/tmp/latchkey-store-XXXXXX");
    ck_assert_ptr_nonnull(mkdtemp(dir));
    snprintf(path, sizeof path, "%s/main.db", dir);
    fault = BUF_INIT(1000);
}

static inline void done(void)
{
    DIR *d = opendir(dir);
    ck_assert_ptr_nonnull(d);
    for (struct dirent *e = readdir(d); e; e = readdir(d))
        unlinkat(dirfd(d), e->d_name, 0);
    closedir(d);
    ck_assert_int_eq(rmdir(dir), 0);
    buf_free(&fault);
}

#define ck_ok(call) ck_assert_int_eq(call, 0)

/* One number from a query without parameters. */
static inline int64_t ask_int(struct db *db, const char *sql)
{
    struct db_row *row = NULL;
    ck_ok(db_query(db, sql, NULL, 0, &row));
    ck_ok(db_next(row));
    int64_t i = db_col_int(row, 0);
    db_done(row);
    return i;
}

static inline int run(struct db *db, const char *sql)
{
    return db_exec(db, sql, NULL, 0, NULL);
}

/* Runs `child` in a process of its own, as user `uid`; what it returned (0 to 127). */
static inline int in_child(uid_t uid, int (*child)(void))
{
    int status = 0;
    pid_t pid = fork();
    ck_assert_int_ge(pid, 0);
    if (pid == 0)
        _exit(uid != getuid() && setuid(uid) ? 127 : child());
    ck_assert_int_eq(waitpid(pid, &status, 0), pid);
    ck_assert(WIFEXITED(status));
    return WEXITSTATUS(status);
}

/* Opens and closes. */
static inline int try_open(void)
{
    struct db *db = NULL;
    buf_reset(&fault);
    int error = db_open(path, 100, &db, &fault);
    if (error)
        ck_assert_ptr_null(db);
    db_close(db);
    return error;
}

#endif
