#ifndef LK_PROVIDER_CACHE_H
#define LK_PROVIDER_CACHE_H

#include <stdint.h>

#include "base/buf.h"
#include "base/clock.h"

/* The provider's JWKS on disk: one file, replaced as a whole, shared by all processes. It names the URL it came from
 * and carries a digest of its content; anything off is a miss, never a part of a set. Beside it lie PATH.lock (one
 * fetch at a time), PATH.attempt (attempt.h) and PATH.absent (absent.h). Times are seconds since the epoch. */

#define CACHE_ETAG_MAX 256
#define CACHE_URL_MAX  4096

struct cache_meta {
    int64_t fetched_at;
    int64_t fresh_for;      /* seconds, from Cache-Control or the configuration */
    uint64_t serial;        /* another one with each write; never 0 in a file */
    uint64_t generation;    /* the serial with which the keys last changed */
    struct clock_boot boot; /* when it was fetched, by a clock that nobody sets; id "" when unknown */
    int64_t boot_age;       /* set by cache_read: at least so many seconds old, by that clock; 0 when it cannot tell */
    char etag[CACHE_ETAG_MAX];
};

/* LK_NOT_FOUND, LK_UNSAFE_FILE, LK_SYNTAX (damaged), LK_CONFIG (of another URL), LK_SYSTEM (errno says).
 * Appends the JWKS text to `body`. */
int cache_read(const char *path, const char *url, struct cache_meta *meta, struct buf *body);
int cache_write(const char *path, const char *url, const struct cache_meta *meta, struct span body);

/* A set's state at `now`. Its age is the longer one of the wall clock's and the boot clock's, and a fetch time in the
 * future counts as stale, or as dead when it is further off than `stale`: a clock that was set back never extends life.
 */
enum cache_age { CACHE_FRESH, CACHE_STALE, CACHE_DEAD };
enum cache_age cache_age(const struct cache_meta *meta, int64_t now, int64_t stale);
const char *cache_age_name(enum cache_age age);

/* PATH with a suffix such as ".lock". LK_TOO_LARGE. */
#define CACHE_LOCK    ".lock"
#define CACHE_ATTEMPT ".attempt"
#define CACHE_ABSENT  ".absent"
int cache_beside(char *out, size_t cap, const char *path, const char *suffix);

/* The directory that holds `path`. LK_TOO_LARGE. */
int cache_directory(char *out, size_t cap, const char *path);

/* 0 when this process may create files there, LK_SYSTEM when not (errno says). */
int cache_writable(const char *path);

#endif
