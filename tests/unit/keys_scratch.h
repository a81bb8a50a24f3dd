#ifndef LK_TESTS_UNIT_KEYS_SCRATCH_H
#define LK_TESTS_UNIT_KEYS_SCRATCH_H

#include <dirent.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error.h"
#include "base/file.h"
#include "keys/keydir.h"

/* A key directory that a test may do anything with. */

static char scratch[64], keys[80];
static struct buf fault = {.max = 8192};

static const struct key_policy policy = {
    .rotation = 10000, .lag = 10, .remote_cache = 100, .margin = 5, .token = 900, .leeway = 60, .run = 30};
#define P         1000000 /* when init runs */
#define GATE      (P + 115)
#define KEEP_GATE 1005 /* from retiring to leaving */

static void scratch_begin(void)
{
    snprintf(scratch, sizeof scratch, "/tmp/keys-XXXXXX");
    ck_assert_ptr_nonnull(mkdtemp(scratch));
    snprintf(keys, sizeof keys, "%s/keys", scratch);
    umask(022);
}

static void scratch_end(void)
{
    char path[4096];
    DIR *d = opendir(keys);
    for (struct dirent *e; d && (e = readdir(d));)
        if (e->d_name[0] != '.' && file_path(path, sizeof path, keys, e->d_name) == 0)
            unlink(path);
    if (d)
        closedir(d);
    rmdir(keys);
    rmdir(scratch);
    buf_free(&fault);
}

static const char *in_keys(const char *name)
{
    static char path[2][256];
    static int turn;
    turn = !turn;
    ck_assert_int_eq(file_path(path[turn], sizeof path[turn], keys, name), 0);
    return path[turn];
}

static inline struct buf contents(const char *name)
{
    struct buf out = BUF_INIT(1U << 20);
    ck_assert_int_eq(file_read(in_keys(name), FILE_ANY, &out, NULL), 0);
    return out;
}

static inline void put(const char *name, struct span text, mode_t mode)
{
    ck_assert_int_eq(file_replace(in_keys(name), text, mode, (uid_t)-1, (gid_t)-1), 0);
}

static inline void copy(const char *from, const char *to, mode_t mode)
{
    struct buf text = contents(from);
    put(to, buf_all(&text), mode);
    buf_free(&text);
}

static inline struct keydir *opened(bool create)
{
    struct keydir *kd = NULL;
    buf_reset(&fault);
    int error = keydir_open(keys, create, &kd, &fault);
    ck_assert_msg(error == 0, "%s", buf_cstr(&fault));
    history_raise(keydir_history(kd), &policy);
    return kd;
}

static inline int open_fails(bool create)
{
    struct keydir *kd = NULL;
    buf_reset(&fault);
    int error = keydir_open(keys, create, &kd, &fault);
    ck_assert_msg(error != 0, "it opened");
    return error;
}

static inline void init(void)
{
    struct keydir *kd = opened(true);
    ck_assert_int_eq(keydir_init(kd, jwa_find(span_of("ES256")), (gid_t)-1, P, &fault), 0);
    keydir_close(kd);
}

static inline int rotate(bool force, int64_t now, int64_t *opens)
{
    struct keydir *kd = opened(false);
    int error = keydir_rotate(kd, NULL, force, now, opens, &fault);
    keydir_close(kd);
    return error;
}

static inline void rotated(int64_t now)
{
    int64_t opens = 0;
    ck_assert_int_eq(rotate(false, now, &opens), 0);
}

static inline int publish(int64_t now, bool *changed)
{
    struct keydir *kd = opened(false);
    int error = keydir_publish(kd, now, changed, &fault);
    keydir_close(kd);
    return error;
}

static inline void published(int64_t now)
{
    bool changed = false;
    ck_assert_msg(publish(now, &changed) == 0, "%s", buf_cstr(&fault));
}

static inline void ignore_finding(void *context, enum keydir_finding finding, const char *sentence)
{
    if (finding == KEYDIR_FAIL)
        buf_printf(context, "%s\n", sentence);
}

/* What check complains of, "" when all is well. */
static inline const char *complaints(void)
{
    static struct buf out = {.max = 65536};
    buf_reset(&out);
    keydir_check(keys, ignore_finding, &out);
    return buf_cstr(&out);
}

/* The kid in a private file. */
static inline const char *kid_of(const char *name, char out[JWK_THUMBPRINT_SIZE])
{
    struct buf text = contents(name);
    json_t *key = json_loads(buf_cstr(&text), 0, NULL);
    snprintf(out, JWK_THUMBPRINT_SIZE, "%s", json_string_value(json_object_get(key, "kid")));
    json_decref(key);
    buf_free(&text);
    return out;
}

static inline bool contains(const char *name, const char *what)
{
    struct buf text = contents(name);
    bool found = strstr(buf_cstr(&text), what) != NULL;
    buf_free(&text);
    return found;
}

#endif
