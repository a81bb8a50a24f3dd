#include <dirent.h>
#include <errno.h>

#include "base/error.h"
#include "keys/keydir_impl.h"

/* Private keys that have retired. No program reads them here; a host that has not got the new files yet still signs
 * with its copy, so the key is held, out of the web server's reach, until no host can need it: R + D + F. */

#define AFFIXES (sizeof RETIRED_PREFIX + sizeof RETIRED_SUFFIX - 2)

/* The kid in "retired-KID.jwk". */
static bool kid_of(const char *name, char kid[JWK_THUMBPRINT_SIZE])
{
    size_t n = strlen(name);
    if (n != AFFIXES + JWK_THUMBPRINT_SIZE - 1 || strncmp(name, RETIRED_PREFIX, sizeof RETIRED_PREFIX - 1) != 0 ||
        strcmp(name + n - (sizeof RETIRED_SUFFIX - 1), RETIRED_SUFFIX) != 0)
        return false;
    memcpy(kid, name + sizeof RETIRED_PREFIX - 1, JWK_THUMBPRINT_SIZE - 1);
    kid[JWK_THUMBPRINT_SIZE - 1] = '\0';
    return true;
}

static bool is_held(const struct keydir *kd, const char *kid)
{
    for (size_t i = 0; i < kd->history.n; i++) {
        const struct key_entry *e = &kd->history.entry[i];
        if (strcmp(e->kid, kid) == 0)
            return e->state == KEY_RETIRED && !e->destroyed;
    }
    return false;
}

int keydir_keep_retired(struct keydir *kd, struct buf *fault)
{
    char name[NAME_MAX];
    struct keyfile f = {.dry = kd->dry};
    if (!kd->signing.key || !jwk_is_private(kd->signing.key) || !is_held(kd, keyfile_kid(&kd->signing)))
        return 0;
    snprintf(name, sizeof name, RETIRED_PREFIX "%s" RETIRED_SUFFIX, keyfile_kid(&kd->signing));
    int error = keyfile_read(&f, kd->dir, name, FILE_PRIVATE, RETIRED_MODE, KEYFILE_PRIVATE_MAX, fault);
    if (!error)
        error = keydir_write(kd, &f, buf_all(&kd->signing.text), RETIRED_MODE, (gid_t)-1, fault);
    keyfile_free(&f);
    return error;
}

static int destroy(struct keydir *kd, const char *name, struct buf *fault)
{
    char path[PATH_MAX];
    int error = file_path(path, sizeof path, kd->dir, name);
    kd->changed = true;
    if (!error && !kd->dry)
        error = file_remove(path);
    return error && error != LK_NOT_FOUND ? keyfile_fault(path, error, RETIRED_MODE, fault) : 0;
}

int keydir_sweep(struct keydir *kd, struct buf *fault)
{
    char kid[JWK_THUMBPRINT_SIZE];
    int error = 0;
    DIR *d = opendir(kd->dir);
    if (!d)
        return keyfile_fault(kd->dir, LK_SYSTEM, KEYDIR_MODE, fault);
    for (const struct dirent *e; !error && (e = readdir(d));)
        if (kid_of(e->d_name, kid) && !is_held(kd, kid))
            error = destroy(kd, e->d_name, fault);
    closedir(d);
    return error;
}

size_t keydir_overdue_private(const struct keydir *kd)
{
    char kid[JWK_THUMBPRINT_SIZE];
    size_t count = 0;
    DIR *d = opendir(kd->dir);
    if (!d)
        return 0;
    for (const struct dirent *e; (e = readdir(d));)
        count += kid_of(e->d_name, kid) && !is_held(kd, kid);
    closedir(d);
    return count;
}
