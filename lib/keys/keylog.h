#ifndef LK_KEYS_KEYLOG_H
#define LK_KEYS_KEYLOG_H

#include <jansson.h>

#include "base/buf.h"

/* DIR/audit.log: what keytool did and meant to do, one JSON object a line, appended and never changed. The last member
 * of each line, `prev`, is the SHA-256 of the line before it ("" in the first), base64url, so that no line can be
 * changed or taken out unseen. A line that a crash has torn stays, and counts as a line. */

#define KEYLOG_LINE_MAX 65536
#define KEYLOG_MAX      (64U << 20)
#define KEYLOG_HASH     44 /* characters of a hash and a NUL */

/* Appends `entry` (takes the reference) with `prev`, and syncs. `hash` gets the new line's. LK_UNSAFE_FILE, LK_SYSTEM
 * with `fault`. Under the lock of the key directory. */
int keylog_append(const char *dir, json_t *entry, char hash[KEYLOG_HASH], struct buf *fault);

/* Calls `each` for every line, oldest first: its number, its text, the object (NULL: torn), and whether the chain holds
 * here. LK_NOT_FOUND: there is no log. LK_SYNTAX: the chain is broken somewhere. */
typedef void keylog_fn(void *context, size_t number, struct span line, const json_t *entry, bool chained);
int keylog_read(const char *dir, keylog_fn *each, void *context, struct buf *fault);

#endif
