#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <termios.h>
#include <unistd.h>

#include "base/error.h"
#include "base/file.h"
#include "keys/keyfile.h"
#include "keys/sealed.h"
#include "tool.h"

#define CREDENTIAL "keytool.passphrase"

static int from_file(struct tool *t, const char *path, struct buf *out)
{
    int error = file_read(path, FILE_PRIVATE, out, NULL);
    if (error)
        return keyfile_fault(path, error, 0600, &t->fault);
    while (out->n && (out->p[out->n - 1] == '\n' || out->p[out->n - 1] == '\r'))
        out->p[--out->n] = '\0';
    return 0;
}

/* One line without its end, not shown. */
static int ask(int tty, const char *prompt, struct buf *out)
{
    struct termios shown, hidden;
    char c = '\0';
    if (tcgetattr(tty, &shown))
        return LK_SYSTEM;
    hidden = shown;
    hidden.c_lflag &= ~(tcflag_t)ECHO;
    if (tcsetattr(tty, TCSAFLUSH, &hidden))
        return LK_SYSTEM;
    int error = write(tty, prompt, strlen(prompt)) < 0 ? LK_SYSTEM : 0;
    while (!error && read(tty, &c, 1) == 1 && c != '\n')
        error = buf_add(out, &c, 1);
    if (write(tty, "\n", 1) != 1)
        error = LK_SYSTEM;
    tcsetattr(tty, TCSAFLUSH, &shown);
    return error;
}

static int from_terminal(struct tool *t, bool twice, struct buf *out)
{
    struct buf again = BUF_INIT(PASSPHRASE_MAX);
    int tty = open("/dev/tty", O_RDWR | O_CLOEXEC | O_NOCTTY);
    if (tty < 0) {
        buf_str(&t->fault,
                "a passphrase is needed: --passphrase FILE, " CREDENTIAL " in $CREDENTIALS_DIRECTORY, or a terminal");
        return LK_USAGE;
    }
    int error = ask(tty, "Passphrase: ", out);
    if (!error && twice)
        error = ask(tty, "The same again: ", &again);
    if (!error && twice && (again.n != out->n || memcmp(buf_cstr(&again), buf_cstr(out), out->n) != 0)) {
        buf_str(&t->fault, "the two passphrases differ");
        error = LK_USAGE;
    }
    close(tty);
    buf_free(&again);
    return error;
}

int tool_passphrase(struct tool *t, bool twice, struct buf *out)
{
    char path[PATH_MAX];
    const char *credentials = env_get(t->env, "CREDENTIALS_DIRECTORY");
    int error = 0;
    if (t->passphrase)
        error = from_file(t, t->passphrase, out);
    else if (credentials && *credentials && file_path(path, sizeof path, credentials, CREDENTIAL) == 0 &&
             access(path, F_OK) == 0)
        error = from_file(t, path, out);
    else
        error = from_terminal(t, twice, out);
    if (!error && out->n == 0) {
        buf_str(&t->fault, "the passphrase is empty");
        error = LK_USAGE;
    }
    return error;
}
