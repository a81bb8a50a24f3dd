#include <signal.h>
#include <sys/wait.h>

#include "http/transport.h"
#include "http_fastcgi.h"
#include "unit.h"

/* As many connections as a process keeps, and one more. */

#define KEPT 32
#define NEW  KEPT

static int in_handler[2], go_on[2], client[KEPT + 1];

/* Answers with REQUEST_URI; `waits` until it is told to go on. */
static void echo(void *context, const struct transport *t)
{
    char byte = 'x';
    const char *uri = "";
    (void)context;
    for (char *const *p = t->env; *p; p++)
        if (strncmp(*p, "REQUEST_URI=", 12) == 0)
            uri = *p + 12;
    if (strcmp(uri, "waits") == 0 && (write(in_handler[1], &byte, 1) != 1 || read(go_on[0], &byte, 1) != 1))
        uri = "failed";
    t->write(t->context, span_of(uri));
}

static bool stays(void *context)
{
    (void)context;
    return true;
}

static pid_t start(void)
{
    int fd = listening();
    ck_assert_int_eq(pipe(in_handler), 0);
    ck_assert_int_eq(pipe(go_on), 0);
    pid_t child = fork();
    if (child == 0)
        _exit(transport_fastcgi(&(struct fastcgi){fd, -1, echo, stays, NULL}) ? 1 : 0);
    close(fd);
    return child;
}

static void ask(int i, const char *what)
{
    char uri[64];
    snprintf(uri, sizeof uri, "REQUEST_URI=%s", what);
    send_request(client[i], (char *[]){uri, NULL}, "", true);
}

static void expect(int i, const char *what)
{
    ck_assert_msg(receive_answer(client[i]), "connection %d was dropped", i);
    ck_assert_str_eq(answer, what);
}

/* Each kept connection was used once, the first longest ago, and the process is busy with the last one's request: what
 * comes now it finds together, and the new connection first. */
static pid_t busy(void)
{
    char byte;
    pid_t child = start();
    for (int i = 0; i < KEPT; i++) {
        client[i] = connected();
        ask(i, "first");
        expect(i, "first");
    }
    ask(KEPT - 1, "waits");
    ck_assert_int_eq(read(in_handler[0], &byte, 1), 1);
    client[NEW] = connected();
    ask(NEW, "new");
    return child;
}

static void let_go_on(void)
{
    ck_assert_int_eq(write(go_on[1], "x", 1), 1);
    expect(KEPT - 1, "waits");
}

static bool has_ended(int i)
{
    char byte;
    return recv(client[i], &byte, 1, MSG_DONTWAIT) == 0;
}

static void end(pid_t child)
{
    int status = 0;
    kill(child, SIGTERM);
    ck_assert_int_eq(waitpid(child, &status, 0), child);
    ck_assert(WIFEXITED(status) && WEXITSTATUS(status) == 0);
    for (int i = 0; i <= KEPT; i++)
        close(client[i]);
}

START_TEST(a_new_connection_takes_the_place_of_the_one_idle_longest)
{
    pid_t child = busy();
    let_go_on();
    expect(NEW, "new");
    ck_assert(has_ended(0));
    for (int i = 1; i < KEPT; i++)
        ck_assert(!has_ended(i));
    end(child);
}
END_TEST

START_TEST(a_request_that_has_come_keeps_its_connection)
{
    pid_t child = busy();
    ask(0, "second");
    ask(1, "second");
    let_go_on();
    expect(NEW, "new");
    expect(0, "second");
    expect(1, "second");
    ck_assert(has_ended(2));
    ck_assert(!has_ended(3));
    end(child);
}
END_TEST

START_TEST(where_requests_have_come_over_all_a_new_connection_waits)
{
    pid_t child = busy();
    for (int i = 0; i < KEPT - 1; i++)
        ask(i, "second");
    ask(KEPT - 1, "second");
    let_go_on();
    for (int i = 0; i < KEPT; i++)
        expect(i, "second");
    expect(NEW, "new");
    end(child);
}
END_TEST

UNIT_MAIN("http_kept", a_new_connection_takes_the_place_of_the_one_idle_longest,
          a_request_that_has_come_keeps_its_connection, where_requests_have_come_over_all_a_new_connection_waits)
