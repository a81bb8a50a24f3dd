#include "todo/cursor.h"

#include <openssl/evp.h>

#include "base/b64.h"
#include "base/error.h"
#include "base/secret.h"

#define KEYS_SIZE  ((size_t)TODO_SORTS * 8)
#define PLACE_SIZE (KEYS_SIZE + TODO_ID_SIZE - 1)
#define TAG_SIZE   16

_Static_assert(CURSOR_TEXT_SIZE == B64_ENCODED(PLACE_SIZE + TAG_SIZE) + 1, "the size of a cursor");

int cursor_key(struct db *db, uint8_t key[CURSOR_KEY_SIZE])
{
    struct db_row *row = NULL;
    int error = db_query(db, "SELECT bytes FROM cursor_key", NULL, 0, &row);
    if (!error)
        error = db_next(row);
    if (!error && db_col_blob(row, 0).n != CURSOR_KEY_SIZE)
        error = LK_STORE;
    if (!error)
        memcpy(key, db_col_blob(row, 0).p, CURSOR_KEY_SIZE);
    db_done(row);
    return error == LK_NOT_FOUND ? LK_STORE : error;
}

static int authenticate(const uint8_t *key, struct span digest, const uint8_t place[PLACE_SIZE], uint8_t tag[TAG_SIZE])
{
    uint8_t whole[SHA256_SIZE];
    size_t n = 0;
    struct buf text = BUF_INIT(PLACE_SIZE + 4096);
    buf_add(&text, place, PLACE_SIZE);
    buf_span(&text, digest);
    bool done = !text.error && EVP_Q_mac(NULL, "HMAC", NULL, "SHA256", NULL, key, CURSOR_KEY_SIZE,
                                         (const unsigned char *)text.p, text.n, whole, sizeof whole, &n);
    buf_free(&text);
    if (!done)
        return LK_CRYPTO;
    memcpy(tag, whole, TAG_SIZE);
    return 0;
}

int cursor_write(const uint8_t key[CURSOR_KEY_SIZE], struct span digest, const struct todo_place *place,
                 char out[CURSOR_TEXT_SIZE])
{
    uint8_t bytes[PLACE_SIZE + TAG_SIZE];
    for (size_t i = 0; i < KEYS_SIZE; i++)
        bytes[i] = (uint8_t)((uint64_t)place->keys[i / 8] >> (56 - 8 * (i % 8)));
    memcpy(bytes + KEYS_SIZE, place->id, TODO_ID_SIZE - 1);
    int error = authenticate(key, digest, bytes, bytes + PLACE_SIZE);
    if (!error)
        b64_encode(bytes, sizeof bytes, out);
    return error;
}

int cursor_read(const uint8_t key[CURSOR_KEY_SIZE], struct span digest, struct span text, struct todo_place *out)
{
    uint8_t bytes[PLACE_SIZE + TAG_SIZE], tag[TAG_SIZE];
    size_t n = 0;
    if (b64_decode(text, bytes, sizeof bytes, &n) || n != sizeof bytes)
        return LK_SYNTAX;
    int error = authenticate(key, digest, bytes, tag);
    if (error)
        return error;
    if (!secret_equal(tag, bytes + PLACE_SIZE, TAG_SIZE))
        return LK_SYNTAX;
    *out = (struct todo_place){0};
    for (size_t i = 0; i < KEYS_SIZE; i++)
        out->keys[i / 8] = (int64_t)((uint64_t)out->keys[i / 8] << 8 | bytes[i]);
    memcpy(out->id, bytes + KEYS_SIZE, TODO_ID_SIZE - 1);
    return 0;
}
