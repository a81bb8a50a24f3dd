#include "unit.h"

#include "base/error.h"
#include "base/json.h"
#include "keys/state.h"

static struct key_history h, back;
static struct jwk *pub[KEYS_MAX], *back_pub[KEYS_MAX];

static void forget(struct jwk **keys)
{
    for (size_t i = 0; i < KEYS_MAX; i++) {
        jwk_free(keys[i]);
        keys[i] = NULL;
    }
}

static void add(const char *alg)
{
    json_t *public = NULL;
    struct jwk *key = NULL;
    ck_assert_int_eq(jwk_generate(jwa_find(span_of(alg)), &key), 0);
    ck_assert_int_eq(jwk_to_public(key, &public), 0);
    ck_assert_int_eq(jwk_parse_public(public, &pub[h.n]), 0);
    ck_assert_int_eq(history_add(&h, jwk_kid(key), jwk_alg(key), 1000), 0);
    json_decref(public);
    jwk_free(key);
}

/* A tombstone, an active ES256 key and an EdDSA standby. */
static void sample(struct buf *text)
{
    static const struct key_policy policy = {.rotation = 9, .lag = 8, .token = 7};
    memset(&h, 0, sizeof h);
    forget(pub);
    history_raise(&h, &policy);
    add("ES256");
    history_discard(&h.entry[0], 1001);
    add("ES256");
    history_promote(&h, &h.entry[1], 1002);
    add("EdDSA");
    h.entry[2].not_before = 5555;
    *text = BUF_INIT(STATE_MAX);
    ck_assert_int_eq(state_render(&h, pub, text), 0);
}

static int parse(struct span text, const char *expected)
{
    struct buf fault = BUF_INIT(256);
    forget(back_pub);
    int error = state_parse(text, &back, back_pub, &fault);
    ck_assert_str_eq(buf_cstr(&fault), expected);
    buf_free(&fault);
    return error;
}

START_TEST(state_is_read_back_byte_for_byte)
{
    struct buf text, again = BUF_INIT(STATE_MAX);
    sample(&text);
    ck_assert_int_eq(parse(buf_all(&text), ""), 0);
    ck_assert_int_eq(state_render(&back, back_pub, &again), 0);
    ck_assert_str_eq(buf_cstr(&text), buf_cstr(&again));
    ck_assert_uint_eq(back.n, 3);
    ck_assert_int_eq(back.entry[0].state, KEY_REMOVED);
    ck_assert_int_eq(back.entry[0].ended, 1001);
    ck_assert_ptr_null(back_pub[0]);
    ck_assert_int_eq(back.entry[1].activated, 1002);
    ck_assert_str_eq(back.entry[2].alg->name, "EdDSA");
    ck_assert_int_eq(back.entry[2].not_before, 5555);
    ck_assert_int_eq(back.marks.lag, 8);
    buf_free(&text);
    buf_free(&again);
}
END_TEST

START_TEST(state_never_has_private_members)
{
    struct buf text;
    sample(&text);
    ck_assert_ptr_null(strstr(buf_cstr(&text), "\"d\":"));
    ck_assert_ptr_nonnull(strstr(buf_cstr(&text), "\"x\":"));
    buf_free(&text);
}
END_TEST

START_TEST(jwks_has_the_live_keys_and_for_a_moment_the_dropped_ones)
{
    struct buf text, set = BUF_INIT(JWK_KID_MAX * 64), with = BUF_INIT(JWK_KID_MAX * 64);
    json_t *kept = NULL, *all = NULL;
    sample(&text);
    history_discard(&h.entry[2], 1003);
    ck_assert_int_eq(state_render_jwks(&h, pub, false, &set), 0);
    ck_assert_int_eq(state_render_jwks(&h, pub, true, &with), 0);
    ck_assert_int_eq(json_read_object(buf_all(&set), 9999, 4, &kept), 0);
    ck_assert_int_eq(json_read_object(buf_all(&with), 9999, 4, &all), 0);
    ck_assert_uint_eq(json_array_size(json_object_get(kept, "keys")), 1);
    ck_assert_uint_eq(json_array_size(json_object_get(all, "keys")), 3);
    json_decref(kept);
    json_decref(all);
    buf_free(&text);
    buf_free(&set);
    buf_free(&with);
}
END_TEST

/* The sample with one piece of text replaced. */
static int parse_with(const char *from, const char *to, const char *expected)
{
    struct buf text, changed = BUF_INIT(STATE_MAX);
    sample(&text);
    const char *at = strstr(buf_cstr(&text), from);
    ck_assert_msg(at != NULL, "%s", from);
    buf_add(&changed, text.p, (size_t)(at - text.p));
    buf_str(&changed, to);
    buf_str(&changed, at + strlen(from));
    int error = parse(buf_all(&changed), expected);
    buf_free(&text);
    buf_free(&changed);
    return error;
}

