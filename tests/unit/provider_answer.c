#include "provider/answer.h"
#include "provider_kit.h"

START_TEST(max_age_is_held_between_a_minute_and_a_day)
{
    static const struct {
        const char *field;
        int64_t seconds;
    } rows[] = {{"", 600},
                {"public", 600},
                {"max-age=300", 300},
                {"public, max-age=300, must-revalidate", 300},
                {"Max-Age=300", 300},
                {"max-age=0", 60},
                {"max-age=59", 60},
                {"max-age=60", 60},
                {"max-age=86400", 86400},
                {"max-age=86401", 86400},
                {"max-age=99999999999999999999999", 86400},
                {"max-age=", 600},
                {"max-age=-1", 600},
                {"max-age=1h", 600},
                {"s-maxage=300", 600},
                {"x-max-age=300", 600}};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        ck_assert_int_eq(answer_fresh(rows[i].field, 600), rows[i].seconds);
}
END_TEST

START_TEST(retry_after_is_a_bounded_count)
{
    static const struct {
        const char *field;
        int64_t seconds;
    } rows[] = {{"10", 10}, {" 10 ", 10}, {"3600", 3600}, {"3601", 3600}, {"99999999999999999999999", 3600},
                {"", 0},    {"-1", 0},    {"1.5", 0},     {"soon", 0}};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        ck_assert_int_eq(answer_retry(span_of(rows[i].field)), rows[i].seconds);
}
END_TEST

START_TEST(only_an_entity_tag_is_kept)
{
    static const struct {
        const char *field;
        bool kept;
    } rows[] = {{"\"abc\"", true},   {"W/\"abc\"", true},  {"\"\"", true},     {"abc", false},      {"\"abc", false},
                {"\"", false},       {"", false},          {"W/", false},      {"\"a\"b\"", false}, {"\"a b\"", false},
                {"\"a\nb\"", false}, {"w/\"abc\"", false}, {"\"\x7f\"", false}};
    struct answer answer;
    char large[CACHE_ETAG_MAX + 1];
    answer_init(&answer);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        answer_set_etag(&answer, span_of(rows[i].field));
        ck_assert_str_eq(answer.etag, rows[i].kept ? rows[i].field : "");
    }
    memset(large, 'x', sizeof large);
    large[0] = large[CACHE_ETAG_MAX - 1] = '"';
    answer_set_etag(&answer, (struct span){large, CACHE_ETAG_MAX});
    ck_assert_str_eq(answer.etag, "");
    large[CACHE_ETAG_MAX - 2] = '"';
    answer_set_etag(&answer, (struct span){large, CACHE_ETAG_MAX - 1});
    ck_assert_uint_eq(strlen(answer.etag), CACHE_ETAG_MAX - 1);
    answer_free(&answer);
}
END_TEST

/* RFC 8037 A.2, and the public key of RFC 7517 A.1. */
#define ED "{\"kty\":\"OKP\",\"crv\":\"Ed25519\",\"x\":\"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo\",\"kid\":\"ed\"}"
#define EC                                                                                                             \
    "{\"x\":\"MKBCTNIcKUSDii11ySs3526iDZ8AiTo7Tu6KPAqv7D4\",\"y\":\"4Etl6SRW2YiLUrN5vfvVHuhp7x8PxltmWWlbbM4IFyM\","    \
    "\"crv\":\"P-256\",\"kty\":\"EC\",\"kid\":\"ec\",\"extra\":{\"deep\":[1]}}"
#define EC_SLIM                                                                                                        \
    "{\"kty\":\"EC\",\"crv\":\"P-256\",\"x\":\"MKBCTNIcKUSDii11ySs3526iDZ8AiTo7Tu6KPAqv7D4\","                         \
    "\"y\":\"4Etl6SRW2YiLUrN5vfvVHuhp7x8PxltmWWlbbM4IFyM\",\"kid\":\"ec\"}"
#define PRIVATE                                                                                                        \
    "{\"kty\":\"OKP\",\"crv\":\"Ed25519\",\"x\":\"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo\",\"kid\":\"p\","        \
    "\"d\":\"nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A\"}"

