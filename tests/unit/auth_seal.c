#include "auth/seal.h"

#include <openssl/err.h>

#include "base/error.h"
#include "base/parse.h"
#include "unit.h"

#define S(text) ((struct span){text, sizeof(text) - 1})

static uint8_t sealed[64 + SEAL_OVERHEAD], opened[64];

static struct span sealed_span(size_t plain)
{
    return (struct span){(const char *)sealed, plain + SEAL_OVERHEAD};
}

START_TEST(the_same_secret_and_context_open_it)
{
    ck_assert_int_eq(seal(S("presented"), S("family"), S("successor"), sealed), 0);
    ck_assert_int_eq(unseal(S("presented"), S("family"), sealed_span(9), opened), 0);
    ck_assert_mem_eq(opened, "successor", 9);
}
END_TEST

START_TEST(another_secret_does_not_open_it)
{
    ck_assert_int_eq(seal(S("presented"), S("family"), S("successor"), sealed), 0);
    ck_assert_int_eq(unseal(S("presentee"), S("family"), sealed_span(9), opened), LK_SYNTAX);
    ck_assert_int_eq(unseal(S(""), S("family"), sealed_span(9), opened), LK_SYNTAX);
}
END_TEST

START_TEST(another_context_does_not_open_it)
{
    ck_assert_int_eq(seal(S("presented"), S("family"), S("successor"), sealed), 0);
    ck_assert_int_eq(unseal(S("presented"), S("familz"), sealed_span(9), opened), LK_SYNTAX);
    ck_assert_int_eq(unseal(S("presented"), S(""), sealed_span(9), opened), LK_SYNTAX);
}
END_TEST

START_TEST(no_bit_can_be_changed_and_nothing_comes_out)
{
    memset(opened, 0x55, sizeof opened);
    for (size_t bit = 0; bit < (9 + SEAL_OVERHEAD) * 8; bit++) {
        ck_assert_int_eq(seal(S("presented"), S("family"), S("successor"), sealed), 0);
        sealed[bit / 8] ^= (uint8_t)(1U << bit % 8);
        ck_assert_int_eq(unseal(S("presented"), S("family"), sealed_span(9), opened), LK_SYNTAX);
    }
    for (size_t i = 0; i < sizeof opened; i++)
        ck_assert_uint_eq(opened[i], 0x55);
}
END_TEST

START_TEST(every_length_but_the_right_one_is_refused)
{
    ck_assert_int_eq(seal(S("presented"), S("family"), S("successor"), sealed), 0);
    for (size_t n = 0; n < 9 + SEAL_OVERHEAD; n++)
        ck_assert_int_eq(unseal(S("presented"), S("family"), (struct span){(const char *)sealed, n}, opened),
                         LK_SYNTAX);
    ck_assert_int_eq(unseal(S("presented"), S("family"), sealed_span(9), opened), 0);
}
END_TEST

START_TEST(an_empty_text_can_be_sealed)
{
    ck_assert_int_eq(seal(S("presented"), S("family"), S(""), sealed), 0);
    ck_assert_int_eq(unseal(S("presented"), S("family"), sealed_span(0), opened), 0);
}
END_TEST

START_TEST(the_same_text_never_looks_the_same_twice)
{
    uint8_t again[9 + SEAL_OVERHEAD];
    ck_assert_int_eq(seal(S("presented"), S("family"), S("successor"), sealed), 0);
    ck_assert_int_eq(seal(S("presented"), S("family"), S("successor"), again), 0);
    ck_assert_mem_ne(sealed, again, 12);
    ck_assert_mem_ne(sealed + 12, again + 12, 9);
}
END_TEST

/* Made with another implementation: HKDF-SHA256 (salt empty) and AES-256-GCM of Python's cryptography package. A change
 * of key derivation or layout would lock out every session in a database. */
START_TEST(what_an_earlier_version_sealed_opens_still)
{
    static const char text[] = "000102030405060708090a0b12ed6e2237f13af8b2ac0a7587f55a7339def17e6a4eea420f";
    size_t n = 0;
    ck_assert_int_eq(parse_hex(S(text), sealed, sizeof sealed, &n), 0);
    ck_assert_int_eq(unseal(S("presented"), S("family"), (struct span){(const char *)sealed, n}, opened), 0);
    ck_assert_mem_eq(opened, "successor", 9);
}
END_TEST

START_TEST(the_error_queue_stays_empty)
{
    ck_assert_int_eq(seal(S("presented"), S("family"), S("successor"), sealed), 0);
    ck_assert_int_eq(unseal(S("other"), S("family"), sealed_span(9), opened), LK_SYNTAX);
    ck_assert_uint_eq(ERR_peek_error(), 0);
}
END_TEST

UNIT_MAIN("auth_seal", the_same_secret_and_context_open_it, another_secret_does_not_open_it,
          another_context_does_not_open_it, no_bit_can_be_changed_and_nothing_comes_out,
          every_length_but_the_right_one_is_refused, an_empty_text_can_be_sealed,
          the_same_text_never_looks_the_same_twice, what_an_earlier_version_sealed_opens_still,
          the_error_queue_stays_empty)
