#include <errno.h>

#include "base/conf.h"
#include "base/error.h"
#include "base/file.h"

#define CONF_FILE_MAX 65536

const char *conf_path(char *const env[])
{
    const char *path = env_get(env, "LATCHKEY_CONF");
    return path ? path : LATCHKEY_CONF_PATH;
}

int conf_load(char *const env[], struct conf **out, struct buf *fault)
{
    const char *path = conf_path(env);
    struct buf text = BUF_INIT(CONF_FILE_MAX);
    int error = file_read(path, FILE_ANY, &text, NULL);
    if (error) {
        buf_printf(fault, "%s: %s", path, error == LK_SYSTEM ? strerror(errno) : lk_error_text(error));
        error = LK_CONFIG;
    } else {
        error = conf_parse(path, buf_all(&text), env, out, fault);
    }
    buf_free(&text);
    return error;
}
