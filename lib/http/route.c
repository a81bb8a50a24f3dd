#include "http/route.h"

static const char *without_root(const char *path)
{
    return strcmp(path, "/") == 0 ? "" : path;
}

bool route_matches(const char *pattern, const char *path, struct span *param)
{
    struct span found = {"", 0};
    pattern = without_root(pattern);
    path = without_root(path);
    while (*pattern) {
        if (strncmp(pattern, "{}", 2) == 0) {
            found = (struct span){path, strcspn(path, "/")};
            if (found.n == 0)
                return false;
            pattern += 2;
            path += found.n;
        } else if (*pattern++ != *path++) {
            return false;
        }
    }
    if (*path)
        return false;
    *param = found;
    return true;
}

static void allow_add(char out[ROUTE_ALLOW_SIZE], const char *name)
{
    size_t n = strlen(out);
    snprintf(out + n, ROUTE_ALLOW_SIZE - n, "%s%s", n ? ", " : "", name);
}

bool route_allow(const struct program *program, const char *path, char out[ROUTE_ALLOW_SIZE])
{
    struct span param;
    bool known = false;
    out[0] = '\0';
    for (size_t i = 0; i < program->route_count; i++) {
        const struct route *r = &program->routes[i];
        if (!route_matches(r->pattern, path, &param))
            continue;
        known = true;
        allow_add(out, method_name(r->method));
        if (r->method == METHOD_GET)
            allow_add(out, method_name(METHOD_HEAD));
    }
    if (known)
        allow_add(out, method_name(METHOD_OPTIONS));
    return known;
}

const struct route *route_find(const struct program *program, enum method method, const char *path, struct span *param)
{
    enum method wanted = method == METHOD_HEAD ? METHOD_GET : method;
    for (size_t i = 0; i < program->route_count; i++) {
        const struct route *r = &program->routes[i];
        if (r->method == wanted && route_matches(r->pattern, path, param))
            return r;
    }
    return NULL;
}
