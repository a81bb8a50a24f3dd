#include "jose/jwa.h"
#include "unit.h"

START_TEST(names_are_exact)
{
    static const char *const unknown[] = {"",      "es256",   "ES256 ", " ES256", "ES384",  "ES256K", "HS256",
                                          "HS512", "none",    "None",   "NONE",   "nOnE",   "RS1",    "RS512",
                                          "eddsa", "Ed25519", "ES521",  "RSA1_5", "A128KW", "dir"};
    for (size_t i = 0; i < jwa_count; i++)
        ck_assert_ptr_eq(jwa_find(span_of(jwa_table[i].name)), &jwa_table[i]);
    for (size_t i = 0; i < sizeof unknown / sizeof unknown[0]; i++)
        ck_assert_msg(!jwa_find(span_of(unknown[i])), "%s", unknown[i]);
    ck_assert_ptr_null(jwa_find((struct span){"ES256\0", 6}));
}
END_TEST

START_TEST(each_algorithm_has_its_own_bit)
{
    jwa_set all = 0;
    for (size_t i = 0; i < jwa_count; i++) {
        ck_assert_uint_eq(all & jwa_table[i].bit, 0);
        ck_assert_uint_ne(jwa_table[i].bit, 0);
        all |= jwa_table[i].bit;
    }
}
END_TEST

START_TEST(a_list_gives_the_set_of_its_known_names)
{
    ck_assert_uint_eq(jwa_set_of(""), 0);
    ck_assert_uint_eq(jwa_set_of(NULL), 0);
    ck_assert_uint_eq(jwa_set_of("none HS256"), 0);
    jwa_set two = jwa_find(span_of("ES256"))->bit | jwa_find(span_of("EdDSA"))->bit;
    ck_assert_uint_eq(jwa_set_of("ES256 EdDSA"), two);
    ck_assert_uint_eq(jwa_set_of(" EdDSA  HS256 ES256 "), two);
}
END_TEST

UNIT_MAIN("jose_jwa", names_are_exact, each_algorithm_has_its_own_bit, a_list_gives_the_set_of_its_known_names)