START_TEST(broken_state_is_refused_and_located)
{
    static const struct {
        const char *from, *to, *fault;
    } rows[] = {
        {"{\"version\":2", "", "not a JSON object"},
        {"\"version\":2", "\"version\":3", "its version is not one that this keytool knows"},
        {"\"version\":2", "\"version\":\"2\"", "its version is not one that this keytool knows"},
        {"\"version\":2", "\"version\":2,\"extra\":1", "its members are not those of version 2"},
        {"\"lag\":8,", "", "its members are not those of version 2"},
        {"\"lag\":8", "\"lagg\":8", "its members are not those of version 2"},
        {"\"lag\":8", "\"lag\":-8", "its members are not those of version 2"},
        {"\"lag\":8", "\"lag\":8,\"lagg\":8", "its members are not those of version 2"},
        {"\"keys\":[", "\"keys\":{\"a\":[", "not a JSON object"},
        {"\"state\":\"removed\"", "\"state\":\"buried\"", "entry 0 of \"keys\" is not usable"},
        {"\"state\":\"removed\"", "\"state\":\"active\"", "entry 0 of \"keys\" is not usable"},
        {"\"ended\":1001", "\"ended\":\"1001\"", "entry 0 of \"keys\" is not usable"},
        {",\"ended\":1001", "", "entry 0 of \"keys\" is not usable"},
        {"\"ended\":1001", "\"ended\":1001,\"more\":1", "entry 0 of \"keys\" is not usable"},
        {"\"alg\":\"ES256\"", "\"alg\":\"HS256\"", "entry 0 of \"keys\" is not usable"},
        {"{\"kid\":\"", "{\"kid\":\"x", "entry 0 of \"keys\" is not usable"},
        {"\"state\":\"published\"", "\"state\":\"active\",\"activated\":9", "entry 2 of \"keys\" is not usable"},
        {"\"state\":\"active\"", "\"state\":\"removed\",\"ended\":9", "entry 1 of \"keys\" is not usable"},
        {"\"ES256\",\"state\":\"active\"", "\"EdDSA\",\"state\":\"active\"", "entry 1 of \"keys\" is not usable"},
        {"\"use\":\"sig\"", "\"use\":\"enc\"", "entry 1 of \"keys\" is not usable"},
        {"\"x\":\"", "\"d\":\"AA\",\"x\":\"", "entry 1 of \"keys\" is not usable"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        ck_assert_int_eq(parse_with(rows[i].from, rows[i].to, rows[i].fault), LK_SYNTAX);
    ck_assert_int_eq(parse_with("\"lag\":8", "\"lag\":88", ""), 0);
    ck_assert_int_eq(parse_with("\"state\":\"removed\"", "\"state\":\"revoked\"", ""), 0);
}
END_TEST

/* Another ES256 key under the kid `named` takes the place of entry 1's. */
static int parse_with_key(const char *named, const char *expected)
{
    struct buf text;
    json_t *public = NULL;
    struct jwk *other = NULL;
    sample(&text);
    if (!named)
        ck_assert_int_eq(jwk_generate(jwa_find(span_of("ES256")), &other), 0);
    else
        ck_assert_int_eq(jwk_to_public(pub[1], &public) || jwk_parse_public(public, &other), 0);
    ck_assert_int_eq(jwk_set_kid(other, named ? named : h.entry[1].kid), 0);
    jwk_free(pub[1]);
    pub[1] = other;
    buf_reset(&text);
    ck_assert_int_eq(state_render(&h, pub, &text), 0);
    int error = parse(buf_all(&text), expected);
    json_decref(public);
    buf_free(&text);
    return error;
}

START_TEST(public_key_that_is_not_its_entrys_is_refused)
{
    ck_assert_int_eq(parse_with_key(NULL, "entry 1 of \"keys\" is not usable"), LK_SYNTAX);
    ck_assert_int_eq(parse_with_key("another", "entry 1 of \"keys\" is not usable"), LK_SYNTAX);
}
END_TEST

START_TEST(kid_that_is_there_twice_is_refused)
{
    struct buf text;
    sample(&text);
    memcpy(h.entry[0].kid, h.entry[1].kid, sizeof h.entry[0].kid);
    buf_reset(&text);
    ck_assert_int_eq(state_render(&h, pub, &text), 0);
    ck_assert_int_eq(parse(buf_all(&text), "entry 1 of \"keys\" is not usable"), LK_SYNTAX);
    buf_free(&text);
}
END_TEST

START_TEST(state_of_version_1_is_read)
{
    ck_assert_int_eq(parse(span_of("{\"version\":1,\"marks\":{\"rotation\":9,\"lag\":8,\"remote_cache\":1,"
                                   "\"margin\":1,\"token\":7,\"leeway\":1,\"run\":1},\"keys\":[]}"),
                           ""),
                     0);
    ck_assert_int_eq(back.marks.token, 7);
    ck_assert_int_eq(back.marks.skew, 0);
}
END_TEST

START_TEST(boot_external_and_revoking_are_read_back)
{
    struct buf text;
    sample(&text);
    h.entry[1].boot = (struct clock_boot){"0a-b", 77};
    h.entry[1].external = true;
    h.entry[1].revoking = 1003;
    buf_reset(&text);
    ck_assert_int_eq(state_render(&h, pub, &text), 0);
    ck_assert_int_eq(parse(buf_all(&text), ""), 0);
    ck_assert_str_eq(back.entry[1].boot.id, "0a-b");
    ck_assert_int_eq(back.entry[1].boot.seconds, 77);
    ck_assert(back.entry[1].external && !back.entry[2].external);
    ck_assert_int_eq(back.entry[1].revoking, 1003);
    buf_free(&text);
}
END_TEST

START_TEST(state_without_keys_is_fine)
{
    struct buf text = BUF_INIT(STATE_MAX);
    memset(&h, 0, sizeof h);
    ck_assert_int_eq(state_render(&h, pub, &text), 0);
    ck_assert_int_eq(parse(buf_all(&text), ""), 0);
    ck_assert_uint_eq(back.n, 0);
    buf_free(&text);
}
END_TEST

UNIT_MAIN("keys_state", state_is_read_back_byte_for_byte, state_never_has_private_members,
          jwks_has_the_live_keys_and_for_a_moment_the_dropped_ones, broken_state_is_refused_and_located,
          public_key_that_is_not_its_entrys_is_refused, kid_that_is_there_twice_is_refused, state_of_version_1_is_read,
          boot_external_and_revoking_are_read_back, state_without_keys_is_fine)
