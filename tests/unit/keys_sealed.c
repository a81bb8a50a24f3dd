#include "unit.h"

#include "base/error.h"
#include "keys/sealed.h"

static struct span words(const char *text)
{
    return span_of(text);
}

static int opened(const struct buf *text, const char *passphrase, const char *expected)
{
    struct buf plain = BUF_INIT(4096);
    int error = sealed_read(buf_all(text), words(passphrase), &plain);
    ck_assert_str_eq(buf_cstr(&plain), error ? "" : expected);
    buf_free(&plain);
    return error;
}

START_TEST(what_was_sealed_is_read_with_its_passphrase_alone)
{
    struct buf text = BUF_INIT(8192), again = BUF_INIT(8192);
    ck_assert_int_eq(sealed_write(words("the keys"), words("pass"), &text), 0);
    ck_assert_int_eq(sealed_write(words("the keys"), words("pass"), &again), 0);
    ck_assert_str_ne(buf_cstr(&text), buf_cstr(&again)); /* salt and iv are new */
    ck_assert_ptr_null(strstr(buf_cstr(&text), "the keys"));
    ck_assert_int_eq(opened(&text, "pass", "the keys"), 0);
    ck_assert_int_eq(opened(&text, "Pass", ""), LK_FORBIDDEN);
    ck_assert_int_eq(opened(&text, "", ""), LK_FORBIDDEN);
    buf_free(&text);
    buf_free(&again);
}
END_TEST

/* One piece of the text replaced. */
static int with(const struct buf *text, const char *from, const char *to)
{
    struct buf changed = BUF_INIT(8192);
    const char *at = strstr(buf_cstr(text), from);
    ck_assert_msg(at != NULL, "%s", from);
    buf_add(&changed, text->p, (size_t)(at - text->p));
    buf_str(&changed, to);
    buf_str(&changed, at + strlen(from));
    int error = opened(&changed, "pass", "the keys");
    buf_free(&changed);
    return error;
}

START_TEST(changed_text_is_refused)
{
    struct buf text = BUF_INIT(8192);
    ck_assert_int_eq(sealed_write(words("the keys"), words("pass"), &text), 0);
    ck_assert_int_eq(with(&text, "latchkey-sealed", "latchkey-sealed"), 0);
    ck_assert_int_eq(with(&text, "latchkey-sealed", "latchkey-backup"), LK_SYNTAX);
    ck_assert_int_eq(with(&text, "\"version\":1", "\"version\":2"), LK_SYNTAX);
    ck_assert_int_eq(with(&text, "\"n\":65536", "\"n\":65537"), LK_SYNTAX);
    ck_assert_int_eq(with(&text, "\"n\":65536", "\"n\":1048576"), LK_SYNTAX); /* more memory than we give */
    ck_assert_int_eq(with(&text, "\"p\":1", "\"p\":5"), LK_SYNTAX);
    ck_assert_int_eq(with(&text, "\"r\":8", "\"r\":0"), LK_SYNTAX);
    ck_assert_int_eq(with(&text, "\"n\":65536", "\"n\":32768"), LK_FORBIDDEN);
    ck_assert_int_eq(with(&text, "A256GCM", "A128GCM"), LK_SYNTAX);
    char *data = strstr(text.p, "\"data\":\"");
    data[8] = data[8] == 'A' ? 'B' : 'A';
    ck_assert_int_eq(opened(&text, "pass", ""), LK_FORBIDDEN);
    buf_free(&text);
}
END_TEST

UNIT_MAIN("keys_sealed", what_was_sealed_is_read_with_its_passphrase_alone, changed_text_is_refused)
