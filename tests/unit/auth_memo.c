#include "auth/memo.h"

#include "unit.h"

#define NOW INT64_C(1800000000)

static struct memo *memo;

/* A digest as good as any other. */
static void digest_of(uint32_t n, uint8_t out[SHA256_SIZE])
{
    ck_assert_int_eq(secret_sha256((struct span){(const char *)&n, sizeof n}, out), 0);
}

static void keep(uint32_t n)
{
    uint8_t digest[SHA256_SIZE];
    struct principal who = {.expires_at = NOW + 900, .issued_at = n};
    digest_of(n, digest);
    memo_keep(memo, digest, NOW, &who);
}

static bool finds(uint32_t n, int64_t now)
{
    uint8_t digest[SHA256_SIZE];
    struct principal who = {.issued_at = -1};
    digest_of(n, digest);
    bool found = memo_find(memo, digest, now, &who);
    ck_assert_int_eq(who.issued_at, found ? (int64_t)n : -1);
    return found;
}

START_TEST(what_was_kept_is_found_and_nothing_else)
{
    ck_assert_int_eq(memo_new(&memo), 0);
    ck_assert(!finds(1, NOW));
    keep(1);
    keep(2);
    ck_assert(finds(1, NOW));
    ck_assert(finds(2, NOW));
    ck_assert(!finds(3, NOW));
    memo_free(memo);
}
END_TEST

START_TEST(the_whole_digest_counts)
{
    uint8_t digest[SHA256_SIZE];
    struct principal who;
    ck_assert_int_eq(memo_new(&memo), 0);
    keep(1);
    for (size_t i = 0; i < SHA256_SIZE; i++) {
        digest_of(1, digest);
        digest[i] ^= 1;
        ck_assert(!memo_find(memo, digest, NOW, &who));
    }
    memset(digest, 0, sizeof digest); /* as in a place that is empty */
    ck_assert(!memo_find(memo, digest, 0, &who));
    memo_free(memo);
}
END_TEST

START_TEST(it_is_relied_on_from_its_verification_to_its_end)
{
    ck_assert_int_eq(memo_new(&memo), 0);
    keep(1);
    ck_assert(!finds(1, NOW - 1));
    ck_assert(finds(1, NOW));
    ck_assert(finds(1, NOW + 899));
    ck_assert(!finds(1, NOW + 900));
    memo_free(memo);
}
END_TEST

START_TEST(it_is_bounded_and_what_is_used_stays)
{
    size_t found = 0;
    ck_assert_int_eq(memo_new(&memo), 0);
    keep(0);
    for (uint32_t n = 1; n <= 20000; n++) {
        keep(n);
        ck_assert(finds(n, NOW));
        ck_assert(finds(0, NOW));
    }
    for (uint32_t n = 0; n <= 20000; n++)
        found += finds(n, NOW);
    ck_assert_uint_eq(found, MEMO_ENTRIES);
    memo_free(memo);
}
END_TEST

START_TEST(the_same_token_again_takes_no_other_place)
{
    ck_assert_int_eq(memo_new(&memo), 0);
    for (uint32_t n = 0; n < 100; n++)
        keep(n);
    for (int i = 0; i < 100; i++)
        keep(7);
    for (uint32_t n = 0; n < 100; n++)
        ck_assert(finds(n, NOW));
    memo_free(memo);
}
END_TEST

UNIT_MAIN("auth_memo", what_was_kept_is_found_and_nothing_else, the_whole_digest_counts,
          it_is_relied_on_from_its_verification_to_its_end, it_is_bounded_and_what_is_used_stays,
          the_same_token_again_takes_no_other_place)
