#ifndef LK_TODO_CURSOR_H
#define LK_TODO_CURSOR_H

#include "todo/query.h"

/* A place in a list as text for a URL: base64url of the keys, the id and a tag, HMAC-SHA256 cut to 16 bytes over both
 * and todo_query_digest. So it is good for this subject, these filters and this order only, and cannot be made up. */

#define CURSOR_KEY_SIZE  32
#define CURSOR_TEXT_SIZE 103 /* with a NUL */

/* The key, shared by all processes. LK_STORE. */
int cursor_key(struct db *db, uint8_t key[CURSOR_KEY_SIZE]);

int cursor_write(const uint8_t key[CURSOR_KEY_SIZE], struct span digest, const struct todo_place *place,
                 char out[CURSOR_TEXT_SIZE]); /* LK_CRYPTO */

/* LK_SYNTAX: malformed, forged, or of another list; LK_CRYPTO. */
int cursor_read(const uint8_t key[CURSOR_KEY_SIZE], struct span digest, struct span text, struct todo_place *out);

#endif
