/* The members of a todo, as a client sends them. All or nothing is merged, merging again changes nothing, and what a
 * client gets it may send back. */
#include "todo/todo.h"
#include "base/error.h"
#include "base/parse.h"
#include "mutate_json.h"
#include "todo/search.h"
#include "todo/text.h"

#define DEPTH    8
#define BODY_MAX 65536
#define ID       "0193f8a1-0000-7000-8000-000000000000"
#define URL      "https://site.example/cgi-bin/todos"
#define TEXT_MAX ((size_t)4 * BODY_MAX)

static struct buf written(const struct todo *t)
{
    struct buf text = BUF_INIT(TEXT_MAX);
    HOLDS(todo_write(t, URL, &text) == 0);
    return text;
}

static bool equal(const struct todo *a, const struct todo *b)
{
    struct buf one = written(a), other = written(b);
    bool is_same = same(buf_all(&one), buf_all(&other)) && a->due_us == b->due_us;
    buf_free(&one);
    buf_free(&other);
    return is_same;
}

static void is_clean(struct span text, size_t least, size_t most)
{
    struct span trimmed = {NULL, 0};
    size_t characters = 0;
    HOLDS(text_trim(text, &trimmed, &characters) == 0);
    HOLDS(same(trimmed, text) && characters >= least && characters <= most);
}

static void is_sound(const struct todo *t)
{
    struct buf search = BUF_INIT((size_t)SEARCH_BYTES);
    is_clean(span_of(t->title), 1, TODO_TITLE_MAX);
    HOLDS(strcmp(t->id, ID) == 0 && t->created_at == 0);
    HOLDS(t->has_order || t->order == 0);
    HOLDS(t->order >= -9007199254740991 && t->order <= 9007199254740991);
    HOLDS(t->priority >= TODO_LOW && t->priority <= TODO_HIGH);
    HOLDS(*t->due || t->due_us == 0);
    HOLDS(json_array_size(t->tags) <= TODO_TAGS_MAX);
    for (size_t i = 0; i < json_array_size(t->tags); i++) {
        const json_t *tag = json_array_get(t->tags, i);
        is_clean((struct span){json_string_value(tag), json_string_length(tag)}, 1, TODO_TAG_MAX);
        for (size_t j = 0; j < i; j++)
            HOLDS(!json_equal(tag, json_array_get(t->tags, j)));
    }
    HOLDS(search_text(t, &search) == 0);
    buf_free(&search);
}

/* What a client reads, which is written as json_write has it. */
static json_t *shown_of(const struct todo *t)
{
    struct buf text = written(t), again = BUF_INIT(TEXT_MAX);
    json_t *shown = NULL;
    HOLDS(json_read_object(buf_all(&text), TEXT_MAX, DEPTH, &shown) == 0);
    HOLDS(json_write(shown, &again) == 0 && same(buf_all(&text), buf_all(&again)));
    buf_free(&text);
    buf_free(&again);
    return shown;
}

static void comes_back(const struct todo *t)
{
    struct todo again = {.id = ID};
    json_t *shown = shown_of(t), *faults = json_array();
    reads_back(shown, TEXT_MAX, DEPTH);
    HOLDS(todo_merge(&again, shown, true, faults) == 0);
    HOLDS(equal(t, &again));
    json_decref(shown);
    json_decref(faults);
    todo_free(&again);
}

static void blames_cleanly(const json_t *faults)
{
    HOLDS(json_array_size(faults) <= TODO_FAULTS_MAX);
    for (size_t i = 0; i < json_array_size(faults); i++) {
        const char *pointer = json_text(json_array_get(faults, i), "pointer");
        const char *detail = json_text(json_array_get(faults, i), "detail");
        HOLDS(pointer && !parse_has_control(span_of(pointer)) && (!*pointer || *pointer == '/'));
        HOLDS(detail && *detail);
    }
}

static void merge(json_t *members, bool create)
{
    struct todo t = {.id = ID, .title = "old", .order = 3, .has_order = true}, before = t;
    json_t *faults = json_array();
    if (create)
        t = before = (struct todo){.id = ID};
    int error = todo_merge(&t, members, create, faults);
    HOLDS(error == 0 || error == LK_SYNTAX);
    HOLDS((error == 0) == (json_array_size(faults) == 0));
    blames_cleanly(faults);
    HOLDS(!error || equal(&t, &before));
    if (!error) {
        is_sound(&t);
        comes_back(&t);
        HOLDS(todo_merge(&t, members, false, faults) == 0);
        comes_back(&t);
    }
    todo_free(&t);
    json_decref(faults);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    json_t *members = NULL;
    if (json_read_object(input_of(data, size), BODY_MAX, DEPTH, &members))
        return 0;
    reads_back(members, BODY_MAX, DEPTH);
    merge(members, false);
    merge(members, true);
    json_decref(members);
    return 0;
}
