#include "base/error.h"
#include "todo/text.h"
#include "todo/todo.h"

#define ORDER_MAX      9007199254740991 /* 2^53-1: what every client's numbers hold (RFC 7493 2.2) */
#define NAME_SHOWN_MAX 64               /* characters */

static const char *const priorities[] = {[TODO_LOW] = "low", [TODO_NORMAL] = "normal", [TODO_HIGH] = "high"};

void todo_free(struct todo *t)
{
    json_decref(t->notes);
    json_decref(t->tags);
    t->notes = t->tags = NULL;
}

const char *todo_priority_name(int priority)
{
    return priorities[priority];
}

int todo_priority_parse(struct span name, int *out)
{
    for (int i = TODO_LOW; i <= TODO_HIGH; i++) {
        if (span_equals(name, priorities[i])) {
            *out = i;
            return 0;
        }
    }
    return LK_SYNTAX;
}

/* ---- faults --------------------------------------------------------------------------------------------------------
 */

/* `child` (may be NULL) is a part of the pointer below `name`. RFC 6901: "~" is written "~0", "/" is written "~1". */
static void blame(json_t *faults, const char *name, const char *child, const char *what)
{
    struct buf pointer = BUF_INIT(1024);
    for (; *name; name++) {
        if (*name == '~' || *name == '/')
            buf_str(&pointer, *name == '~' ? "~0" : "~1");
        else
            buf_add(&pointer, name, 1);
    }
    if (json_array_size(faults) < TODO_FAULTS_MAX)
        json_array_append_new(faults, json_pack("{s:s+++, s:s}", "pointer", "/", buf_cstr(&pointer), child ? "/" : "",
                                                child ? child : "", "detail", what));
    buf_free(&pointer);
}

/* A client's own name for a member is shown only when it is harmless to show. */
static void blame_unknown(json_t *faults, const char *name)
{
    struct span trimmed;
    size_t characters = 0;
    bool shown = !text_trim(span_of(name), &trimmed, &characters) && trimmed.n == strlen(name);
    if (shown && characters <= NAME_SHOWN_MAX)
        blame(faults, name, NULL, "is not a known member");
    else if (json_array_size(faults) < TODO_FAULTS_MAX)
        json_array_append_new(faults, json_pack("{s:s, s:s}", "pointer", "", "detail", "a member is not known"));
}

/* ---- members ------------------------------------------------------------------------------------------------------
 */

/* Each sets the member of `t`, or gives what is wrong with the value; one that blames for itself gives NULL. */
typedef const char *member_setter(struct todo *t, const json_t *value, json_t *faults);

static struct span text_of(const json_t *string)
{
    return (struct span){json_string_value(string), json_string_length(string)};
}

static const char *set_title(struct todo *t, const json_t *value, json_t *faults)
{
    (void)faults;
    if (!json_is_string(value))
        return "must be a string";
    struct span text = text_of(value);
    size_t characters = 0;
    if (text_trim(text, &text, &characters))
        return "must not have control characters";
    if (characters < 1 || characters > TODO_TITLE_MAX)
        return "must have 1 to 500 characters";
    memcpy(t->title, text.p, text.n);
    t->title[text.n] = '\0';
    return NULL;
}

static const char *set_notes(struct todo *t, const json_t *value, json_t *faults)
{
    (void)faults;
    size_t characters = 0;
    if (!json_is_string(value) && !json_is_null(value))
        return "must be a string or null";
    if (json_is_string(value) && text_count(text_of(value), &characters))
        return "must not have control characters but tabs and line ends";
    if (characters > TODO_NOTES_MAX)
        return "must have at most 20000 characters";
    json_decref(t->notes);
    t->notes = json_is_string(value) ? json_stringn(json_string_value(value), json_string_length(value)) : NULL;
    return NULL;
}

static const char *set_completed(struct todo *t, const json_t *value, json_t *faults)
{
    (void)faults;
    if (!json_is_boolean(value) && !json_is_null(value))
        return "must be true or false";
    t->completed = json_is_true(value);
    return NULL;
}

