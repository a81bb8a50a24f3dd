#include "base/json.h"
#include "provider/show.h"
#include "provider_kit.h"

START_TEST(an_empty_cache_is_shown_as_none)
{
    struct kit k;
    json_t *shown = NULL;
    bool usable = true;
    kit_open(&k);
    ck_assert_int_eq(show_cache(&k.p, NOW, &shown, &usable), 0);
    ck_assert(!usable);
    ck_assert_str_eq(json_text(shown, "state"), "none");
    ck_assert_ptr_null(json_text(shown, "provider"));
    ck_assert_str_eq(json_text(shown, "fault"), "not there");
    ck_assert_str_eq(json_text(shown, "next_attempt"), "2027-01-15T08:00:00Z");
    ck_assert_ptr_null(json_text(shown, "last_attempt"));
    json_decref(shown);
    k.p.name = "b";
    ck_assert_int_eq(show_cache(&k.p, NOW, &shown, &usable), 0);
    ck_assert_str_eq(json_text(shown, "provider"), "b");
    json_decref(shown);
    kit_close(&k);
}
END_TEST

START_TEST(a_set_is_shown_with_its_times_and_keys)
{
    static const struct {
        int64_t after;
        const char *state;
        bool usable;
    } rows[] = {{0, "fresh", true}, {600, "stale", true}, {86400, "dead", false}};
    struct kit k;
    struct jwk *key = kit_key("ES256", "one");
    kit_open(&k);
    kit_set(&k, "cache", key, NULL,
            (struct cache_meta){.fetched_at = NOW, .fresh_for = 600, .serial = 3, .generation = 2});
    kit_attempt(&k, (struct attempt){.at = NOW, .outcome = "ok"});
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        json_t *shown = NULL;
        bool usable = false;
        ck_assert_int_eq(show_cache(&k.p, NOW + rows[i].after, &shown, &usable), 0);
        ck_assert_int_eq(usable, rows[i].usable);
        ck_assert_str_eq(json_text(shown, "state"), rows[i].state);
        ck_assert_str_eq(json_text(shown, "fetched"), "2027-01-15T08:00:00Z");
        ck_assert_str_eq(json_text(shown, "fresh_until"), "2027-01-15T08:10:00Z");
        ck_assert_str_eq(json_text(shown, "usable_until"), "2027-01-16T08:00:00Z");
        ck_assert_str_eq(json_text(shown, "outcome"), "ok");
        const json_t *first = json_array_get(json_object_get(shown, "keys"), 0);
        ck_assert_str_eq(json_text(first, "kid"), "one");
        ck_assert_str_eq(json_text(first, "alg"), "ES256");
        json_decref(shown);
    }
    jwk_free(key);
    kit_close(&k);
}
END_TEST

START_TEST(the_text_has_a_line_for_each_member)
{
    struct kit k;
    struct jwk *key = kit_key("EdDSA", "one");
    struct buf text = BUF_INIT(4096);
    json_t *shown = NULL;
    bool usable = false;
    kit_open(&k);
    kit_set(&k, "cache", key, NULL,
            (struct cache_meta){.fetched_at = NOW, .fresh_for = 600, .serial = 3, .generation = 2});
    ck_assert_int_eq(show_cache(&k.p, NOW, &shown, &usable), 0);
    ck_assert_int_eq(show_text(shown, &text), 0);
    ck_assert_ptr_nonnull(strstr(buf_cstr(&text), "state:        fresh\n"));
    ck_assert_ptr_nonnull(strstr(buf_cstr(&text), "generation:   2\n"));
    ck_assert_ptr_nonnull(strstr(buf_cstr(&text), "key:          kid=one alg=EdDSA kty=OKP crv=Ed25519\n"));
    ck_assert_ptr_nonnull(strstr(buf_cstr(&text), "next_attempt: 2027-01-15T08:10:00Z\n"));
    json_decref(shown);
    buf_free(&text);
    jwk_free(key);
    kit_close(&k);
}
END_TEST

UNIT_MAIN("provider_show", an_empty_cache_is_shown_as_none, a_set_is_shown_with_its_times_and_keys,
          the_text_has_a_line_for_each_member)
