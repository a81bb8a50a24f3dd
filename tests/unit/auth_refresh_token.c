#include "auth/refresh_token.h"

#include "base/error.h"
#include "unit.h"

static const char good[] = "lkrt_AAECAwQFBgcICQoLDA0ODw.EBESExQVFhcYGRobHB0eHyAhIiMkJSYnKCkqKywtLi8";

START_TEST(lookup_and_secret_are_read_and_written_back)
{
    struct refresh_token token;
    char text[REFRESH_TOKEN_SIZE];
    ck_assert_int_eq(refresh_token_parse(span_of(good), &token), 0);
    for (unsigned i = 0; i < REFRESH_LOOKUP_SIZE; i++)
        ck_assert_uint_eq(token.lookup[i], i);
    for (unsigned i = 0; i < REFRESH_SECRET_SIZE; i++)
        ck_assert_uint_eq(token.secret[i], REFRESH_LOOKUP_SIZE + i);
    refresh_token_write(&token, text);
    ck_assert_str_eq(text, good);
}
END_TEST

START_TEST(any_other_form_is_refused)
{
    static const char *const bad[] = {
        "",
        "lkrt_",
        "lkrt_AAECAwQFBgcICQoLDA0ODw.",
        "LKRT_AAECAwQFBgcICQoLDA0ODw.EBESExQVFhcYGRobHB0eHyAhIiMkJSYnKCkqKywtLi8",
        "lkrt-AAECAwQFBgcICQoLDA0ODw.EBESExQVFhcYGRobHB0eHyAhIiMkJSYnKCkqKywtLi8",
        "lkrt_AAECAwQFBgcICQoLDA0ODw_EBESExQVFhcYGRobHB0eHyAhIiMkJSYnKCkqKywtLi8",
        "lkrt_AAECAwQFBgcICQoLDA0ODw.EBESExQVFhcYGRobHB0eHyAhIiMkJSYnKCkqKywtLi",
        "lkrt_AAECAwQFBgcICQoLDA0ODw.EBESExQVFhcYGRobHB0eHyAhIiMkJSYnKCkqKywtLi8=",
        "lkrt_AAECAwQFBgcICQoLDA0ODw.EBESExQVFhcYGRobHB0eHyAhIiMkJSYnKCkqKywtLi8A",
        " lkrt_AAECAwQFBgcICQoLDA0ODw.EBESExQVFhcYGRobHB0eHyAhIiMkJSYnKCkqKywtLi",
        "lkrt_AAECAwQFBgcICQoLDA0OD+.EBESExQVFhcYGRobHB0eHyAhIiMkJSYnKCkqKywtLi8",
        "lkrt_AAECAwQFBgcICQoLDA0ODw.EBESExQVFhcYGRobHB0eHyAhIiMkJSYnKCkqKywtL/8",
        "lkrt_AAECAwQFBgcICQoLDA0ODx.EBESExQVFhcYGRobHB0eHyAhIiMkJSYnKCkqKywtLi8", /* unused bits set */
        "lkrt_AAECAwQFBgcICQoLDA0ODw.EBESExQVFhcYGRobHB0eHyAhIiMkJSYnKCkqKywtLi9",
    };
    struct refresh_token token;
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        ck_assert_msg(refresh_token_parse(span_of(bad[i]), &token) == LK_SYNTAX, "%s", bad[i]);
    ck_assert_int_eq(refresh_token_parse((struct span){NULL, 0}, &token), LK_SYNTAX);
    ck_assert_int_eq(refresh_token_parse(span_of(good), &token), 0);
}
END_TEST

START_TEST(a_successor_keeps_the_lookup_and_changes_the_secret)
{
    struct refresh_token first, next, other;
    ck_assert_int_eq(refresh_token_make(NULL, &first), 0);
    ck_assert_int_eq(refresh_token_make(&first, &next), 0);
    ck_assert_int_eq(refresh_token_make(NULL, &other), 0);
    ck_assert_mem_eq(first.lookup, next.lookup, REFRESH_LOOKUP_SIZE);
    ck_assert_mem_ne(first.secret, next.secret, REFRESH_SECRET_SIZE);
    ck_assert_mem_ne(first.lookup, other.lookup, REFRESH_LOOKUP_SIZE);
    ck_assert_mem_ne(first.secret, other.secret, REFRESH_SECRET_SIZE);
}
END_TEST

UNIT_MAIN("auth_refresh_token", lookup_and_secret_are_read_and_written_back, any_other_form_is_refused,
          a_successor_keeps_the_lookup_and_changes_the_secret)
