/* conf-table: one line per configuration key: section, key, type, default and sentence, separated by tabs.
 * conf-table FILE: reads FILE as latchkey.conf, without the environment; exit 1 and what is wrong, if anything is. */
#include "base/conf.h"
#include "base/error.h"
#include "base/file.h"

#define FILE_MAX 65536

/* Documents name the places of an installation without PREFIX and LOCALSTATEDIR. */
static const struct {
    const char *built;
    const char *documented;
} places[] = {{LATCHKEY_STATE_DIR "/", "/var/lib/latchkey/"},
              {LATCHKEY_LIBEXEC_DIR "/", "/usr/local/latchkey/libexec/latchkey/"}};

static void print_default(const char *def)
{
    for (size_t i = 0; def && i < sizeof places / sizeof places[0]; i++) {
        size_t n = strlen(places[i].built);
        if (strncmp(def, places[i].built, n) == 0) {
            printf("%s%s", places[i].documented, def + n);
            return;
        }
    }
    if (!def || !*def)
        printf("%s", def ? "none" : "required");
    else if (*def == '@')
        printf("{%.*s}%s", (int)strcspn(def + 1, "/-"), def + 1, def + 1 + strcspn(def + 1, "/-"));
    else
        printf("%s", def);
}

static int print_table(void)
{
    for (size_t i = 0; i < conf_key_count; i++) {
        const struct conf_key *key = &conf_keys[i];
        printf("%s\t%s\t%s\t", key->section, key->key, conf_type_name(key->type));
        print_default(key->def);
        printf("\t%s\n", key->doc);
    }
    return ferror(stdout) ? 1 : 0;
}

static int check_file(const char *path)
{
    struct buf text = BUF_INIT(FILE_MAX), fault = BUF_INIT(1024);
    struct conf *conf = NULL;
    int error = file_read(path, FILE_ANY, &text, NULL);
    if (error)
        buf_printf(&fault, "%s: %s", path, lk_error_text(error));
    else
        error = conf_parse(path, buf_all(&text), NULL, &conf, &fault);
    if (error)
        fprintf(stderr, "conf-table: %s\n", buf_cstr(&fault));
    conf_free(conf);
    buf_free(&text);
    buf_free(&fault);
    return error ? 1 : 0;
}

int main(int argc, char **argv)
{
    return argc > 1 ? check_file(argv[1]) : print_table();
}
