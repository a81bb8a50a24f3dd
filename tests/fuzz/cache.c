/* The cache file and its companions: the input as it is; as the content under a right digest; as PATH.attempt; as
 * PATH.absent. What is read from a cache file is what cache_write would write there, byte for byte. */
#include "provider/cache.h"
#include "base/b64.h"
#include "base/error.h"
#include "base/file.h"
#include "base/parse.h"
#include "jose/jwks.h"
#include "provider/absent.h"
#include "provider/attempt.h"
#include "scratch.h"

#define URL       "https://auth.example/api/auth/jwks"
#define OTHER_URL "https://auth.example/api/auth/jwks2"
#define NOW       1700000000

static void same_file(const char *path, struct span wanted)
{
    struct buf now = BUF_INIT((size_t)2 * JWKS_MAX_BYTES);
    HOLDS(file_read(path, FILE_ANY, &now, NULL) == 0);
    HOLDS(same(buf_all(&now), wanted));
    buf_free(&now);
}

static bool read_of(const char *path, const char *url, struct span text)
{
    struct cache_meta meta;
    struct buf body = BUF_INIT(JWKS_MAX_BYTES);
    int error = cache_read(path, url, &meta, &body);
    if (error) {
        HOLDS(body.n == 0);
    } else {
        HOLDS(meta.serial != 0);
        HOLDS(cache_age(&meta, NOW, 0) != CACHE_STALE);
        HOLDS(cache_write(path, url, &meta, buf_all(&body)) == 0);
        same_file(path, text);
    }
    buf_free(&body);
    return !error;
}

static void read_cache(const char *path, struct span text)
{
    scratch_write(path, text);
    bool ours = read_of(path, URL, text);
    bool other = read_of(path, OTHER_URL, text);
    HOLDS(!ours || !other);
}

/* The line that only a writer with the digest can write. */
static void read_sealed(const char *path, struct span text)
{
    uint8_t digest[SHA256_SIZE];
    struct buf file = BUF_INIT((size_t)2 * JWKS_MAX_BYTES);
    HOLDS(secret_sha256(text, digest) == 0);
    buf_str(&file, "latchkey-jwks-2 ");
    b64_add(&file, digest, sizeof digest);
    buf_str(&file, "\n");
    HOLDS(buf_span(&file, text) == 0);
    read_cache(path, buf_all(&file));
    buf_free(&file);
}

static void read_attempt(const char *path, const char *beside, struct span text)
{
    struct attempt a, again;
    struct cache_meta meta = {.serial = 1, .generation = 1, .fetched_at = NOW - 5, .fresh_for = 1};
    scratch_write(beside, text);
    attempt_read(path, NOW, &a);
    HOLDS(a.at >= 0 && a.at <= NOW && a.miss_at >= 0 && a.miss_at <= NOW);
    HOLDS(a.retry_at >= 0 && a.retry_at <= NOW + ATTEMPT_RETRY_MAX);
    HOLDS(!parse_has_control(span_of(a.outcome)));
    HOLDS(attempt_opens(&a, &meta, NOW, 30) <= NOW + ATTEMPT_RETRY_MAX);
    HOLDS((attempt_gate(&a, &meta, NOW, 30) == GATE_OPEN) == (attempt_opens(&a, &meta, NOW, 30) == NOW));
    if (!a.at)
        return;
    HOLDS(attempt_write(path, &a) == 0);
    attempt_read(path, NOW, &again);
    HOLDS(a.at == again.at && a.retry_at == again.retry_at && a.miss_at == again.miss_at);
    HOLDS(a.generation == again.generation && strcmp(a.outcome, again.outcome) == 0);
}

static void read_absent(const char *path, const char *beside, struct span text)
{
    scratch_write(beside, text);
    absent_has(path, 7, "kid");
    HOLDS(absent_add(path, 7, "new") == 0);
    HOLDS(absent_has(path, 7, "new"));
    HOLDS(!absent_has(path, 8, "new"));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char path[PATH_MAX + 16], attempt[PATH_MAX + 16], absent[PATH_MAX + 16];
    struct span text = input_of(data, size);
    openssl_begin();
    scratch_begin();
    snprintf(path, sizeof path, "%s/cache", scratch_dir);
    snprintf(attempt, sizeof attempt, "%s/cache.attempt", scratch_dir);
    snprintf(absent, sizeof absent, "%s/cache.absent", scratch_dir);
    read_cache(path, text);
    read_sealed(path, text);
    read_attempt(path, attempt, text);
    read_absent(path, absent, text);
    openssl_end();
    return 0;
}
