/* A target without libFuzzer: runs it once for each file named, which any compiler can build. A file that breaks it
 * ends the process. Exit 2: a file cannot be read. */
#include "base/file.h"
#include "fuzz.h"

#define SEED_MAX (1U << 20)

static int replay(const char *path)
{
    struct buf text = BUF_INIT(SEED_MAX);
    uint8_t *exact = NULL; /* no byte more, so that a sanitizer sees what reads on */
    int error = file_read(path, FILE_ANY, &text, NULL);
    if (!error && (exact = malloc(text.n + !text.n))) {
        memcpy(exact, buf_cstr(&text), text.n);
        LLVMFuzzerTestOneInput(exact, text.n);
    }
    bool done = exact != NULL;
    free(exact);
    buf_free(&text);
    if (!done)
        fprintf(stderr, "%s: cannot be read\n", path);
    return done ? 0 : 2;
}

int main(int argc, char **argv)
{
    int status = argc > 1 ? 0 : 2;
    for (int i = 1; i < argc; i++)
        status = replay(argv[i]) ? 2 : status;
    return status;
}
