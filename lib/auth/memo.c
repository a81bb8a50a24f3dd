#include "auth/memo.h"

#include "base/error.h"

#define NEIGHBOURS 4 /* that share a place; which one it is, the hash decides */
#define PLACES     (MEMO_ENTRIES / NEIGHBOURS)

struct entry {
    uint8_t digest[SHA256_SIZE];
    uint64_t used; /* when, counted in uses; 0: empty */
    int64_t verified_at;
    struct principal who;
};

struct memo {
    uint64_t uses;
    struct entry entry[PLACES][NEIGHBOURS];
};

int memo_new(struct memo **out)
{
    *out = calloc(1, sizeof **out);
    return *out ? 0 : LK_NOMEM;
}

void memo_free(struct memo *memo)
{
    free(memo);
}

static struct entry *neighbours(struct memo *memo, const uint8_t digest[SHA256_SIZE])
{
    return memo->entry[(digest[0] | (unsigned)digest[1] << 8) % PLACES];
}

bool memo_find(struct memo *memo, const uint8_t digest[SHA256_SIZE], int64_t now, struct principal *out)
{
    struct entry *entry = neighbours(memo, digest);
    for (size_t i = 0; i < NEIGHBOURS; i++, entry++) {
        if (!entry->used || memcmp(entry->digest, digest, SHA256_SIZE) != 0)
            continue;
        if (now < entry->verified_at || now >= entry->who.expires_at)
            return false;
        entry->used = ++memo->uses;
        *out = entry->who;
        return true;
    }
    return false;
}

void memo_keep(struct memo *memo, const uint8_t digest[SHA256_SIZE], int64_t now, const struct principal *who)
{
    struct entry *entry = neighbours(memo, digest), *chosen = entry;
    for (size_t i = 0; i < NEIGHBOURS; i++, entry++) {
        if (entry->used && memcmp(entry->digest, digest, SHA256_SIZE) == 0) {
            chosen = entry;
            break;
        }
        if (entry->used < chosen->used)
            chosen = entry;
    }
    *chosen = (struct entry){.used = ++memo->uses, .verified_at = now, .who = *who};
    memcpy(chosen->digest, digest, SHA256_SIZE);
}
