#ifndef LK_HTTP_ROUTE_H
#define LK_HTTP_ROUTE_H

#include "http/serve.h"

/* What a program's route table says of a path and a method. Pure. */

#define ROUTE_ALLOW_SIZE 64

/* True when `path` has the form of `pattern`; `*param` (set then) is what {} matched, or empty. */
bool route_matches(const char *pattern, const char *path, struct span *param);

/* The methods of a path as Allow lists them (RFC 9110 10.2.1); false when no route has the path. */
bool route_allow(const struct program *program, const char *path, char out[ROUTE_ALLOW_SIZE]);

/* The route of method and path, or NULL; HEAD finds GET. */
const struct route *route_find(const struct program *program, enum method method, const char *path, struct span *param);

#endif
