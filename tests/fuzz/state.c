/* state.json. What is read is written back to a text that reads the same. */
#include "keys/state.h"
#include "base/error.h"
#include "base/parse.h"
#include "jose/jwks.h"
#include "mutate_json.h"

struct state {
    struct key_history history;
    struct jwk *pub[KEYS_MAX];
};

static int parse(struct span text, struct state *s, struct buf *fault)
{
    memset(s->pub, 0, sizeof s->pub);
    return state_parse(text, &s->history, s->pub, fault);
}

static void forget(struct state *s)
{
    for (size_t i = 0; i < KEYS_MAX; i++)
        jwk_free(s->pub[i]);
}

/* One key at the most is active, and no kid is there twice. */
static void is_consistent(struct state *s)
{
    size_t active = 0;
    for (size_t i = 0; i < s->history.n; i++) {
        active += s->history.entry[i].state == KEY_ACTIVE;
        HOLDS(history_find(&s->history, s->history.entry[i].kid) == &s->history.entry[i]);
        HOLDS(key_since(&s->history.entry[i]) > 0);
    }
    HOLDS(active <= 1);
}

/* Nothing that is read is lost: only a time of zero is the same as none. */
static void keeps_each_member(struct span in, struct span out)
{
    json_t *before = NULL, *after = NULL;
    HOLDS(json_read_object(in, STATE_MAX, 8, &before) == 0 && json_read_object(out, STATE_MAX, 8, &after) == 0);
    HOLDS(json_object_size(before) == json_object_size(after));
    for (size_t i = 0; i < json_array_size(json_object_get(before, "keys")); i++) {
        json_t *entry = json_array_get(json_object_get(before, "keys"), i), *member;
        const json_t *kept = json_array_get(json_object_get(after, "keys"), i);
        const char *name;
        json_object_foreach(entry, name, member)
            HOLDS(json_object_get(kept, name) || (json_is_number(member) && json_number_value(member) == 0));
    }
    json_decref(before);
    json_decref(after);
}

static void reads_the_same(const struct state *s, struct span in)
{
    static struct state again;
    struct buf text = BUF_INIT(STATE_MAX), twice = BUF_INIT(STATE_MAX), fault = BUF_INIT(256);
    HOLDS(state_render(&s->history, s->pub, &text) == 0);
    HOLDS(parse(buf_all(&text), &again, &fault) == 0);
    HOLDS(again.history.n == s->history.n);
    HOLDS(state_render(&again.history, again.pub, &twice) == 0);
    HOLDS(same(buf_all(&text), buf_all(&twice)));
    keeps_each_member(in, buf_all(&text));
    forget(&again);
    buf_free(&text);
    buf_free(&twice);
    buf_free(&fault);
}

static void publishes_what_lives(struct state *s)
{
    struct buf text = BUF_INIT(STATE_MAX);
    struct jwks *set = NULL;
    size_t live = 0;
    for (size_t i = 0; i < s->history.n; i++)
        live += key_state_is_live(s->history.entry[i].state);
    HOLDS(state_render_jwks(&s->history, s->pub, false, &text) == 0);
    HOLDS(jwks_parse(buf_all(&text), NULL, NULL, &set) == 0);
    HOLDS(jwks_usable(set) == live);
    history_next(&s->history);
    jwks_free(set);
    buf_free(&text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct state s;
    struct buf fault = BUF_INIT(4096);
    openssl_begin();
    int error = parse(input_of(data, size), &s, &fault);
    HOLDS(error == 0 || error == LK_SYNTAX);
    HOLDS((error == 0) == (fault.n == 0) && !parse_has_control(buf_all(&fault)));
    if (!error) {
        reads_the_same(&s, input_of(data, size));
        is_consistent(&s);
        publishes_what_lives(&s);
    }
    forget(&s);
    buf_free(&fault);
    openssl_end();
    return 0;
}
