#ifdef __linux__
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/landlock.h>
#include <stdint.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/confine_impl.h"
#include "base/error.h"

/* By the bare system calls: glibc has none, and an older distribution's header lacks what a newer kernel can do. */
#define BIT(n)          (1ULL << (n))
#define RIGHT_TRUNCATE  BIT(14) /* ABI 3 */
#define RIGHT_IOCTL_DEV BIT(15) /* ABI 5 */
#define BIND_TCP        BIT(0)  /* ABI 4 */
#define CONNECT_TCP     BIT(1)
#define SCOPE_ABSTRACT  BIT(0) /* ABI 6: abstract UNIX sockets of processes that are not confined with us */
#define SCOPE_SIGNAL    BIT(1)

#define READ (LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_READ_DIR)
#define MAKE (BIT(13) - BIT(6)) /* LANDLOCK_ACCESS_FS_MAKE_* */
#define CHANGE                                                                                                         \
    (LANDLOCK_ACCESS_FS_WRITE_FILE | LANDLOCK_ACCESS_FS_REMOVE_DIR | LANDLOCK_ACCESS_FS_REMOVE_FILE | MAKE |           \
     LANDLOCK_ACCESS_FS_REFER | RIGHT_TRUNCATE)
#define WRITE                                                                                                          \
    (READ | LANDLOCK_ACCESS_FS_WRITE_FILE | LANDLOCK_ACCESS_FS_REMOVE_FILE | LANDLOCK_ACCESS_FS_MAKE_REG |             \
     RIGHT_TRUNCATE)

/* What is forbidden where no rule allows it; the layout is the kernel's. */
struct ruleset {
    uint64_t files, net, scope;
};

static const struct ruleset forbidden[] = {
    [CONFINE_ALONE] = {CHANGE | READ | LANDLOCK_ACCESS_FS_EXECUTE | RIGHT_IOCTL_DEV, BIND_TCP | CONNECT_TCP,
                       SCOPE_ABSTRACT | SCOPE_SIGNAL},
    [CONFINE_FETCH] = {CHANGE, BIND_TCP, SCOPE_ABSTRACT | SCOPE_SIGNAL},
};

/* What each ABI knows of that. */
static const struct abi {
    struct ruleset known;
    size_t size;
} abis[] = {
    {{BIT(13) - 1, 0, 0}, 8},
    {{BIT(14) - 1, 0, 0}, 8},
    {{BIT(15) - 1, 0, 0}, 8},
    {{BIT(15) - 1, BIND_TCP | CONNECT_TCP, 0}, 16},
    {{BIT(16) - 1, BIND_TCP | CONNECT_TCP, 0}, 16},
    {{BIT(16) - 1, BIND_TCP | CONNECT_TCP, SCOPE_ABSTRACT | SCOPE_SIGNAL}, 24},
};
#define ABI_NEWEST (sizeof abis / sizeof *abis)

/* The newest that the kernel and we know; NULL: it has none, or it is switched off. */
static const struct abi *find_abi(void)
{
    long version = syscall(SYS_landlock_create_ruleset, NULL, 0, LANDLOCK_CREATE_RULESET_VERSION);
    if (version < 1)
        return NULL;
    return &abis[(size_t)version < ABI_NEWEST ? (size_t)version - 1 : ABI_NEWEST - 1];
}

/* Absent, or not ours to see: then there is nothing to allow. */
static int allow(int ruleset, const char *path, uint64_t rights)
{
    int place = open(path, O_PATH | O_CLOEXEC);
    if (place < 0)
        return errno == EMFILE || errno == ENFILE || errno == ENOMEM ? LK_SYSTEM : 0;
    struct landlock_path_beneath_attr rule = {.allowed_access = rights, .parent_fd = place};
    long failed = rights ? syscall(SYS_landlock_add_rule, ruleset, LANDLOCK_RULE_PATH_BENEATH, &rule, 0) : 0;
    close(place);
    return failed ? LK_SYSTEM : 0;
}

/* SQLite draws its random numbers there; jwks-fetch is started with its descriptors on the other. */
static const struct {
    enum confine_kind kind;
    const char *path;
    uint64_t rights;
} devices[] = {{CONFINE_ALONE, "/dev/urandom", LANDLOCK_ACCESS_FS_READ_FILE},
               {CONFINE_FETCH, "/dev/null", LANDLOCK_ACCESS_FS_WRITE_FILE}};

static int allow_all(int ruleset, const struct confine *c, uint64_t handled)
{
    static const uint64_t rights[] = {[CONFINE_READ] = READ, [CONFINE_WRITE] = WRITE};
    char path[PATH_MAX];
    int error = 0;
    for (size_t i = 0; !error && i < sizeof devices / sizeof *devices; i++)
        if (devices[i].kind == c->kind)
            error = allow(ruleset, devices[i].path, devices[i].rights & handled);
    for (size_t i = 0; !error && i < c->count; i++) {
        struct span d = c->paths[i].directory;
        int n = snprintf(path, sizeof path, "%.*s", (int)d.n, d.p);
        if (n >= 0 && (size_t)n < sizeof path)
            error = allow(ruleset, path, rights[c->paths[i].access] & handled);
    }
    return error;
}

int confine_paths(const struct confine *c)
{
    const struct abi *abi = c->kind == CONFINE_COMMAND ? NULL : find_abi();
    if (!abi)
        return 0;
    const struct ruleset *want = &forbidden[c->kind];
    struct ruleset r = {want->files & abi->known.files, want->net & abi->known.net, want->scope & abi->known.scope};
    int ruleset = (int)syscall(SYS_landlock_create_ruleset, &r, abi->size, 0);
    if (ruleset < 0)
        return LK_SYSTEM;
    int error = allow_all(ruleset, c, r.files);
    if (!error && syscall(SYS_landlock_restrict_self, ruleset, 0))
        error = LK_SYSTEM;
    close(ruleset);
    return error;
}
#endif
