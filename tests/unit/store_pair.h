#ifndef LK_TESTS_STORE_PAIR_H
#define LK_TESTS_STORE_PAIR_H

#include "store_fixture.h"

/* Two connections to one small database. */

static struct db *db;
static struct db *other; /* a second connection, as another process has it */

static const char *const steps[] = {"CREATE TABLE t (i INTEGER, x)"};

static inline int open_on(int busy_ms, struct db **out)
{
    const struct db_options options = {path, busy_ms, steps, 1, false};
    return db_open_with(&options, out, &fault);
}

static inline void opened(void)
{
    fresh();
    ck_ok(open_on(0, &db));
    ck_ok(open_on(0, &other));
}

static inline void closed(void)
{
    db_close(db);
    db_close(other);
    done();
}

#endif
