#include "http/supervisor.h"

#include <poll.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/wait.h>

#include "base/clock.h"
#include "base/error.h"
#include "http/serve.h"
#include "http_env.h"
#include "http_fastcgi.h"

/* serve() with a supervisor and workers, as a server starts it; the client is this process. */

static struct {
    struct conf conf;
    unsigned opened; /* how often */
    bool dies_at_once;
    int64_t began[16]; /* when, microseconds */
} * seen;
static int in_handler[2], go_on[2]; /* for the handler that waits */
static int alive[2];                /* ends when all processes have */
static int err[2];

static int open_it(char *const env[], void **state, const struct conf **conf, const char **fault)
{
    (void)env, (void)fault;
    unsigned n = seen->opened++;
    if (n < 16)
        seen->began[n] = clock_monotonic_us();
    if (seen->dies_at_once && n) /* the first is the supervisor's look at the configuration */
        _exit(9);
    *state = seen;
    *conf = &seen->conf;
    return 0;
}

static void nothing(void *state)
{
    (void)state;
}

static int tells_who(struct request *req, struct response *res, void *state)
{
    (void)req, (void)state;
    response_headerf(res, "X-Pid", "%ld.", (long)getpid());
    response_empty(res, 204);
    return 0;
}

static int waits(struct request *req, struct response *res, void *state)
{
    char byte = 'x';
    if (write(in_handler[1], &byte, 1) != 1 || read(go_on[0], &byte, 1) != 1)
        return LK_SYSTEM;
    return tells_who(req, res, state);
}

static const struct route routes[] = {{METHOD_GET, "", NULL, tells_who, NULL},
                                      {METHOD_GET, "/waits", NULL, waits, NULL}};
static const struct program program = {
    .name = "test", .routes = routes, .route_count = 2, .open = open_it, .close = nothing, .keep = nothing};