static const char *set_order(struct todo *t, const json_t *value, json_t *faults)
{
    (void)faults;
    if (!json_is_integer(value) && !json_is_null(value))
        return "must be an integer or null";
    json_int_t order = json_integer_value(value); /* 0 for null */
    if (order < -ORDER_MAX || order > ORDER_MAX)
        return "must lie between -(2^53-1) and 2^53-1";
    t->has_order = json_is_integer(value);
    t->order = order;
    return NULL;
}

static const char *set_priority(struct todo *t, const json_t *value, json_t *faults)
{
    (void)faults;
    t->priority = TODO_NORMAL;
    if (!json_is_null(value) && (!json_is_string(value) || todo_priority_parse(text_of(value), &t->priority)))
        return "must be low, normal or high";
    return NULL;
}

static const char *set_due(struct todo *t, const json_t *value, json_t *faults)
{
    (void)faults;
    t->due[0] = '\0';
    t->due_us = 0;
    if (json_is_null(value))
        return NULL;
    if (!json_is_string(value) || due_parse(text_of(value), &t->due_us))
        return "must be a date or a date-time of RFC 3339";
    memcpy(t->due, json_string_value(value), json_string_length(value) + 1);
    return NULL;
}

static bool has_text(const json_t *array, struct span text)
{
    size_t i = 0;
    json_t *item = NULL;
    json_array_foreach(array, i, item)
    {
        if (json_string_length(item) == text.n && memcmp(json_string_value(item), text.p, text.n) == 0)
            return true;
    }
    return false;
}

static const char *add_tag(json_t *tags, const json_t *value)
{
    size_t characters = 0;
    if (!json_is_string(value))
        return "must be a string";
    struct span text = text_of(value);
    if (text_trim(text, &text, &characters))
        return "must not have control characters";
    if (characters < 1 || characters > TODO_TAG_MAX)
        return "must have 1 to 50 characters";
    if (has_text(tags, text))
        return "is there twice";
    json_array_append_new(tags, json_stringn(text.p, text.n));
    return NULL;
}

static const char *set_tags(struct todo *t, const json_t *value, json_t *faults)
{
    size_t i = 0;
    json_t *item = NULL;
    if (!json_is_array(value) && !json_is_null(value))
        return "must be an array of strings";
    if (json_array_size(value) > TODO_TAGS_MAX)
        return "must have at most 20 tags";
    json_t *tags = json_array();
    json_array_foreach(value, i, item)
    {
        char place[24];
        const char *wrong = add_tag(tags, item);
        snprintf(place, sizeof place, "%zu", i);
        if (wrong)
            blame(faults, "tags", place, wrong);
    }
    json_decref(t->tags);
    t->tags = tags;
    return NULL;
}

static const struct member {
    const char *name;
    member_setter *set; /* NULL: ours to write, ignored */
} members[] = {
    {"title", set_title},
    {"notes", set_notes},
    {"completed", set_completed},
    {"order", set_order},
    {"priority", set_priority},
    {"due", set_due},
    {"tags", set_tags},
    {"id", NULL},
    {"url", NULL},
    {"created_at", NULL},
    {"updated_at", NULL},
    {"completed_at", NULL},
};

static const struct member *find_member(const char *name)
{
    for (size_t i = 0; i < sizeof members / sizeof members[0]; i++) {
        if (strcmp(members[i].name, name) == 0)
            return &members[i];
    }
    return NULL;
}

static void merge_member(struct todo *t, const char *name, const json_t *value, json_t *faults)
{
    const struct member *member = find_member(name);
    if (!member) {
        blame_unknown(faults, name);
        return;
    }
    const char *wrong = member->set ? member->set(t, value, faults) : NULL;
    if (wrong)
        blame(faults, name, NULL, wrong);
}

int todo_merge(struct todo *t, json_t *object, bool create, json_t *faults)
{
    struct todo merged = *t;
    const char *name = NULL;
    json_t *value = NULL;
    if (create)
        merged.priority = TODO_NORMAL;
    json_incref(merged.notes);
    json_incref(merged.tags);
    json_object_foreach(object, name, value)
    {
        merge_member(&merged, name, value, faults);
    }
    if (create && !json_object_get(object, "title"))
        blame(faults, "title", NULL, "is required");
    if (json_array_size(faults)) {
        todo_free(&merged);
        return LK_SYNTAX;
    }
    todo_free(t);
    *t = merged;
    return 0;
}
