/* Requests without end, each answer looked at: load PORT CLIENTS FILE... until standard input ends.
 * A file is one HTTP/1.1 request as it is sent; its name begins with the status that is expected. Each client sends one
 * after the other over a connection that it keeps as long as the server does. Prints "N good, N other, N failed": other
 * is an answer with another status, failed is no whole answer. */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/file.h"
#include "base/parse.h"

#define ANSWER_MAX (1U << 20)
#define REQUESTS   16
#define CLIENTS    64

enum outcome { GOOD, OTHER, FAILED, OUTCOMES };

static struct {
    atomic_ulong count[OUTCOMES];
    atomic_bool over;
} * all;

struct request {
    const char *status; /* three digits */
    struct buf text;
};

static int connected(uint16_t port)
{
    struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons(port), .sin_addr = {htonl(INADDR_LOOPBACK)}};
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd >= 0 && connect(fd, (struct sockaddr *)&to, sizeof to) == 0)
        return fd;
    close(fd);
    return -1;
}

static bool send_all(int fd, struct span s)
{
    while (s.n) {
        ssize_t n = send(fd, s.p, s.n, MSG_NOSIGNAL);
        if (n <= 0)
            return false;
        s = (struct span){s.p + n, s.n - (size_t)n};
    }
    return true;
}

/* How long the answer will be, as far as its head is there; 0: not yet. */
static size_t length(const struct buf *answer)
{
    static const char field[] = "\r\nContent-Length: ";
    const char *text = buf_cstr(answer), *end = strstr(text, "\r\n\r\n"), *value = strcasestr(text, field);
    uint64_t n = 0;
    if (!end)
        return 0;
    if (value && value < end) {
        value += sizeof field - 1;
        if (parse_u64((struct span){value, strcspn(value, "\r")}, ANSWER_MAX, &n))
            return 0;
    }
    return (size_t)(end - text) + 4 + (size_t)n;
}

static bool receive(int fd, struct buf *answer)
{
    buf_reset(answer);
    for (;;) {
        size_t whole = length(answer);
        if (whole && answer->n >= whole)
            return true;
        char *to = buf_reserve(answer, 16384);
        ssize_t n = to ? recv(fd, to, 16384, 0) : 0;
        if (n <= 0)
            return false;
        buf_grew(answer, (size_t)n);
    }
}

static enum outcome ask(uint16_t port, int *fd, const struct request *r, struct buf *answer)
{
    if (*fd < 0)
        *fd = connected(port);
    bool whole = *fd >= 0 && send_all(*fd, buf_all(&r->text)) && receive(*fd, answer);
    bool closes = !whole || strcasestr(buf_cstr(answer), "\r\nConnection: close\r\n");
    if (closes && *fd >= 0) {
        close(*fd);
        *fd = -1;
    }
    if (!whole)
        return FAILED;
    return answer->n > 12 && strncmp(answer->p + 9, r->status, 3) == 0 ? GOOD : OTHER;
}

static void client(uint16_t port, const struct request *requests, size_t n)
{
    struct buf answer = BUF_INIT(ANSWER_MAX);
    int fd = -1;
    for (size_t i = (size_t)getpid(); !all->over; i++)
        all->count[ask(port, &fd, &requests[i % n], &answer)]++;
    buf_free(&answer);
}

static bool read_request(struct request *r, const char *path)
{
    const char *slash = strrchr(path, '/');
    r->status = slash ? slash + 1 : path;
    r->text = BUF_INIT(65536);
    return file_read(path, FILE_ANY, &r->text, NULL) == 0;
}

int main(int argc, char **argv)
{
    struct request requests[REQUESTS];
    uint64_t port = 0, clients = 0;
    char byte;
    if (argc < 4 || argc > REQUESTS + 3 || parse_u64(span_of(argv[1]), UINT16_MAX, &port) ||
        parse_u64(span_of(argv[2]), CLIENTS, &clients)) {
        fputs("usage: load PORT CLIENTS FILE...\n", stderr);
        return 2;
    }
    for (int i = 3; i < argc; i++)
        if (!read_request(&requests[i - 3], argv[i])) {
            perror(argv[i]);
            return 2;
        }
    all = mmap(NULL, sizeof *all, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (all == MAP_FAILED)
        return 1;
    for (uint64_t i = 0; i < clients; i++)
        if (fork() == 0) {
            client((uint16_t)port, requests, (size_t)argc - 3);
            _exit(0);
        }
    while (read(STDIN_FILENO, &byte, 1) > 0)
        ;
    all->over = true;
    while (wait(NULL) > 0)
        ;
    for (int i = 3; i < argc; i++)
        buf_free(&requests[i - 3].text);
    printf("%lu good, %lu other, %lu failed\n", all->count[GOOD], all->count[OTHER], all->count[FAILED]);
    return 0;
}