static void start(uint64_t workers)
{
    seen = mmap(NULL, sizeof *seen, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    ck_assert_ptr_ne(seen, MAP_FAILED);
    seen->conf = (struct conf){.site = {.origins = "", .url = "https://api.example.org"},
                               .process = {.run = 1000},
                               .fastcgi = {.workers = workers}};
    ck_assert(!pipe(in_handler) && !pipe(go_on) && !pipe(alive) && !pipe(err));
}

static pid_t run(void)
{
    int fd = listening();
    pid_t child = fork();
    if (child == 0) {
        dup2(fd, STDIN_FILENO);
        dup2(err[1], STDERR_FILENO);
        close(fd);
        close(alive[0]);
        _exit(serve(&program, ENV("X=y")));
    }
    close(fd);
    close(alive[1]);
    close(err[1]);
    return child;
}

static int exit_status(pid_t child)
{
    int status = 0;
    ck_assert_int_eq(waitpid(child, &status, 0), child);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static void all_end(void)
{
    char byte;
    ck_assert_int_eq(read(alive[0], &byte, 1), 0); /* the test's time limit ends a wait in vain */
}

static const char *log_until(const char *text)
{
    static char logged[65536];
    static size_t n;
    while (!strstr(logged, text)) {
        ssize_t got = read(err[0], logged + n, sizeof logged - 1 - n);
        ck_assert_msg(got > 0, "not in the log: %s", text);
        n += (size_t)got;
        logged[n] = '\0';
    }
    return logged;
}

#define GET ENV("REQUEST_METHOD=GET")

/* The process that answered. */
static pid_t whose(void)
{
    const char *field = strstr(answer, "X-Pid: ");
    long pid = 0;
    ck_assert_ptr_nonnull(field);
    for (const char *digit = field + 7; *digit != '.'; digit++)
        pid = pid * 10 + (*digit - '0');
    return (pid_t)pid;
}

static pid_t ask(void)
{
    ck_assert(fastcgi(GET, ""));
    ck_assert(is_status("204"));
    return whose();
}

START_TEST(workers_serve_and_the_supervisor_does_not)
{
    start(2);
    pid_t supervisor = run();
    for (int i = 0; i < 10; i++)
        ck_assert_int_ne(ask(), supervisor);
    kill(supervisor, SIGTERM);
    ck_assert_int_eq(exit_status(supervisor), 0);
    all_end();
}
END_TEST

START_TEST(a_worker_that_was_killed_is_replaced)
{
    start(1);
    pid_t supervisor = run();
    for (int i = 0; i < 3; i++) {
        pid_t first = ask();
        kill(first, SIGKILL);
        ck_assert_int_ne(ask(), first);
    }
    ck_assert_ptr_nonnull(strstr(log_until("event=fastcgi.worker_lost"), "signal=9"));
    kill(supervisor, SIGTERM);
    ck_assert_int_eq(exit_status(supervisor), 0);
    all_end();
}
END_TEST

START_TEST(a_worker_that_never_lives_long_is_replaced_more_and_more_slowly)
{
    start(1);
    seen->dies_at_once = true;
    pid_t supervisor = run();
    while (*(volatile unsigned *)&seen->opened < 6)
        poll(NULL, 0, 1);
    ck_assert_int_ge(seen->began[3] - seen->began[2], 100000);
    ck_assert_int_ge(seen->began[4] - seen->began[3], 200000);
    ck_assert_int_ge(seen->began[5] - seen->began[4], 400000);
    ck_assert_ptr_nonnull(strstr(log_until("event=fastcgi.worker_lost"), "exit=9"));
    kill(supervisor, SIGTERM);
    ck_assert_int_eq(exit_status(supervisor), 0);
    all_end();
}
END_TEST

static int begin_waiting(void)
{
    char byte;
    int fd = connected();
    send_request(fd, ENV("REQUEST_METHOD=GET", "PATH_INFO=/waits"), "", false);
    ck_assert_int_eq(read(in_handler[0], &byte, 1), 1);
    return fd;
}

static void finish_waiting(int fd)
{
    ck_assert_int_eq(write(go_on[1], "x", 1), 1);
    ck_assert(receive_answer(fd));
    ck_assert(is_status("204"));
    close(fd);
}

static void ends_gracefully(int signal)
{
    start(2);
    pid_t supervisor = run();
    int fd = begin_waiting();
    kill(supervisor, signal);
    poll(NULL, 0, 50);
    ck_assert_int_eq(waitpid(supervisor, NULL, WNOHANG), 0);
    finish_waiting(fd);
    ck_assert_int_eq(exit_status(supervisor), 0);
    all_end();
}

START_TEST(sigterm_lets_the_requests_in_hand_finish)
{
    ends_gracefully(SIGTERM);
}
END_TEST

START_TEST(sigusr1_too)
{
    ends_gracefully(SIGUSR1);
}
END_TEST

START_TEST(a_killed_supervisor_takes_its_workers_with_it_after_their_requests)
{
    start(2);
    pid_t supervisor = run();
    int fd = begin_waiting();
    kill(supervisor, SIGKILL);
    ck_assert_int_eq(exit_status(supervisor), -1);
    finish_waiting(fd);
    all_end();
}
END_TEST

START_TEST(a_worker_is_replaced_after_so_many_requests)
{
    pid_t before = 0;
    int in_a_row = 0, workers = 0;
    start(1);
    seen->conf.fastcgi.requests = 3;
    pid_t supervisor = run();
    for (int i = 0; i < 12; i++) {
        pid_t pid = ask();
        workers += pid != before;
        in_a_row = pid == before ? in_a_row + 1 : 1;
        ck_assert_int_le(in_a_row, 3);
        before = pid;
    }
    ck_assert_int_eq(workers, 4);
    kill(supervisor, SIGTERM);
    ck_assert_int_eq(exit_status(supervisor), 0);
}
END_TEST

START_TEST(a_worker_that_has_grown_is_replaced)
{
    start(1);
    seen->conf.fastcgi.memory = 1;
    pid_t supervisor = run(), first = ask(), last = 0;
    for (int i = 0; i < 70; i++)
        last = ask();
    ck_assert_int_ne(last, first);
    kill(supervisor, SIGTERM);
    ck_assert_int_eq(exit_status(supervisor), 0);
}
END_TEST

START_TEST(a_worker_leaves_no_request_on_a_kept_connection_behind)
{
    start(1);
    seen->conf.fastcgi.requests = 2;
    pid_t supervisor = run();
    int fd = connected(), other = connected();
    send_request(fd, GET, "", true);
    ck_assert(receive_answer(fd));
    pid_t first = whose();
    send_request(other, GET, "", true);
    ck_assert(receive_answer(other));
    ck_assert_int_eq(whose(), first);
    send_request(fd, GET, "", true); /* it is worn out, but these requests are its */
    ck_assert(receive_answer(fd));
    ck_assert_int_eq(whose(), first);
    char byte;
    ck_assert_int_eq(read(fd, &byte, 1), 0);
    close(fd);
    ck_assert_int_eq(read(other, &byte, 1), 0);
    ck_assert_int_ne(ask(), first);
    kill(supervisor, SIGTERM);
    ck_assert_int_eq(exit_status(supervisor), 0);
}
END_TEST

static void serves_what_waits(int signal)
{
    start(1);
    pid_t supervisor = run();
    int kept = connected();
    send_request(kept, GET, "", true);
    ck_assert(receive_answer(kept));
    int fd = begin_waiting();
    send_request(kept, GET, "", true);
    kill(supervisor, signal);
    poll(NULL, 0, 50); /* so that the worker is asked to leave before it has time for it */
    finish_waiting(fd);
    ck_assert(receive_answer(kept));
    ck_assert(is_status("204"));
    ck_assert_int_eq(exit_status(supervisor), signal == SIGKILL ? -1 : 0);
    all_end();
}

START_TEST(a_request_that_waits_on_a_kept_connection_is_served_before_leaving)
{
    serves_what_waits(SIGTERM);
}
END_TEST

START_TEST(also_when_the_supervisor_was_killed)
{
    serves_what_waits(SIGKILL);
}
END_TEST

START_TEST(idle_connections_that_are_kept_keep_nobody_waiting)
{
    int kept[40];
    start(1);
    pid_t supervisor = run();
    for (int i = 0; i < 40; i++) { /* more than one process keeps */
        kept[i] = connected();
        send_request(kept[i], GET, "", true);
        ck_assert(receive_answer(kept[i]));
    }
    ask();
    send_request(kept[39], GET, "", true);
    ck_assert(receive_answer(kept[39]));
    kill(supervisor, SIGTERM);
    ck_assert_int_eq(exit_status(supervisor), 0);
}
END_TEST

UNIT_MAIN("http_supervisor", workers_serve_and_the_supervisor_does_not, a_worker_that_was_killed_is_replaced,
          a_worker_that_never_lives_long_is_replaced_more_and_more_slowly, sigterm_lets_the_requests_in_hand_finish,
          sigusr1_too, a_killed_supervisor_takes_its_workers_with_it_after_their_requests,
          a_worker_is_replaced_after_so_many_requests, a_worker_that_has_grown_is_replaced,
          a_worker_leaves_no_request_on_a_kept_connection_behind,
          a_request_that_waits_on_a_kept_connection_is_served_before_leaving, also_when_the_supervisor_was_killed,
          idle_connections_that_are_kept_keep_nobody_waiting)
