#include "http/transport.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/error.h"
#include "http/serve.h"
#include "http_env.h"
#include "http_fastcgi.h"
#include "unit.h"

/* serve() itself, in a child process: CGI over pipes, FastCGI over a socket and with records written by hand. */

/* ---- a program that tells what happened ---- */

static struct {
    char steps[256];              /* a letter for each: open (untimed), handle (timed), after, close */
    bool open_fails, ended_early; /* a server that sends SIGTERM when it has the answer */
} * seen;
static int in_handler[2], go_on[2]; /* for the handler that waits */

static void step(const char *letter)
{
    size_t n = strlen(seen->steps);
    snprintf(seen->steps + n, sizeof seen->steps - n, "%s", letter);
}

static bool is_timed(void)
{
    struct itimerval left;
    return getitimer(ITIMER_REAL, &left) == 0 && left.it_value.tv_sec > 0;
}

static int open_it(char *const env[], void **state, const struct conf **conf, const char **fault)
{
    static const struct conf empty = {.site = {.origins = "", .url = "https://api.example.org"},
                                      .process = {.run = 1000}};
    step(env_get(env, "LATCHKEY_MARK") && !is_timed() ? "o" : "?");
    *state = seen;
    *fault = "latchkey.conf:3: bad";
    *conf = &empty;
    return seen->open_fails ? LK_CONFIG : 0;
}

static void keep_it(void *state)
{
    step(state == seen && !is_timed() ? "k" : "?");
}

static void close_it(void *state)
{
    step(state == seen ? "c" : "?");
}

static void after(void *context)
{
    (void)context;
    if (seen->ended_early)
        raise(SIGTERM);
    step("a");
}

static int echoes(struct request *req, struct response *res, void *state)
{
    json_t *value = json_stringn(req->body.p, req->body.n);
    step(state == seen && is_timed() ? "h" : "?");
    res->after = after;
    response_headerf(res, "X-Query", "%s", req->query);
    response_json(res, 200, "application/json", value);
    json_decref(value);
    return 0;
}

static int waits(struct request *req, struct response *res, void *state)
{
    char byte = 'x';
    if (write(in_handler[1], &byte, 1) != 1 || read(go_on[0], &byte, 1) != 1)
        return LK_SYSTEM;
    return echoes(req, res, state);
}

static int large(struct request *req, struct response *res, void *state)
{
    static char text[300000];
    (void)req, (void)state;
    memset(text, 'y', sizeof text);
    json_t *value = json_stringn(text, sizeof text);
    response_json(res, 200, "application/json", value);
    json_decref(value);
    return 0;
}

static const struct route routes[] = {
    {METHOD_POST, "", "*", echoes, NULL},
    {METHOD_POST, "/waits", "*", waits, NULL},
    {METHOD_GET, "/large", NULL, large, NULL},
};
static const struct program program = {.name = "test",
                                       .routes = routes,
                                       .route_count = 3,
                                       .body_max = 100000,
                                       .open = open_it,
                                       .close = close_it,
                                       .keep = keep_it};

