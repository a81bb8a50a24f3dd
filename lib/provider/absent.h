#ifndef LK_PROVIDER_ABSENT_H
#define LK_PROVIDER_ABSENT_H

#include <stdbool.h>
#include <stdint.h>

/* The kids that were looked for in a just fetched set and are not in it: PATH.absent, tied to the set's generation and
 * bounded. It only decides how a token is refused while the provider may not be asked again: a kid listed here is a bad
 * token, another one cannot be judged yet. Kids are kept as digests. */
#define ABSENT_MAX 32

bool absent_has(const char *path, uint64_t generation, const char *kid);

/* The oldest one leaves. Two writers at once may lose one entry, which costs nothing but a 503 in place of a 400.
 * LK_SYSTEM (errno says), LK_CRYPTO, LK_NOMEM, LK_TOO_LARGE. */
int absent_add(const char *path, uint64_t generation, const char *kid);

#endif
