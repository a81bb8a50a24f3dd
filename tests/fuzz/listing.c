/* What leads from page to page: a query that is taken means the same when a link repeats it, and a cursor is good only
 * if it was sealed here, for this user and this list. */
#include "web/listing.h"
#include "base/error.h"
#include "fuzz.h"
#include "web/query.h"

#define SUBJECT "subject"
#define TEXT    (1U << 16)

static const uint8_t ours[CURSOR_KEY_SIZE] = {1}, foreign[CURSOR_KEY_SIZE] = {2};

static int read_query(const char *query, struct listing *out)
{
    struct request req = {.query = query};
    struct response res;
    response_init(&res);
    int error = listing_read(&req, &res, out);
    HOLDS(error == 0 || (error == WEB_ANSWERED && res.status == 400));
    response_free(&res);
    return error;
}

static void digest_of(const struct listing *l, const char *subject, struct buf *out)
{
    HOLDS(todo_query_digest(&l->query, subject, out) == 0);
}

static bool same_list(const struct listing *a, const struct listing *b)
{
    struct buf one = BUF_INIT(TEXT), other = BUF_INIT(TEXT);
    digest_of(a, SUBJECT, &one);
    digest_of(b, SUBJECT, &other);
    bool equal = same(buf_all(&one), buf_all(&other)) && a->query.limit == b->query.limit;
    buf_free(&one);
    buf_free(&other);
    return equal;
}

/* A place that the input chooses. */
static struct todo_place place_of(struct span input)
{
    struct todo_place place = {0};
    memcpy(place.keys, input.p, input.n < sizeof place.keys ? input.n : sizeof place.keys);
    for (size_t i = 0; i < TODO_ID_SIZE - 1; i++)
        place.id[i] = "0123456789abcdef"[input.n ? input.p[i % input.n] & 15 : 0];
    return place;
}

static bool is_sealed(const uint8_t *key, const struct listing *l, const char *subject, struct span text)
{
    struct todo_place place;
    struct buf digest = BUF_INIT(TEXT);
    digest_of(l, subject, &digest);
    int error = cursor_read(key, buf_all(&digest), text, &place);
    buf_free(&digest);
    HOLDS(error == 0 || error == LK_SYNTAX);
    return error == 0;
}

/* Every place in it is looked at, and whom and what it is for. */
static void is_tamper_evident(const struct listing *l, const char *cursor)
{
    char text[CURSOR_TEXT_SIZE];
    struct span whole = span_of(cursor);
    struct listing other = *l;
    HOLDS(is_sealed(ours, l, SUBJECT, whole));
    HOLDS(!is_sealed(foreign, l, SUBJECT, whole));
    HOLDS(!is_sealed(ours, l, SUBJECT "2", whole));
    other.query.newest = !l->query.newest;
    HOLDS(!is_sealed(ours, &other, SUBJECT, whole));
    HOLDS(!is_sealed(ours, l, SUBJECT, (struct span){cursor, whole.n - 1}));
    for (size_t i = 0; i < whole.n; i++) {
        memcpy(text, cursor, sizeof text);
        text[i] = text[i] == 'A' ? 'B' : 'A';
        HOLDS(!is_sealed(ours, l, SUBJECT, span_of(text)));
    }
}

/* The link to a place, followed, is that place of the same list. */
static void leads_on(struct listing *l, const struct todo_place *place)
{
    char cursor[CURSOR_TEXT_SIZE];
    struct todo_place there;
    struct listing next;
    struct buf digest = BUF_INIT(TEXT);
    digest_of(l, SUBJECT, &digest);
    HOLDS(cursor_write(ours, buf_all(&digest), place, cursor) == 0);
    is_tamper_evident(l, cursor);
    HOLDS(web_query_add(&l->links, span_of("after"), span_of(cursor)) == 0);
    HOLDS(read_query(buf_cstr(&l->links), &next) == 0);
    HOLDS(same_list(l, &next) && next.query.turn == TODO_AFTER && strcmp(next.query.cursor, cursor) == 0);
    HOLDS(cursor_read(ours, buf_all(&digest), span_of(next.query.cursor), &there) == 0);
    HOLDS(memcmp(there.keys, place->keys, sizeof there.keys) == 0 && strcmp(there.id, place->id) == 0);
    listing_free(&next);
    buf_free(&digest);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct listing l, again;
    char *query = string_of(input_of(data, size));
    struct todo_place place = place_of(input_of(data, size));
    openssl_begin();
    if (read_query(query, &l) == 0) {
        HOLDS(l.query.turn == TODO_FIRST || !is_sealed(ours, &l, SUBJECT, span_of(l.query.cursor)));
        HOLDS(read_query(buf_cstr(&l.links), &again) == 0);
        HOLDS(same_list(&l, &again) && same(buf_all(&l.links), buf_all(&again.links)));
        HOLDS(again.query.turn == TODO_FIRST);
        listing_free(&again);
        leads_on(&l, &place);
    }
    listing_free(&l);
    openssl_end();
    free(query);
    return 0;
}
