#include "auth/audit.h"

#include "base/error.h"

#define REQUEST_ID_SIZE 65

/* Bytes of the well-formed, printable UTF-8 character at `s`, or 0 (RFC 3629 section 4). */
static size_t character(const unsigned char *s)
{
    static const struct {
        unsigned char first, last, low, high; /* lead byte; the second byte's range */
        size_t n;
    } forms[] = {{0x20, 0x7e, 0, 0, 1},       {0xc2, 0xc2, 0xa0, 0xbf, 2}, {0xc3, 0xdf, 0x80, 0xbf, 2},
                 {0xe0, 0xe0, 0xa0, 0xbf, 3}, {0xe1, 0xec, 0x80, 0xbf, 3}, {0xed, 0xed, 0x80, 0x9f, 3},
                 {0xee, 0xef, 0x80, 0xbf, 3}, {0xf0, 0xf0, 0x90, 0xbf, 4}, {0xf1, 0xf3, 0x80, 0xbf, 4},
                 {0xf4, 0xf4, 0x80, 0x8f, 4}};
    for (size_t i = 0; i < sizeof forms / sizeof forms[0]; i++) {
        if (s[0] < forms[i].first || s[0] > forms[i].last)
            continue;
        if (forms[i].n > 1 && (s[1] < forms[i].low || s[1] > forms[i].high))
            return 0;
        for (size_t k = 2; k < forms[i].n; k++)
            if ((s[k] & 0xc0) != 0x80)
                return 0;
        return forms[i].n;
    }
    return 0;
}

void origin_keep(const char *text, char *out, size_t cap)
{
    size_t used = 0;
    while (*text) {
        size_t n = character((const unsigned char *)text);
        if (used + n >= cap)
            break;
        memcpy(out + used, text, n);
        used += n;
        text += n ? n : 1;
    }
    out[used] = '\0';
}

/* ---- the chain -------------------------------------------------------------------------------------------------- */

#define TEXTS   8 /* event to actor, in the order of COLUMNS */
#define COLUMNS "id, at, event, reason, subject, family_id, address, user_agent, request_id, actor"

enum { PREVIOUS = TEXTS + 2, HASH };

struct entry {
    int64_t id, at;
    const char *text[TEXTS];
};

static int hash_entry(const uint8_t previous[SHA256_SIZE], const struct entry *e, uint8_t out[SHA256_SIZE])
{
    struct buf b = BUF_INIT(4096);
    buf_add(&b, previous, SHA256_SIZE);
    buf_printf(&b, "%lld", (long long)e->id);
    buf_add(&b, "", 1);
    buf_printf(&b, "%lld", (long long)e->at);
    buf_add(&b, "", 1);
    for (size_t i = 0; i < TEXTS; i++)
        buf_add(&b, e->text[i], strlen(e->text[i]) + 1);
    int error = b.error ? b.error : secret_sha256(buf_all(&b), out);
    buf_free(&b);
    return error;
}

/* Two tables of one form, so that what is not audited takes as long as what is. */
struct book {
    const char *last, *insert, *sweep;
};
#define BOOK(table, age)                                                                                               \
    {                                                                                                                  \
        "SELECT id, hash FROM " table " ORDER BY id DESC LIMIT 1",                                                     \
            "INSERT INTO " table " (" COLUMNS ", previous, hash) "                                                     \
            "VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)",                                              \
            "DELETE FROM " table " WHERE id = (SELECT min(id) FROM " table ") AND " age " < $1"                        \
    }
static const struct book audited = BOOK("audit", "at"), unknown = BOOK("unknown_token", "id");

/* The row that the next one follows; zeros and 0 before the first. */
static int last_of(struct db *db, const struct book *book, int64_t *id, uint8_t hash[SHA256_SIZE])
{
    struct db_row *row = NULL;
    int error = db_query(db, book->last, NULL, 0, &row);
    error = error ? error : db_next(row);
    memset(hash, 0, SHA256_SIZE);
    *id = error ? 0 : db_col_int(row, 0);
    if (!error && db_col_blob(row, 1).n == SHA256_SIZE)
        memcpy(hash, db_col_blob(row, 1).p, SHA256_SIZE);
    db_done(row);
    return error == LK_NOT_FOUND ? 0 : error;
}

/* ---- writing ---------------------------------------------------------------------------------------------------- */

/* At most two go for each one that comes: the table shrinks back without any request that pays for all. The first ones
 * first, so that what stays is one chain. */
static int sweep(struct db *db, const struct book *book, int64_t before)
{
    int64_t gone = 1;
    int error = 0;
    for (int i = 0; i < 2 && gone && !error; i++)
        error = db_exec(db, book->sweep, DB_ARGS(db_int(before)), &gone);
    return error;
}

