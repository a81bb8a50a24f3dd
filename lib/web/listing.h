#ifndef LK_WEB_LISTING_H
#define LK_WEB_LISTING_H

#include "todo/cursor.h"
#include "todo/list.h"
#include "web/web.h"

/* A list of todos as HTTP has it: query parameters, cursors, Link (RFC 8288), X-Total-Count. */
struct listing {
    struct todo_query query;
    struct todo_place place; /* of the cursor */
    struct buf links;        /* the query without its cursor, coded anew */
    struct buf digest;
    uint8_t key[CURSOR_KEY_SIZE]; /* if has_key */
    bool has_key;
};

/* Each: 0; WEB_ANSWERED, a 400 stands in `res`; or a negative enum lk_error. listing_free in any case. */

/* The parameters of the request's query. */
int listing_read(const struct request *req, struct response *res, struct listing *out);

/* The query's cursor, if it has one. */
int listing_open(struct db *db, const char *subject, struct response *res, struct listing *l);

/* The page, with its links below `url`, and the count if the request prefers count=exact. */
int listing_send(struct db *db, const char *subject, const struct request *req, struct response *res, const char *url,
                 struct listing *l);

void listing_free(struct listing *l);

#endif