static int keys_of(const char *text, struct buf *out)
{
    size_t usable = 0;
    buf_reset(out);
    return answer_keys(span_of(text), NULL, NULL, out, &usable);
}

START_TEST(equal_sets_have_equal_bytes)
{
    struct buf one = BUF_INIT(65536), two = BUF_INIT(65536);
    ck_assert_int_eq(keys_of("{\"keys\":[" ED "," EC "]}", &one), 0);
    ck_assert_int_eq(keys_of("{ \"more\": 1, \"keys\" : [ " EC " , " ED "]}\n", &two), 0);
    ck_assert_str_eq(buf_cstr(&one), buf_cstr(&two));
    ck_assert_str_eq(buf_cstr(&one), "{\"keys\":[" EC_SLIM ","
                                     "{\"kty\":\"OKP\",\"crv\":\"Ed25519\",\"x\":\"11qYAYKxCrfVS_"
                                     "7TyWQHOg7hcvPapiMlrwIaaPcHURo\",\"kid\":\"ed\"}]}");
    buf_free(&one);
    buf_free(&two);
}
END_TEST

static void count(void *context, size_t index, const char *kid, int reason)
{
    size_t *n = context;
    ck_assert_uint_eq(index, 0);
    ck_assert_str_eq(kid, "p");
    ck_assert_int_eq(reason, LK_JWK_PRIVATE);
    (*n)++;
}

START_TEST(a_bad_key_is_skipped_and_its_secret_not_kept)
{
    struct buf out = BUF_INIT(65536);
    const char text[] = "{\"keys\":[" PRIVATE "," EC "]}";
    size_t usable = 0, skipped = 0;
    ck_assert_int_eq(answer_keys(span_of(text), count, &skipped, &out, &usable), 0);
    ck_assert_uint_eq(usable, 1);
    ck_assert_uint_eq(skipped, 1);
    ck_assert_str_eq(buf_cstr(&out), "{\"keys\":[" EC_SLIM "]}");
    buf_free(&out);
}
END_TEST

START_TEST(what_is_no_usable_set_is_refused)
{
    static const struct {
        const char *text;
        int error;
    } rows[] = {{"", LK_SYNTAX},
                {"<!doctype html><html></html>", LK_SYNTAX},
                {"[]", LK_SYNTAX},
                {"{}", LK_SYNTAX},
                {"{\"keys\":{}}", LK_SYNTAX},
                {"{\"keys\":[" ED, LK_SYNTAX},
                {"{\"keys\":[" ED "]}}", LK_SYNTAX},
                {"{\"keys\":[],\"keys\":[" ED "]}", LK_SYNTAX},
                {"{\"keys\":[]}", LK_NOT_FOUND},
                {"{\"keys\":[1,\"x\",null,[]]}", LK_NOT_FOUND},
                {"{\"keys\":[" PRIVATE "]}", LK_NOT_FOUND},
                {"{\"keys\":[" ED "]}", 0}};
    struct buf out = BUF_INIT(65536);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        ck_assert_int_eq(keys_of(rows[i].text, &out), rows[i].error);
        ck_assert_int_eq(out.n == 0, rows[i].error != 0);
    }
    buf_free(&out);
}
END_TEST

START_TEST(too_many_keys_are_refused)
{
    struct buf text = BUF_INIT(262144), out = BUF_INIT(JWKS_MAX_BYTES);
    buf_str(&text, "{\"keys\":[" ED);
    for (int i = 0; i < JWKS_MAX_KEYS; i++)
        buf_str(&text, ",1");
    buf_str(&text, "]}");
    ck_assert_int_eq(keys_of(buf_cstr(&text), &out), LK_TOO_LARGE);
    buf_free(&text);
    buf_free(&out);
}
END_TEST

UNIT_MAIN("provider_answer", max_age_is_held_between_a_minute_and_a_day, retry_after_is_a_bounded_count,
          only_an_entity_tag_is_kept, equal_sets_have_equal_bytes, a_bad_key_is_skipped_and_its_secret_not_kept,
          what_is_no_usable_set_is_refused, too_many_keys_are_refused)
