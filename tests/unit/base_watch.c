#include "base/watch.h"

#include <fcntl.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/file.h"
#include "unit.h"

/* One file in a directory of its own. */

static char dir[32], path[64], other[64];

static void fresh(void)
{
    memcpy(dir, "/tmp/latchkey-watch-XXXXXX", sizeof "/tmp/latchkey-watch-XXXXXX");
    ck_assert_ptr_nonnull(mkdtemp(dir));
    ck_assert_int_eq(file_path(path, sizeof path, dir, "f"), 0);
    ck_assert_int_eq(file_path(other, sizeof other, dir, "g"), 0);
}

static void done(void)
{
    unlink(path);
    unlink(other);
    ck_assert_int_eq(rmdir(dir), 0);
}

static void put(const char *to, const char *text)
{
    ck_assert_int_eq(file_replace(to, span_of(text), 0644, (uid_t)-1, (gid_t)-1), 0);
}

/* As an editor does that keeps the file. */
static void write_into(const char *to, const char *text)
{
    int fd = open(to, O_WRONLY | O_TRUNC);
    ck_assert_int_ge(fd, 0);
    ck_assert_int_eq(write(fd, text, strlen(text)), strlen(text));
    close(fd);
}

START_TEST(a_file_that_nobody_touches_has_not_changed)
{
    struct watch w = {0};
    fresh();
    ck_assert(!watch_changed(&w));
    put(path, "one");
    watch_begin(&w, WATCH_FILE, dir, "f");
    for (int i = 0; i < 3; i++)
        ck_assert(!watch_changed(&w));
    watch_begin(&w, WATCH_FILE, path, NULL);
    ck_assert(!watch_changed(&w));
    put(other, "not this one");
    ck_assert(!watch_changed(&w));
    done();
}
END_TEST

START_TEST(a_replaced_file_has_changed_until_it_is_looked_at_again)
{
    struct watch w;
    fresh();
    put(path, "one");
    watch_begin(&w, WATCH_FILE, dir, "f");
    put(path, "two");
    ck_assert(watch_changed(&w));
    ck_assert(watch_changed(&w));
    watch_begin(&w, WATCH_FILE, dir, "f");
    ck_assert(!watch_changed(&w));
    watch_end(&w);
    put(path, "three");
    ck_assert(!watch_changed(&w));
    done();
}
END_TEST

START_TEST(coming_and_going_are_changes)
{
    struct watch w;
    fresh();
    watch_begin(&w, WATCH_FILE, dir, "f");
    ck_assert(!watch_changed(&w));
    put(path, "one");
    ck_assert(watch_changed(&w));
    watch_begin(&w, WATCH_FILE, dir, "f");
    unlink(path);
    ck_assert(watch_changed(&w));
    done();
}
END_TEST

START_TEST(a_change_of_mode_is_one)
{
    struct watch file, identity;
    fresh();
    put(path, "one");
    watch_begin(&file, WATCH_FILE, dir, "f");
    watch_begin(&identity, WATCH_IDENTITY, dir, "f");
    ck_assert_int_eq(chmod(path, 0666), 0);
    ck_assert(watch_changed(&file));
    ck_assert(watch_changed(&identity));
    done();
}
END_TEST

/* All that stat tells is as it was: a write inside one tick of the file system's clock. */
static void write_unseen(struct watch *w, const char *text)
{
    struct timespec changed = w->st.st_ctim;
    write_into(path, text);
    ck_assert_int_eq(stat(path, &w->st), 0);
    ck_assert_int_ge(w->st.st_ctim.tv_sec, changed.tv_sec);
}

START_TEST(a_write_that_stat_cannot_tell_is_seen_while_the_file_is_young)
{
    struct watch w;
    fresh();
    put(path, "one");
    watch_begin(&w, WATCH_FILE, dir, "f");
    ck_assert(w.young);
    write_unseen(&w, "two");
    ck_assert(watch_changed(&w));
    watch_begin(&w, WATCH_FILE, dir, "f");
    write_unseen(&w, "two");
    ck_assert(!watch_changed(&w));
    done();
}
END_TEST

START_TEST(an_old_file_is_not_read)
{
    struct watch w;
    struct stat st;
    watch_begin(&w, WATCH_FILE, "/proc/self/exe", NULL);
    ck_assert_int_eq(stat("/proc/self/exe", &st), 0);
    ck_assert(w.there);
    ck_assert(w.young == (st.st_ctim.tv_sec >= clock_now() - WATCH_YOUNG));
    ck_assert(!watch_changed(&w));
    watch_begin(&w, WATCH_FILE, "/etc/passwd", NULL);
    w.young = false;
    memset(w.digest, 1, sizeof w.digest);
    ck_assert(!watch_changed(&w));
}
END_TEST

START_TEST(a_link_is_followed_or_not)
{
    struct watch file, link;
    fresh();
    put(other, "one");
    ck_assert_int_eq(symlink(other, path), 0);
    watch_begin(&file, WATCH_FILE, dir, "f");
    watch_begin(&link, WATCH_LINK, dir, "f");
    ck_assert(!watch_changed(&file));
    ck_assert(!watch_changed(&link));
    put(other, "two");
    ck_assert(watch_changed(&file));
    ck_assert(!watch_changed(&link)); /* it is the link itself */
    unlink(path);
    ck_assert_int_eq(rename(other, path), 0);
    ck_assert(watch_changed(&link));
    done();
}
END_TEST

START_TEST(what_a_database_holds_may_change_but_it_is_the_same_file)
{
    struct watch w;
    fresh();
    put(path, "one");
    watch_begin(&w, WATCH_IDENTITY, path, NULL);
    ck_assert(!w.young);
    write_into(path, "something longer");
    ck_assert(!watch_changed(&w));
    put(path, "one");
    ck_assert(watch_changed(&w));
    done();
}
END_TEST

UNIT_MAIN("base_watch", a_file_that_nobody_touches_has_not_changed,
          a_replaced_file_has_changed_until_it_is_looked_at_again, coming_and_going_are_changes,
          a_change_of_mode_is_one, a_write_that_stat_cannot_tell_is_seen_while_the_file_is_young,
          an_old_file_is_not_read, a_link_is_followed_or_not, what_a_database_holds_may_change_but_it_is_the_same_file)
