#ifndef LK_BASE_CONFINE_IMPL_H
#define LK_BASE_CONFINE_IMPL_H

#include "base/confine.h"

/* Each: 0, also without the kernel's support; LK_SYSTEM (errno says). In this order: the last one forbids the others.
 */
int confine_privileges(void);
int confine_paths(const struct confine *c);
int confine_calls(enum confine_kind kind);

#endif
