#include "auth/family.h"
#include "auth_fixture.h"
#include "base/b64.h"
#include "base/file.h"

/* What a thief of the database file can do with it: nothing that `refresh` accepts. */

#define LOOT_MAX 256

static uint8_t loot[LOOT_MAX][512];
static size_t loot_size[LOOT_MAX], loot_n;

/* Every text and blob of every row. */
static void steal(const struct fixture *x)
{
    static const char *const tables[] = {"SELECT * FROM family", "SELECT * FROM proof", "SELECT * FROM audit",
                                         "SELECT * FROM unknown_token", "SELECT * FROM notice"};
    sqlite3 *thief = NULL;
    sqlite3_stmt *stmt = NULL;
    loot_n = 0;
    ck_assert_int_eq(sqlite3_open(x->path, &thief), SQLITE_OK);
    for (size_t t = 0; t < sizeof tables / sizeof tables[0]; t++) {
        ck_assert_int_eq(sqlite3_prepare_v2(thief, tables[t], -1, &stmt, NULL), SQLITE_OK);
        while (sqlite3_step(stmt) == SQLITE_ROW)
            for (int c = 0; c < sqlite3_column_count(stmt); c++) {
                const void *p = sqlite3_column_blob(stmt, c);
                size_t n = (size_t)sqlite3_column_bytes(stmt, c);
                if (!p || n > sizeof loot[0] || loot_n == LOOT_MAX)
                    continue;
                memcpy(loot[loot_n], p, n);
                loot_size[loot_n++] = n;
            }
        sqlite3_finalize(stmt);
    }
    sqlite3_close(thief);
    ck_assert_uint_gt(loot_n, 20);
}

static struct span piece(size_t i)
{
    return (struct span){(const char *)loot[i], loot_size[i]};
}

/* Three families: fresh from the exchange, rotated once, rotated twice; the tokens that are good now. */
static void populate(struct fixture *x, struct session good[3])
{
    struct session s;
    ck_assert_int_eq(exchange_with(x, "proof1", "", US(NOW), &good[0]), 0);
    ck_assert_int_eq(exchange_with(x, "proof2", "", US(NOW), &s), 0);
    ck_assert_int_eq(rotate(x, s.refresh_token, US(NOW + 1), &good[1]), 0);
    ck_assert_int_eq(exchange_with(x, "proof3", "", US(NOW), &s), 0);
    ck_assert_int_eq(rotate(x, s.refresh_token, US(NOW + 1), &good[2]), 0);
    s = good[2];
    ck_assert_int_eq(rotate(x, s.refresh_token, US(NOW + 2), &good[2]), 0);
}

static void all_still_good(struct fixture *x, const struct session good[3])
{
    struct session s;
    for (int i = 0; i < 3; i++)
        ck_assert_int_eq(rotate(x, good[i].refresh_token, US(NOW + 9), &s), 0);
}

START_TEST(stolen_database_cannot_make_a_token)
{
    struct fixture x;
    struct session good[3], s;
    struct refresh_token forged;
    char text[REFRESH_TOKEN_SIZE];
    size_t tried = 0;
    fixture_start(&x);
    populate(&x, good);
    steal(&x);
    for (size_t i = 0; i < loot_n; i++)
        for (size_t k = 0; k < loot_n; k++) {
            if (loot_size[i] < REFRESH_LOOKUP_SIZE || loot_size[k] < REFRESH_SECRET_SIZE)
                continue;
            memcpy(forged.lookup, loot[i], sizeof forged.lookup);
            memcpy(forged.secret, loot[k], sizeof forged.secret);
            refresh_token_write(&forged, text);
            ck_assert_int_eq(rotate(&x, text, US(NOW + 3), &s), LK_NOT_FOUND);
            tried++;
        }
    ck_assert_uint_gt(tried, 100);
    all_still_good(&x, good);
    fixture_stop(&x);
}
END_TEST

START_TEST(stolen_database_cannot_open_a_sealed_successor)
{
    struct fixture x;
    struct session good[3];
    uint8_t out[sizeof loot[0]];
    size_t sealed = 0;
    fixture_start(&x);
    populate(&x, good);
    steal(&x);
    for (size_t i = 0; i < loot_n; i++) {
        sealed += loot_size[i] == FAMILY_SEALED_SIZE;
        for (size_t k = 0; k < loot_n; k++)
            for (size_t c = 0; c < loot_n && loot_size[i] == FAMILY_SEALED_SIZE; c++)
                ck_assert_int_eq(unseal(piece(k), piece(c), piece(i), out), LK_SYNTAX);
    }
    ck_assert_uint_eq(sealed, 3);
    fixture_stop(&x);
}
END_TEST

START_TEST(a_sealed_successor_moved_to_another_family_does_not_open)
{
    struct fixture x;
    struct session good[3], s;
    sqlite3 *thief = NULL;
    fixture_start(&x);
    ck_assert_int_eq(exchange_with(&x, "proof1", "", US(NOW), &good[0]), 0);
    ck_assert_int_eq(exchange_with(&x, "proof2", "", US(NOW), &good[1]), 0);
    ck_assert_int_eq(exchange_with(&x, "proof1", "", US(NOW + 1), &s), 0);
    ck_assert_int_eq(sqlite3_open(x.path, &thief), SQLITE_OK);
    ck_assert_int_eq(sqlite3_exec(thief,
                                  "UPDATE family SET (sealed, previous_hash) = (SELECT sealed, previous_hash FROM "
                                  "family f2 WHERE f2.id <> family.id)",
                                  NULL, NULL, NULL),
                     SQLITE_OK);
    sqlite3_close(thief);
    ck_assert_int_lt(exchange_with(&x, "proof1", "", US(NOW + 1), &s), 0);
    fixture_stop(&x);
}
END_TEST

static void find_none(const char *path, const void *needle, size_t n, size_t *seen)
{
    struct buf text = BUF_INIT(16U << 20);
    int error = file_read(path, FILE_ANY, &text, NULL);
    if (!error) {
        *seen += text.n;
        ck_assert_ptr_null(memmem(text.p, text.n, needle, n));
    }
    buf_free(&text);
}

START_TEST(no_secret_is_in_the_database_file)
{
    struct fixture x;
    struct session good[3];
    struct refresh_token token;
    char wal[128];
    size_t seen = 0;
    fixture_start(&x);
    populate(&x, good);
    snprintf(wal, sizeof wal, "%s-wal", x.path);
    for (int i = 0; i < 3; i++) {
        ck_assert_int_eq(refresh_token_parse(span_of(good[i].refresh_token), &token), 0);
        const char *const paths[] = {x.path, wal};
        for (int p = 0; p < 2; p++) {
            find_none(paths[p], token.lookup, sizeof token.lookup, &seen);
            find_none(paths[p], token.secret, sizeof token.secret, &seen);
            find_none(paths[p], good[i].refresh_token + 5, 22, &seen);
            find_none(paths[p], good[i].refresh_token + 28, 43, &seen);
            find_none(paths[p], "proof1", 6, &seen);
        }
    }
    ck_assert_uint_gt(seen, 100000);
    fixture_stop(&x);
}
END_TEST

UNIT_MAIN("auth_stolen", stolen_database_cannot_make_a_token, stolen_database_cannot_open_a_sealed_successor,
          a_sealed_successor_moved_to_another_family_does_not_open, no_secret_is_in_the_database_file)
