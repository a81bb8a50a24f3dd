/* application/x-www-form-urlencoded. A value that is found is found again when written with every byte escaped, and not
 * when its name is there twice. */
#include "base/error.h"
#include "fuzz.h"
#include "http/request.h"

#define NAME "subject_token"

static int get(struct buf *form, struct buf *value)
{
    buf_reset(value);
    return form_get(buf_all(form), NAME, value);
}

static void comes_back(struct span value)
{
    struct buf form = BUF_INIT(1U << 22), again = BUF_INIT(1U << 20);
    buf_str(&form, "a=&" NAME "=");
    for (size_t i = 0; i < value.n; i++)
        buf_printf(&form, "%%%02X", (unsigned char)value.p[i]);
    HOLDS(get(&form, &again) == 0);
    HOLDS(same(buf_all(&again), value));
    buf_str(&form, "&%73ubject_token=");
    HOLDS(get(&form, &again) == LK_SYNTAX && again.n == 0);
    buf_free(&form);
    buf_free(&again);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct buf value = BUF_INIT(1U << 20), short_one = BUF_INIT(8);
    struct span form = input_of(data, size);
    int error = form_get(form, NAME, &value);
    HOLDS(error == 0 || error == LK_NOT_FOUND || error == LK_SYNTAX);
    HOLDS(error == 0 || value.n == 0);
    if (!error) {
        HOLDS(value.n <= size && !memchr(buf_cstr(&value), '\0', value.n));
        HOLDS(form_get(form, NAME, &short_one) == (value.n > 8 ? LK_TOO_LARGE : 0));
        comes_back(buf_all(&value));
    }
    buf_free(&value);
    buf_free(&short_one);
    return 0;
}
