#ifndef LK_PROVIDER_RECORD_H
#define LK_PROVIDER_RECORD_H

#include <stdint.h>

#include "base/buf.h"

/* The small files beside the cache are lines "name value", each name in its fixed place. */

/* Takes the next line of `*rest`, which must be `name`. LK_SYNTAX. */
int record_text(struct span *rest, const char *name, struct span *value);
int record_u64(struct span *rest, const char *name, uint64_t *value);
int record_time(struct span *rest, const char *name, int64_t *value); /* 0 or later */

/* Takes `literal` off the front of `*rest`. LK_SYNTAX. */
int record_literal(struct span *rest, const char *literal);

#endif
