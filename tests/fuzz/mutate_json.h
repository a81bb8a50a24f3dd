#ifndef LK_TESTS_FUZZ_MUTATE_JSON_H
#define LK_TESTS_FUZZ_MUTATE_JSON_H

#include "fuzz.h"

/* For targets whose input is JSON. Bytes changed at random mostly give no JSON at all, so every other time one value of
 * it is exchanged for another, doubled, changed or taken away, and the text stays JSON. Without libFuzzer unused. */
size_t LLVMFuzzerMutate(uint8_t *data, size_t size, size_t max) __attribute__((weak));
size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max, unsigned seed);

static uint64_t mutate_state;

static size_t mutate_pick(size_t n)
{
    mutate_state = mutate_state * 6364136223846793005U + 1442695040888963407U;
    return (size_t)(mutate_state >> 33) % n;
}

static json_t *mutate_child(json_t *parent, size_t at, const char **name)
{
    if (json_is_array(parent))
        return json_array_get(parent, at);
    void *member = json_object_iter(parent);
    while (at--)
        member = json_object_iter_next(parent, member);
    *name = json_object_iter_key(member);
    return json_object_iter_value(member);
}

static size_t mutate_children(const json_t *value)
{
    return json_is_array(value) ? json_array_size(value) : json_object_size(value);
}

static json_t *mutate_other_text(const json_t *value)
{
    uint8_t text[512];
    size_t n = json_string_length(value);
    n = n < sizeof text / 2 ? n : sizeof text / 2;
    if (n)
        memcpy(text, json_string_value(value), n);
    n = LLVMFuzzerMutate(text, n, sizeof text);
    return json_stringn((const char *)text, n);
}

/* A value of another kind, or near to the one that is there. NULL is none. */
static json_t *mutate_value(const json_t *value)
{
    static const char *const pool[] = {"null",  "true", "false", "0",        "1",
                                       "-1",    "1.5",  "1e99",  "\"\"",     "9007199254740993",
                                       "\"x\"", "[]",   "{}",    "[\"x\",1]"};
    if (json_is_string(value) && mutate_pick(2))
        return mutate_other_text(value);
    if (json_is_integer(value) && mutate_pick(2))
        return json_integer((json_int_t)((uint64_t)json_integer_value(value) + mutate_pick(201) - 100));
    return json_loads(pool[mutate_pick(sizeof pool / sizeof pool[0])], JSON_DECODE_ANY, NULL);
}

static void mutate_array(json_t *array, size_t at, json_t *made)
{
    if (made && mutate_pick(2))
        json_array_insert(array, at, made);
    else if (made)
        json_array_set(array, at, made);
    else
        json_array_remove(array, at);
}

/* Changes one child of the container that a walk down from `value` ends at. */
static void mutate_below(json_t *value)
{
    size_t n = mutate_children(value);
    if (!n)
        return;
    const char *name = NULL, *other = NULL;
    size_t at = mutate_pick(n);
    json_t *child = mutate_child(value, at, &name), *made = NULL;
    if (mutate_children(child) && mutate_pick(4)) {
        mutate_below(child);
        return;
    }
    size_t what = mutate_pick(8);
    if (what < 5)
        made = mutate_value(child);
    else if (what < 7)
        made = json_deep_copy(mutate_child(value, mutate_pick(n), &other));
    if (json_is_array(value))
        mutate_array(value, at, made);
    else if (made)
        json_object_set(value, name, made);
    else
        json_object_del(value, name);
    json_decref(made);
}

size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max, unsigned seed)
{
    struct buf text = BUF_INIT(max);
    json_t *root = seed & 1 ? json_loadb((const char *)data, size, 0, NULL) : NULL;
    mutate_state = seed;
    for (size_t i = 0; root && i <= seed % 3; i++)
        mutate_below(root);
    if (root && json_write(root, &text) == 0) {
        size = text.n;
        memcpy(data, text.p, size);
    } else {
        size = LLVMFuzzerMutate(data, size, max);
    }
    json_decref(root);
    buf_free(&text);
    return size;
}

#endif