static int insert(struct db *db, const struct book *book, struct entry *e)
{
    uint8_t previous[SHA256_SIZE], hash[SHA256_SIZE];
    int error = last_of(db, book, &e->id, previous);
    e->id++;
    error = error ? error : hash_entry(previous, e, hash);
    if (error)
        return error;
    return db_exec(db, book->insert,
                   DB_ARGS(db_int(e->id), db_int(e->at), db_text(e->text[0]), db_text(e->text[1]), db_text(e->text[2]),
                           db_text(e->text[3]), db_text(e->text[4]), db_text(e->text[5]), db_text(e->text[6]),
                           db_text(e->text[7]), db_blob(previous, SHA256_SIZE), db_blob(hash, SHA256_SIZE)),
                   NULL);
}

/* What the client said of itself, fit to be kept. */
struct kept {
    char address[ORIGIN_ADDRESS_SIZE], user_agent[ORIGIN_USER_AGENT_SIZE], request_id[REQUEST_ID_SIZE];
};

static void keep(const struct origin_info *from, struct kept *out, struct entry *e)
{
    origin_keep(from->address, out->address, sizeof out->address);
    origin_keep(from->user_agent, out->user_agent, sizeof out->user_agent);
    origin_keep(from->request_id, out->request_id, sizeof out->request_id);
    e->text[4] = out->address;
    e->text[5] = out->user_agent;
    e->text[6] = out->request_id;
    e->text[7] = from->actor ? from->actor : "";
}

int audit_record(struct db *db, const struct conf *conf, int64_t now, const char *event, const char *reason,
                 const char *subject, const char *family_id, const struct origin_info *from)
{
    struct entry e = {.at = now, .text = {event, reason, subject, family_id}};
    struct kept kept;
    keep(from, &kept, &e);
    int error = insert(db, &audited, &e);
    return error ? error : sweep(db, &audited, now - conf->audit.retention);
}

int audit_unknown_token(struct db *db, int64_t now, const struct origin_info *from)
{
    struct entry e = {.at = now, .text = {"refuse", "unknown", "", ""}};
    struct kept kept;
    keep(from, &kept, &e);
    int error = insert(db, &unknown, &e);
    return error ? error : sweep(db, &unknown, e.id - AUDIT_UNKNOWN_KEPT + 1);
}

int audit_alone(struct db *db, const struct conf *conf, int64_t now, const char *event, const char *reason,
                const char *subject, const char *family_id, const struct origin_info *from)
{
    int error = db_begin_write(db);
    error = error ? error : audit_record(db, conf, now, event, reason, subject, family_id, from);
    error = error ? error : db_commit(db);
    if (error)
        db_rollback(db);
    return error;
}

/* ---- verifying -------------------------------------------------------------------------------------------------- */

static bool blob_is(struct db_row *row, int column, const uint8_t hash[SHA256_SIZE])
{
    struct span s = db_col_blob(row, column);
    return s.n == SHA256_SIZE && memcmp(s.p, hash, SHA256_SIZE) == 0;
}

/* One row after `state->last`. The first one's predecessor may have gone with age, so it is taken at its word there. */
static int verify_row(struct db_row *row, struct audit_state *state)
{
    struct entry e = {.id = db_col_int(row, 0), .at = db_col_int(row, 1)};
    struct span previous = db_col_blob(row, PREVIOUS);
    uint8_t hash[SHA256_SIZE];
    state->rows++;
    if (db_is_null(row, HASH) && state->last == 0) {
        state->unchained++;
        return 0;
    }
    for (int i = 0; i < TEXTS; i++)
        e.text[i] = db_col_text(row, i + 2);
    bool follows = state->last ? blob_is(row, PREVIOUS, state->hash) : previous.n == SHA256_SIZE;
    int error = follows ? hash_entry((const uint8_t *)previous.p, &e, hash) : 0;
    if (error)
        return error;
    if (!follows || !blob_is(row, HASH, hash)) {
        state->broken = e.id;
        return 0;
    }
    state->last = e.id;
    memcpy(state->hash, hash, sizeof hash);
    return 0;
}

int audit_verify(struct db *db, struct audit_state *out)
{
    struct audit_state state = {0};
    struct db_row *row = NULL;
    int error = db_begin_read(db);
    error = error ? error : db_query(db, "SELECT " COLUMNS ", previous, hash FROM audit ORDER BY id", NULL, 0, &row);
    while (!error && !state.broken && !(error = db_next(row)))
        error = verify_row(row, &state);
    db_done(row);
    db_rollback(db);
    if (error && error != LK_NOT_FOUND)
        return error;
    *out = state;
    return 0;
}
