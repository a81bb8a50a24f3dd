#include "provider_kit.h"

static const char body[] = "{\"keys\":[]}";
static const struct cache_meta meta = {
    .fetched_at = NOW, .fresh_for = 600, .serial = 7, .generation = 5, .etag = "\"abc\""};

static int read_back(const struct kit *k, const char *url)
{
    struct buf text = BUF_INIT(65536);
    struct cache_meta found = {0};
    int error = cache_read(k->cache, url, &found, &text);
    if (error) {
        ck_assert_uint_eq(text.n, 0);
        ck_assert_uint_eq(found.serial, 0);
    } else {
        ck_assert_str_eq(buf_cstr(&text), body);
        ck_assert_int_eq(found.fetched_at, meta.fetched_at);
        ck_assert_int_eq(found.fresh_for, meta.fresh_for);
        ck_assert_uint_eq(found.serial, meta.serial);
        ck_assert_uint_eq(found.generation, meta.generation);
        ck_assert_str_eq(found.etag, meta.etag);
    }
    buf_free(&text);
    return error;
}

static void written(struct kit *k)
{
    kit_open(k);
    ck_assert_int_eq(cache_write(k->cache, JWKS, &meta, span_of(body)), 0);
}

START_TEST(what_was_written_is_read_back)
{
    struct kit k;
    struct stat st;
    written(&k);
    ck_assert_int_eq(read_back(&k, JWKS), 0);
    ck_assert_int_eq(stat(k.cache, &st), 0);
    ck_assert_uint_eq(st.st_mode & 07777, 0644);
    kit_close(&k);
}
END_TEST

START_TEST(an_absent_file_is_a_miss)
{
    struct kit k;
    kit_open(&k);
    ck_assert_int_eq(read_back(&k, JWKS), LK_NOT_FOUND);
    kit_close(&k);
}
END_TEST

START_TEST(a_set_of_another_url_is_a_miss)
{
    struct kit k;
    written(&k);
    ck_assert_int_eq(read_back(&k, JWKS "2"), LK_CONFIG);
    ck_assert_int_eq(read_back(&k, ISSUER), LK_CONFIG);
    kit_close(&k);
}
END_TEST

START_TEST(every_changed_byte_is_a_miss)
{
    struct kit k;
    struct buf file = BUF_INIT(4096);
    written(&k);
    kit_read(&k, "cache", &file);
    for (size_t i = 0; i < file.n; i++) {
        file.p[i] ^= 1;
        ck_assert_int_eq(file_replace(k.cache, buf_all(&file), 0644, (uid_t)-1, (gid_t)-1), 0);
        ck_assert_int_eq(read_back(&k, JWKS), LK_SYNTAX);
        file.p[i] ^= 1;
    }
    ck_assert_int_eq(file_replace(k.cache, buf_all(&file), 0644, (uid_t)-1, (gid_t)-1), 0);
    ck_assert_int_eq(read_back(&k, JWKS), 0);
    buf_free(&file);
    kit_close(&k);
}
END_TEST

START_TEST(every_truncation_is_a_miss)
{
    struct kit k;
    struct buf file = BUF_INIT(4096);
    written(&k);
    kit_read(&k, "cache", &file);
    for (size_t n = 0; n < file.n; n++) {
        struct span part = {file.p, n};
        ck_assert_int_eq(file_replace(k.cache, part, 0644, (uid_t)-1, (gid_t)-1), 0);
        ck_assert_int_eq(read_back(&k, JWKS), LK_SYNTAX);
    }
    buf_free(&file);
    kit_close(&k);
}
END_TEST

START_TEST(a_file_that_is_too_large_is_a_miss)
{
    struct kit k;
    written(&k);
    ck_assert_int_eq(truncate(k.cache, 4 << 20), 0);
    ck_assert_int_eq(read_back(&k, JWKS), LK_SYNTAX);
    kit_close(&k);
}
END_TEST

