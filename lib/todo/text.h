#ifndef LK_TODO_TEXT_H
#define LK_TODO_TEXT_H

#include <stddef.h>

#include "base/buf.h"

/* Text of people, any script. */

/* `s` without White_Space (Unicode, PropList.txt) at its ends, and how many characters (code points) are left.
 * LK_SYNTAX: not UTF-8 (RFC 3629: overlong forms, surrogates and what is above U+10FFFF included), or a control
 * character (C0, DEL, C1) inside. */
int text_trim(struct span s, struct span *out, size_t *characters);

/* How many characters `s` has. LK_SYNTAX: not UTF-8, or a control character other than tab and line ends (LF, CR). */
int text_count(struct span s, size_t *characters);

/* Appends `s`, which is UTF-8, with upper case letters made lower case: those of Latin, Greek, Cyrillic, Armenian,
 * Georgian and their full-width forms that have one lower case form of one character (Unicode simple case folding).
 * Errors of buf_add; LK_SYNTAX. */
int text_fold(struct span s, struct buf *out);

#endif