static void setup(void)
{
    seen = mmap(NULL, sizeof *seen, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    ck_assert_ptr_ne(seen, MAP_FAILED);
    ck_assert_int_eq(pipe(in_handler), 0);
    ck_assert_int_eq(pipe(go_on), 0);
}

/* A child whose standard input and output are these, running serve(). */
static pid_t start(int in, int out, int err, char *const env[])
{
    pid_t child = fork();
    if (child)
        return child;
    dup2(in, STDIN_FILENO);
    if (out >= 0)
        dup2(out, STDOUT_FILENO);
    if (err >= 0)
        dup2(err, STDERR_FILENO);
    for (int fd = 3; fd < 64; fd++)
        if (fd != in_handler[1] && fd != go_on[0])
            close(fd);
    _exit(serve(&program, env));
}

static int exit_status(pid_t child)
{
    int status = 0;
    ck_assert_int_eq(waitpid(child, &status, 0), child);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

/* ---- CGI ---- */

static char logged[8192];

static void read_all(int fd, char *out, size_t cap)
{
    size_t n = 0;
    for (ssize_t got; n < cap - 1 && (got = read(fd, out + n, cap - 1 - n)) > 0;)
        n += (size_t)got;
    out[n] = '\0';
    close(fd);
}

static int cgi(char *const env[], const char *body, bool closed)
{
    int in[2], out[2], err[2];
    if (pipe(in) || pipe(out) || pipe(err))
        return -1;
    ck_assert_int_eq(write(in[1], body, strlen(body)), strlen(body));
    if (closed)
        close(out[0]);
    pid_t child = start(in[0], out[1], err[1], env);
    close(out[1]);
    close(err[1]);
    close(in[0]);
    if (!closed)
        read_all(out[0], answer, sizeof answer);
    read_all(err[0], logged, sizeof logged);
    close(in[1]); /* open until here: nothing may wait for its end */
    return exit_status(child);
}

#define POST "REQUEST_METHOD=POST", "LATCHKEY_MARK=1"

START_TEST(cgi_serves_one_request)
{
    setup();
    ck_assert_int_eq(cgi(ENV(POST, "QUERY_STRING=q", "CONTENT_LENGTH=3"), "abcdef", false), 0);
    ck_assert_int_eq(strncmp(answer, "Status: 200 OK\r\n", 16), 0);
    ck_assert_ptr_nonnull(strstr(answer, "X-Query: q\r\n"));
    ck_assert_ptr_nonnull(strstr(answer, "\r\n\r\n\"abc\""));
    ck_assert_str_eq(seen->steps, "ohac");
    ck_assert_ptr_nonnull(strstr(logged, "event=request "));
}
END_TEST

START_TEST(a_large_cgi_answer_arrives_whole)
{
    setup();
    ck_assert_int_eq(cgi(ENV("REQUEST_METHOD=GET", "PATH_INFO=/large"), "", false), 0);
    ck_assert_ptr_nonnull(strstr(answer, "Content-Length: 300002\r\n"));
    ck_assert_uint_eq(strlen(strstr(answer, "\r\n\r\n") + 4), 300002);
}
END_TEST

START_TEST(an_answer_nobody_reads_is_logged_and_all_is_closed)
{
    setup();
    ck_assert_int_eq(cgi(ENV(POST), "", true), 1);
    ck_assert_ptr_nonnull(strstr(logged, "event=response.lost"));
    ck_assert_str_eq(seen->steps, "ohac");
}
END_TEST

START_TEST(a_program_that_cannot_open_answers_500_and_logs_why)
{
    setup();
    seen->open_fails = true;
    ck_assert_int_eq(cgi(ENV(POST), "", false), 0);
    ck_assert_int_eq(strncmp(answer, "Status: 500 ", 12), 0);
    ck_assert_ptr_null(strstr(answer, "latchkey.conf"));
    ck_assert_ptr_nonnull(
        strstr(logged, "event=open.failed program=test reason=config fault=\"latchkey.conf:3: bad\""));
    ck_assert_str_eq(seen->steps, "oc");
}
END_TEST

START_TEST(a_server_that_has_the_answer_does_not_cut_short_what_follows)
{
    setup();
    seen->ended_early = true;
    ck_assert_int_eq(cgi(ENV(POST), "", false), 0);
    ck_assert_str_eq(seen->steps, "ohac");
}
END_TEST

/* ---- FastCGI ---- */

#define PARAMS_POST "REQUEST_METHOD=POST"
#define MARK        ENV("LATCHKEY_MARK=1")

/* Opened to see how many workers are wanted, and then to serve. */
#define BEGUN                                                                                                          \
    "oc"                                                                                                               \
    "ok"

START_TEST(a_listening_socket_is_known)
{
    int pair[2], fd = listening();
    ck_assert(transport_is_fastcgi(fd));
    ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0);
    ck_assert(!transport_is_fastcgi(pair[0])); /* as mod_cgid hands it over */
    ck_assert_int_eq(pipe(pair), 0);
    ck_assert(!transport_is_fastcgi(pair[0]));
    ck_assert(!transport_is_fastcgi(999));
}
END_TEST

START_TEST(fastcgi_serves_one_request_after_the_other)
{
    setup();
    pid_t child = start(listening(), -1, -1, MARK);
    for (int i = 0; i < 3; i++) {
        char query[32], field[32], length[] = "CONTENT_LENGTH=3";
        snprintf(query, sizeof query, "QUERY_STRING=q%d", i);
        snprintf(field, sizeof field, "X-Query: q%d\r\n", i);
        ck_assert(fastcgi(ENV(PARAMS_POST, query, length), "abc"));
        ck_assert(is_status("200"));
        ck_assert_ptr_nonnull(strstr(answer, field));
        ck_assert_ptr_nonnull(strstr(answer, "\r\n\r\n\"abc\""));
    }
    kill(child, SIGTERM);
    ck_assert_int_eq(exit_status(child), 0);
    ck_assert_str_eq(seen->steps, BEGUN "kha"
                                        "kha"
                                        "kha"
                                        "c");
}
END_TEST

START_TEST(a_kept_connection_takes_further_requests)
{
    setup();
    pid_t child = start(listening(), -1, -1, MARK);
    int fd = connected();
    for (int i = 0; i < 3; i++) {
        send_request(fd, ENV(PARAMS_POST, "CONTENT_LENGTH=3"), "abcdef", true);
        ck_assert(receive_answer(fd));
        ck_assert_ptr_nonnull(strstr(answer, "\r\n\r\n\"abc\""));
    }
    kill(child, SIGTERM);
    ck_assert_int_eq(exit_status(child), 0);
    close(fd);
}
END_TEST

START_TEST(parameters_are_checked_as_the_environment_is)
{
    setup();
    pid_t child = start(listening(), -1, -1, MARK);
    ck_assert(fastcgi(ENV(PARAMS_POST, "HTTP_X=1", "HTTP_X=2"), ""));
    ck_assert(is_status("400"));
    ck_assert(fastcgi(ENV(PARAMS_POST, "CONTENT_LENGTH=9"), "short"));
    ck_assert(is_status("400"));
    ck_assert(fastcgi(ENV(PARAMS_POST, "CONTENT_LENGTH=100001"), ""));
    ck_assert(is_status("413"));
    ck_assert(fastcgi(ENV(PARAMS_POST, "HTTP_COOKIE=a\nb"), ""));
    ck_assert(is_status("400"));
    ck_assert(fastcgi(ENV(PARAMS_POST, "HTTP_X=1", "CONTENT_LENGTH=5"), "short"));
    ck_assert(is_status("200"));
    kill(child, SIGTERM);
    ck_assert_int_eq(exit_status(child), 0);
}
END_TEST

START_TEST(a_large_fastcgi_answer_arrives_whole)
{
    setup();
    pid_t child = start(listening(), -1, -1, MARK);
    ck_assert(fastcgi(ENV("REQUEST_METHOD=GET", "PATH_INFO=/large"), ""));
    ck_assert_uint_eq(strlen(strstr(answer, "\r\n\r\n") + 4), 300002);
    kill(child, SIGTERM);
    ck_assert_int_eq(exit_status(child), 0);
}
END_TEST

START_TEST(a_client_that_has_gone_costs_no_other_its_answer)
{
    int err[2];
    setup();
    ck_assert_int_eq(pipe(err), 0);
    pid_t child = start(listening(), -1, err[1], MARK);
    close(err[1]);
    char byte = 'x';
    int fd = connected();
    send_request(fd, ENV(PARAMS_POST, "PATH_INFO=/waits"), "", false);
    ck_assert_int_eq(read(in_handler[0], &byte, 1), 1);
    close(fd);
    ck_assert_int_eq(write(go_on[1], &byte, 1), 1);
    ck_assert(fastcgi(ENV(PARAMS_POST), ""));
    ck_assert(is_status("200"));
    fd = connected();
    close(fd);
    fd = connected();
    ck_assert_int_eq(write(fd, "not FastCGI at all, but an HTTP client", 38), 38);
    close(fd);
    ck_assert(fastcgi(ENV(PARAMS_POST), ""));
    ck_assert(is_status("200"));
    kill(child, SIGTERM);
    ck_assert_int_eq(exit_status(child), 0);
    read_all(err[0], logged, sizeof logged);
    ck_assert_ptr_nonnull(strstr(logged, "event=response.lost"));
    ck_assert_str_eq(seen->steps, BEGUN "kha"
                                        "kha"
                                        "kha"
                                        "c");
}
END_TEST

START_TEST(sigterm_lets_the_request_in_hand_finish)
{
    char byte = 'x';
    setup();
    pid_t child = start(listening(), -1, -1, MARK);
    int fd = connected();
    send_request(fd, ENV(PARAMS_POST, "PATH_INFO=/waits", "CONTENT_LENGTH=3"), "abc", false);
    ck_assert_int_eq(read(in_handler[0], &byte, 1), 1);
    kill(child, SIGTERM);
    ck_assert_int_eq(write(go_on[1], &byte, 1), 1);
    ck_assert(receive_answer(fd));
    ck_assert_ptr_nonnull(strstr(answer, "\r\n\r\n\"abc\""));
    ck_assert_int_eq(exit_status(child), 0);
    ck_assert_str_eq(seen->steps, BEGUN "kha"
                                        "c");
    close(fd);
}
END_TEST

START_TEST(processes_that_share_a_socket_all_leave)
{
    setup();
    int fd = listening();
    sigset_t term; /* a child inherits this: what is sent before it is ready waits for it */
    sigemptyset(&term);
    sigaddset(&term, SIGTERM);
    sigprocmask(SIG_BLOCK, &term, NULL);
    pid_t child[3];
    for (int i = 0; i < 3; i++)
        child[i] = start(fd, -1, -1, MARK);
    for (int i = 0; i < 20; i++) {
        ck_assert(fastcgi(ENV(PARAMS_POST), ""));
        ck_assert(is_status("200"));
    }
    ck_assert(fcntl(fd, F_GETFL) & O_NONBLOCK); /* or who comes second would wait in accept, deaf */
    for (int i = 0; i < 3; i++)
        kill(child[i], SIGTERM);
    for (int i = 0; i < 3; i++)
        ck_assert_int_eq(exit_status(child[i]), 0);
}
END_TEST

UNIT_MAIN("http_transport", cgi_serves_one_request, a_large_cgi_answer_arrives_whole,
          a_server_that_has_the_answer_does_not_cut_short_what_follows,
          an_answer_nobody_reads_is_logged_and_all_is_closed, a_program_that_cannot_open_answers_500_and_logs_why,
          a_listening_socket_is_known, fastcgi_serves_one_request_after_the_other,
          a_kept_connection_takes_further_requests, parameters_are_checked_as_the_environment_is,
          a_large_fastcgi_answer_arrives_whole, a_client_that_has_gone_costs_no_other_its_answer,
          sigterm_lets_the_request_in_hand_finish, processes_that_share_a_socket_all_leave)
