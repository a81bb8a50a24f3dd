/* A Cookie header. The value lies in the header, and a second cookie of the name spoils it. */
#include "http/cookie.h"
#include "base/error.h"
#include "fuzz.h"

#define NAME  "latchkey"
#define AGAIN "; __Host-latchkey=other"

static void is_refused_twice(const char *header)
{
    struct buf twice = BUF_INIT(1U << 20);
    struct span value;
    buf_str(&twice, header);
    buf_str(&twice, AGAIN);
    HOLDS(cookie_get(buf_cstr(&twice), NAME, &value) == LK_SYNTAX);
    buf_free(&twice);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *header = string_of(input_of(data, size));
    struct span value = {NULL, 0};
    int error = cookie_get(header, NAME, &value);
    HOLDS(error == 0 || error == LK_NOT_FOUND || error == LK_SYNTAX);
    if (!error) {
        HOLDS(value.p >= header && value.p + value.n <= header + strlen(header));
        HOLDS(!value.n || !memchr(value.p, ';', value.n));
        HOLDS(span_trim(value).n == value.n);
        HOLDS(strstr(header, "__Host-" NAME));
        is_refused_twice(header);
    }
    free(header);
    return 0;
}
