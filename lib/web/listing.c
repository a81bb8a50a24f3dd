#include "web/listing.h"

#include "base/error.h"
#include "http/precondition.h"
#include "http/problem.h"
#include "web/query.h"

#define LINKS_MAX  6000 /* every parameter at its longest, percent-encoded */
#define DIGEST_MAX 3000

static int refuse(struct response *res, const char *detail)
{
    problem(res, 400, detail);
    return WEB_ANSWERED;
}

/* ---- parameters ---------------------------------------------------------------------------------------------------
 */

struct parsing {
    struct listing *listing;
    const char *fault;
};

static int take_parameter(void *context, struct span name, struct span value)
{
    struct parsing *p = context;
    if (span_equals(name, "user")) /* web_user's; the links keep it */
        return web_query_add(&p->listing->links, name, value);
    int error = todo_query_set(&p->listing->query, name, value, &p->fault);
    if (error == LK_NOT_FOUND)
        p->fault = "There is no such query parameter.";
    if (error || span_equals(name, "after") || span_equals(name, "before"))
        return error;
    return web_query_add(&p->listing->links, name, value);
}

int listing_read(const struct request *req, struct response *res, struct listing *out)
{
    struct parsing p = {out, "The query is malformed."};
    *out = (struct listing){.links = BUF_INIT(LINKS_MAX), .digest = BUF_INIT(DIGEST_MAX)};
    todo_query_init(&out->query);
    int error = *req->query ? form_each(span_of(req->query), take_parameter, &p) : 0;
    bool theirs = error == LK_SYNTAX || error == LK_NOT_FOUND || error == LK_TOO_LARGE;
    return theirs ? refuse(res, p.fault) : error;
}

/* Most lists fit on one page, which has no links. */
static int need_key(struct db *db, struct listing *l)
{
    int error = l->has_key ? 0 : cursor_key(db, l->key);
    l->has_key = !error;
    return error;
}

int listing_open(struct db *db, const char *subject, struct response *res, struct listing *l)
{
    int error = todo_query_digest(&l->query, subject, &l->digest);
    if (!error && l->query.turn == TODO_FIRST)
        return 0;
    if (!error)
        error = need_key(db, l);
    if (!error)
        error = cursor_read(l->key, buf_all(&l->digest), span_of(l->query.cursor), &l->place);
    return error == LK_SYNTAX ? refuse(res, "after or before is no cursor of this list.") : error;
}

void listing_free(struct listing *l)
{
    buf_free(&l->links);
    buf_free(&l->digest);
}

/* ---- the answer ---------------------------------------------------------------------------------------------------
 */

/* `place` NULL: the first page, which has no cursor. */
static int add_link(struct response *res, const char *url, struct listing *l, const char *parameter,
                    const struct todo_place *place, const char *relation)
{
    char cursor[CURSOR_TEXT_SIZE] = "";
    struct buf query = BUF_INIT(LINKS_MAX + sizeof cursor + 16);
    int error = place ? cursor_write(l->key, buf_all(&l->digest), place, cursor) : 0;
    buf_span(&query, buf_all(&l->links));
    if (place)
        web_query_add(&query, span_of(parameter), span_of(cursor));
    error = error ? error : query.error;
    if (!error)
        response_headerf(res, "Link", "<%s%s%s>; rel=\"%s\"", url, query.n ? "?" : "", buf_cstr(&query), relation);
    buf_free(&query);
    return error;
}

static int add_links(struct db *db, struct response *res, const char *url, struct listing *l,
                     const struct todo_page *page)
{
    int error = page->before || page->after ? need_key(db, l) : 0;
    if (!error && *page->last.id && page->after)
        error = add_link(res, url, l, "after", &page->last, "next");
    if (!error && *page->first.id && page->before)
        error = add_link(res, url, l, "before", &page->first, "prev");
    if (!error && (page->before || page->after))
        error = add_link(res, url, l, NULL, NULL, "first");
    return error;
}

static int add_count(struct db *db, const char *subject, struct response *res, const struct todo_query *query)
{
    int64_t count = 0;
    int error = todo_count(db, subject, query, &count);
    if (error)
        return error;
    response_headerf(res, "X-Total-Count", "%lld", (long long)count);
    response_header(res, "Preference-Applied", "count=exact");
    return 0;
}

int listing_send(struct db *db, const char *subject, const struct request *req, struct response *res, const char *url,
                 struct listing *l)
{
    struct todo_page page = {0};
    int error = todo_list(db, subject, &l->query, &l->place, url, &page);
    if (!error)
        error = add_links(db, res, url, l, &page);
    if (!error && prefers(req, "count=exact"))
        error = add_count(db, subject, res, &l->query);
    if (!error)
        response_text(res, 200, "application/json", buf_all(&page.json));
    buf_free(&page.json);
    return error;
}
