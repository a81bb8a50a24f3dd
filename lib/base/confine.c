#include "base/confine.h"

#include "base/confine_impl.h"
#include "base/error.h"

static bool is_same(struct span a, struct span b)
{
    return a.n == b.n && memcmp(a.p, b.p, a.n) == 0;
}

static void add(struct confine *c, enum confine_access access, struct span directory)
{
    for (size_t i = 0; i < c->count; i++)
        if (c->paths[i].access == access && is_same(c->paths[i].directory, directory))
            return;
    if (directory.n && c->count < CONFINE_PATHS_MAX)
        c->paths[c->count++] = (struct confine_path){directory, access};
}

void confine_directory(struct confine *c, enum confine_access access, const char *path)
{
    add(c, access, span_of(path));
}

void confine_file(struct confine *c, enum confine_access access, const char *path)
{
    const char *slash = strrchr(path, '/');
    if (slash)
        add(c, access, (struct span){path, slash == path ? 1 : (size_t)(slash - path)});
    else if (*path)
        add(c, access, span_of("."));
}

bool confine_is_left_out(void)
{
#ifdef __SANITIZE_ADDRESS__
    return true;
#else
    return false;
#endif
}

int confine(const struct confine *c)
{
    if (c->kind == CONFINE_NOT || confine_is_left_out())
        return 0;
    int error = confine_privileges();
    if (!error)
        error = confine_paths(c);
    return error || !c->calls ? error : confine_calls(c->kind);
}
