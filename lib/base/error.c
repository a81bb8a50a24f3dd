#include "base/error.h"

#include <stddef.h>

static const struct {
    int error;
    const char *code, *text;
} errors[] = {{LK_OK, "ok", "done"},
#define LK_ROW(name, code, text) {name, code, text},
              LK_ERRORS(LK_ROW)
#undef LK_ROW
};

static size_t row_of(int error)
{
    for (size_t i = 0; i < sizeof errors / sizeof errors[0]; i++)
        if (errors[i].error == error)
            return i;
    return sizeof errors / sizeof errors[0];
}

const char *lk_error_code(int error)
{
    size_t i = row_of(error);
    return i < sizeof errors / sizeof errors[0] ? errors[i].code : "unknown";
}

const char *lk_error_text(int error)
{
    size_t i = row_of(error);
    return i < sizeof errors / sizeof errors[0] ? errors[i].text : "an unknown error";
}
