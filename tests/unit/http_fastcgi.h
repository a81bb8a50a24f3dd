#ifndef LK_TESTS_HTTP_FASTCGI_H
#define LK_TESTS_HTTP_FASTCGI_H

#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/buf.h"
#include "unit.h"

/* A FastCGI client, records written by hand. */

static char answer[400000];

enum { BEGIN = 1, END = 3, PARAMS = 4, STDIN = 5, STDOUT = 6 };

static struct sockaddr_un address;
static socklen_t address_size;

static inline int listening(void)
{
    int fd = socket(AF_UNIX, SOCK_STREAM, 0);
    address.sun_family = AF_UNIX;
    ck_assert_int_eq(bind(fd, (struct sockaddr *)&address, sizeof address.sun_family), 0); /* the kernel names it */
    address_size = sizeof address;
    getsockname(fd, (struct sockaddr *)&address, &address_size);
    ck_assert_int_eq(listen(fd, 16), 0);
    return fd;
}

static inline int connected(void)
{
    int fd = socket(AF_UNIX, SOCK_STREAM, 0);
    ck_assert_int_eq(connect(fd, (struct sockaddr *)&address, address_size), 0);
    return fd;
}

static inline void record(struct buf *to, uint8_t type, const void *content, size_t n)
{
    uint8_t head[8] = {1, type, 0, 1, (uint8_t)(n >> 8), (uint8_t)n, 0, 0};
    buf_add(to, head, sizeof head);
    buf_add(to, content, n);
}

static inline void send_request(int fd, char *const env[], const char *body, bool keep)
{
    struct buf all = BUF_INIT(1 << 20), params = BUF_INIT(65535);
    uint8_t begin[8] = {0, 1, keep, 0, 0, 0, 0, 0};
    for (; *env; env++) {
        size_t name = strcspn(*env, "="), value = strlen(*env) - name - 1;
        uint8_t lengths[2] = {(uint8_t)name, (uint8_t)value};
        buf_add(&params, lengths, 2);
        buf_add(&params, *env, name);
        buf_add(&params, *env + name + 1, value);
    }
    record(&all, BEGIN, begin, sizeof begin);
    record(&all, PARAMS, params.p, params.n);
    record(&all, PARAMS, "", 0);
    if (*body)
        record(&all, STDIN, body, strlen(body));
    record(&all, STDIN, "", 0);
    ck_assert_int_eq(write(fd, all.p, all.n), all.n);
    buf_free(&all);
    buf_free(&params);
}

static inline bool read_exactly(int fd, void *out, size_t n)
{
    ssize_t got;
    for (; n && (got = read(fd, out, n)) > 0; out = (char *)out + got)
        n -= (size_t)got;
    return n == 0;
}

/* The content of STDOUT until END_REQUEST; false when the connection ends before it. */
static inline bool receive_answer(int fd)
{
    uint8_t head[8], padding[256];
    size_t n = 0;
    while (read_exactly(fd, head, sizeof head)) {
        size_t length = (size_t)head[4] << 8 | head[5];
        ck_assert_uint_lt(n + length, sizeof answer);
        if (!read_exactly(fd, answer + n, length) || !read_exactly(fd, padding, head[6]))
            return false;
        n += head[1] == STDOUT ? length : 0;
        answer[n] = '\0';
        if (head[1] == END)
            return true;
    }
    return false;
}

static inline bool fastcgi(char *const env[], const char *body)
{
    int fd = connected();
    send_request(fd, env, body, false);
    bool whole = receive_answer(fd);
    close(fd);
    return whole;
}

static inline bool is_status(const char *status)
{
    return strncmp(answer, "Status: ", 8) == 0 && strncmp(answer + 8, status, 3) == 0;
}

#endif
