#include "provider/attempt.h"

#include <limits.h>

#include "base/error.h"
#include "base/file.h"
#include "provider/record.h"

#define FILE_LIMIT 1024

static int take(struct span file, struct attempt *out)
{
    struct span outcome;
    if (record_literal(&file, "latchkey-attempt-1\n") || record_time(&file, "at", &out->at) ||
        record_time(&file, "retry", &out->retry_at) || record_time(&file, "miss", &out->miss_at) ||
        record_u64(&file, "generation", &out->generation) || record_text(&file, "outcome", &outcome) || file.n != 0 ||
        outcome.n >= sizeof out->outcome)
        return LK_SYNTAX;
    memcpy(out->outcome, outcome.p, outcome.n);
    out->outcome[outcome.n] = '\0';
    return 0;
}

static void forget_the_future(struct attempt *a, int64_t now)
{
    if (a->at > now)
        a->at = 0;
    if (a->miss_at > now)
        a->miss_at = 0;
    if (a->retry_at - now > ATTEMPT_RETRY_MAX)
        a->retry_at = 0;
}

void attempt_read(const char *path, int64_t now, struct attempt *out)
{
    char file[PATH_MAX];
    struct buf text = BUF_INIT(FILE_LIMIT);
    struct attempt found = {0};
    *out = found;
    if (!cache_beside(file, sizeof file, path, CACHE_ATTEMPT) && !file_read(file, FILE_TRUSTED, &text, NULL) &&
        !take(buf_all(&text), &found)) {
        forget_the_future(&found, now);
        *out = found;
    }
    buf_free(&text);
}

int attempt_write(const char *path, const struct attempt *a)
{
    char file[PATH_MAX];
    struct buf text = BUF_INIT(FILE_LIMIT);
    int error = cache_beside(file, sizeof file, path, CACHE_ATTEMPT);
    if (error)
        return error;
    error = buf_printf(&text, "latchkey-attempt-1\nat %lld\nretry %lld\nmiss %lld\ngeneration %llu\noutcome %s\n",
                       (long long)a->at, (long long)a->retry_at, (long long)a->miss_at,
                       (unsigned long long)a->generation, a->outcome);
    if (!error)
        error = file_replace(file, buf_all(&text), 0644, (uid_t)-1, (gid_t)-1);
    buf_free(&text);
    return error;
}

void attempt_outcome(struct attempt *a, const char *text)
{
    snprintf(a->outcome, sizeof a->outcome, "%s", text);
    for (char *c = a->outcome; *c; c++)
        if ((unsigned char)*c < ' ' || *c == 127)
            *c = '?';
}

/* No fetch since the attempt: it failed, or its process is still at it, or died. */
static bool failed(const struct attempt *a, const struct cache_meta *meta, int64_t now)
{
    return meta->serial == 0 || meta->fetched_at < a->at || meta->fetched_at > now;
}

int64_t attempt_opens(const struct attempt *a, const struct cache_meta *meta, int64_t now, int64_t cooldown)
{
    int64_t opens = now;
    if (a->retry_at > opens)
        opens = a->retry_at;
    if (a->at && failed(a, meta, now) && a->at + cooldown > opens)
        opens = a->at + cooldown;
    return opens;
}

enum gate attempt_gate(const struct attempt *a, const struct cache_meta *meta, int64_t now, int64_t cooldown)
{
    return attempt_opens(a, meta, now, cooldown) > now ? GATE_CLOSED : GATE_OPEN;
}

enum gate attempt_miss_gate(const struct attempt *a, const struct cache_meta *meta, int64_t now, int64_t cooldown)
{
    if (attempt_gate(a, meta, now, cooldown) != GATE_OPEN)
        return GATE_CLOSED;
    bool looked = a->miss_at && a->generation == meta->generation && a->miss_at + cooldown > now;
    return looked ? GATE_LOOKED : GATE_OPEN;
}