START_TEST(a_symbolic_link_is_a_miss)
{
    struct kit k;
    char real[140];
    written(&k);
    snprintf(real, sizeof real, "%s.real", k.cache);
    ck_assert_int_eq(rename(k.cache, real), 0);
    ck_assert_int_eq(symlink(real, k.cache), 0);
    ck_assert_int_eq(read_back(&k, JWKS), LK_UNSAFE_FILE);
    ck_assert_int_eq(cache_write(k.cache, JWKS, &meta, span_of(body)), 0);
    ck_assert_int_eq(read_back(&k, JWKS), 0);
    kit_close(&k);
}
END_TEST

START_TEST(a_file_that_others_may_write_is_a_miss)
{
    static const struct {
        mode_t mode;
        int error;
    } rows[] = {
        {0644, 0}, {0600, 0}, {0444, 0}, {0664, LK_UNSAFE_FILE}, {0646, LK_UNSAFE_FILE}, {0666, LK_UNSAFE_FILE}};
    struct kit k;
    written(&k);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        ck_assert_int_eq(chmod(k.cache, rows[i].mode), 0);
        ck_assert_int_eq(read_back(&k, JWKS), rows[i].error);
    }
    kit_close(&k);
}
END_TEST

/* Only root can give a file away; another user's run has the tests of mode and link. */
START_TEST(a_file_of_another_owner_is_a_miss)
{
    struct kit k;
    written(&k);
    if (geteuid() == 0) {
        ck_assert_int_eq(chown(k.cache, 65534, 65534), 0);
        ck_assert_int_eq(read_back(&k, JWKS), LK_UNSAFE_FILE);
        ck_assert_int_eq(chown(k.cache, 0, 0), 0);
    }
    ck_assert_int_eq(read_back(&k, JWKS), 0);
    kit_close(&k);
}
END_TEST

START_TEST(nothing_can_break_a_line_of_the_head)
{
    struct kit k;
    struct cache_meta odd = meta;
    kit_open(&k);
    ck_assert_int_eq(cache_write(k.cache, JWKS "\nserial 9", &meta, span_of(body)), LK_SYNTAX);
    snprintf(odd.etag, sizeof odd.etag, "\"a\nb\"");
    ck_assert_int_eq(cache_write(k.cache, JWKS, &odd, span_of(body)), LK_SYNTAX);
    ck_assert_int_eq(read_back(&k, JWKS), LK_NOT_FOUND);
    kit_close(&k);
}
END_TEST

START_TEST(too_large_a_set_leaves_the_old_one)
{
    struct kit k;
    char *large = calloc(1, JWKS_MAX_BYTES + 1);
    written(&k);
    ck_assert_int_eq(cache_write(k.cache, JWKS, &meta, (struct span){large, JWKS_MAX_BYTES + 1}), LK_TOO_LARGE);
    ck_assert_int_eq(read_back(&k, JWKS), 0);
    free(large);
    kit_close(&k);
}
END_TEST

START_TEST(a_set_is_fresh_then_stale_then_dead)
{
    static const struct {
        int64_t after;
        enum cache_age age;
    } rows[] = {{0, CACHE_FRESH}, {599, CACHE_FRESH}, {600, CACHE_STALE}, {86399, CACHE_STALE}, {86400, CACHE_DEAD}};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        ck_assert_int_eq(cache_age(&meta, NOW + rows[i].after, 86400), rows[i].age);
    ck_assert_int_eq(cache_age(&meta, NOW + 599, 0), CACHE_FRESH);
    ck_assert_int_eq(cache_age(&meta, NOW + 600, 0), CACHE_DEAD);
}
END_TEST

START_TEST(a_clock_set_back_never_extends_life)
{
    ck_assert_int_eq(cache_age(&meta, NOW - 1, 86400), CACHE_STALE);
    ck_assert_int_eq(cache_age(&meta, NOW - 86400, 86400), CACHE_STALE);
    ck_assert_int_eq(cache_age(&meta, NOW - 86401, 86400), CACHE_DEAD);
    ck_assert_int_eq(cache_age(&meta, 0, 86400), CACHE_DEAD);
}
END_TEST

