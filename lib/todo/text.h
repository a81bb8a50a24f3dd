#ifndef LK_TODO_TEXT_H
#define LK_TODO_TEXT_H

#include <stddef.h>

#include "base/span.h"

/* Text of people, any script. */

/* `s` without White_Space (Unicode, PropList.txt) at its ends, and how many characters (code points) are left.
 * LK_SYNTAX: not UTF-8 (RFC 3629: overlong forms, surrogates and what is above U+10FFFF included), or a control
 * character (C0, DEL, C1) inside. */
int text_trim(struct span s, struct span *out, size_t *characters);

#endif
