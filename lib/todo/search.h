#ifndef LK_TODO_SEARCH_H
#define LK_TODO_SEARCH_H

#include "todo/todo.h"

/* What the column `search` has: the tags, title and notes case folded (text_fold), each between separators that no
 * text can have. So one LIKE finds a whole tag, and another a text inside title, notes or a tag. */

#define SEARCH_BYTES ((size_t)(TODO_NOTES_MAX + TODO_TITLE_MAX + TODO_TAGS_MAX * (TODO_TAG_MAX + 1) + 3) * 4)

int search_text(const struct todo *t, struct buf *out);

/* Patterns for LIKE with ESCAPE '!'. `s` is trimmed. LK_SYNTAX: not UTF-8, a control character, or not 1 to `max`
 * characters. */
int search_tag(struct span s, size_t max, struct buf *pattern);
int search_part(struct span s, size_t max, struct buf *pattern);

#endif
