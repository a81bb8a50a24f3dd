#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
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

/* Who breaks off gets the terminal back as it was. The signals are held but while the terminal is waited for. */
static const int breaks[] = {SIGINT, SIGQUIT, SIGTERM, SIGHUP, SIGTSTP};
#define BREAKS (sizeof breaks / sizeof breaks[0])
static volatile sig_atomic_t broken_by;

static void on_break(int signal)
{
    broken_by = signal;
}

struct broken {
    struct sigaction actions[BREAKS];
    sigset_t mask;
};

static void catch_breaks(struct broken *before)
{
    const struct sigaction note = {.sa_handler = on_break};
    sigset_t held;
    sigemptyset(&held);
    for (size_t i = 0; i < BREAKS; i++)
        sigaddset(&held, breaks[i]);
    sigprocmask(SIG_BLOCK, &held, &before->mask);
    broken_by = 0;
    for (size_t i = 0; i < BREAKS; i++)
        sigaction(breaks[i], &note, &before->actions[i]);
}

static void let_breaks(const struct broken *before)
{
    for (size_t i = 0; i < BREAKS; i++)
        sigaction(breaks[i], &before->actions[i], NULL);
    sigprocmask(SIG_SETMASK, &before->mask, NULL);
    if (broken_by)
        raise(broken_by);
}

/* One line without its end. */
static int read_line(int tty, const sigset_t *mask, struct buf *out)
{
    struct pollfd ready = {.fd = tty, .events = POLLIN};
    char c = '\0';
    ssize_t got = 0;
    int error = 0;
    while (!error && (got = ppoll(&ready, 1, NULL, mask)) == 1 && (got = read(tty, &c, 1)) == 1 && c != '\n')
        error = buf_add(out, &c, 1);
    return error ? error : got < 0 ? LK_SYSTEM : 0;
}

/* ... that is not shown. */
static int ask(int tty, const char *prompt, struct buf *out)
{
    struct broken before;
    struct termios shown, hidden;
    if (tcgetattr(tty, &shown))
        return LK_SYSTEM;
    hidden = shown;
    hidden.c_lflag &= ~(tcflag_t)ECHO;
    catch_breaks(&before);
    int error = tcsetattr(tty, TCSAFLUSH, &hidden) || write(tty, prompt, strlen(prompt)) < 0 ? LK_SYSTEM : 0;
    if (!error)
        error = read_line(tty, &before.mask, out);
    if (write(tty, "\n", 1) != 1)
        error = LK_SYSTEM;
    tcsetattr(tty, TCSAFLUSH, &shown);
    let_breaks(&before);
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