START_TEST(a_set_is_as_old_as_the_boot_clock_says)
{
    struct cache_meta old = meta;
    old.boot_age = 700;
    ck_assert_int_eq(cache_age(&old, NOW + 1, 86400), CACHE_STALE);
    old.boot_age = 86400;
    ck_assert_int_eq(cache_age(&old, NOW + 1, 86400), CACHE_DEAD);
    ck_assert_int_eq(cache_age(&old, NOW - 1, 86400), CACHE_DEAD);
    old.boot_age = 1;
    ck_assert_int_eq(cache_age(&old, NOW + 1, 86400), CACHE_FRESH);
    ck_assert_int_eq(cache_age(&old, NOW - 1, 86400), CACHE_STALE);
}
END_TEST

START_TEST(the_boot_clock_counts_within_one_boot_only)
{
    struct kit k;
    struct cache_meta read = meta, found;
    struct buf text = BUF_INIT(JWKS_MAX_BYTES);
    kit_open(&k);
    clock_boot(&read.boot);
    ck_assert_str_ne(read.boot.id, "");
    read.boot.seconds = read.boot.seconds > 500 ? read.boot.seconds - 500 : 0;
    ck_assert_int_eq(cache_write(k.cache, JWKS, &read, span_of(body)), 0);
    ck_assert_int_eq(cache_read(k.cache, JWKS, &found, &text), 0);
    ck_assert_str_eq(found.boot.id, read.boot.id);
    ck_assert_int_gt(found.boot_age, 0);
    read.boot.id[0] = read.boot.id[0] == 'a' ? 'b' : 'a';
    ck_assert_int_eq(cache_write(k.cache, JWKS, &read, span_of(body)), 0);
    ck_assert_int_eq(cache_read(k.cache, JWKS, &found, &text), 0);
    ck_assert_int_eq(found.boot_age, 0);
    buf_free(&text);
    kit_close(&k);
}
END_TEST

START_TEST(the_directory_of_a_path_is_found)
{
    static const struct {
        const char *path, *directory;
    } rows[] = {{"/var/lib/x/cache", "/var/lib/x"}, {"/cache", "/"}, {"cache", "."}};
    char out[64], tiny[4];
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        ck_assert_int_eq(cache_directory(out, sizeof out, rows[i].path), 0);
        ck_assert_str_eq(out, rows[i].directory);
    }
    ck_assert_int_eq(cache_directory(tiny, sizeof tiny, "/var/lib/x/cache"), LK_TOO_LARGE);
    ck_assert_int_eq(cache_beside(tiny, sizeof tiny, "cache", ".lock"), LK_TOO_LARGE);
}
END_TEST

START_TEST(a_directory_that_is_not_there_is_not_writable)
{
    struct kit k;
    kit_open(&k);
    ck_assert_int_eq(cache_writable(k.cache), 0);
    ck_assert_int_eq(cache_writable("/nonexistent/cache"), LK_SYSTEM);
    kit_close(&k);
}
END_TEST

UNIT_MAIN("provider_cache", what_was_written_is_read_back, an_absent_file_is_a_miss, a_set_of_another_url_is_a_miss,
          every_changed_byte_is_a_miss, every_truncation_is_a_miss, a_file_that_is_too_large_is_a_miss,
          a_symbolic_link_is_a_miss, a_file_that_others_may_write_is_a_miss, a_file_of_another_owner_is_a_miss,
          nothing_can_break_a_line_of_the_head, too_large_a_set_leaves_the_old_one, a_set_is_fresh_then_stale_then_dead,
          a_clock_set_back_never_extends_life, a_set_is_as_old_as_the_boot_clock_says,
          the_boot_clock_counts_within_one_boot_only, the_directory_of_a_path_is_found,
          a_directory_that_is_not_there_is_not_writable)
