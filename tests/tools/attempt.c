/* A CGI that tries what a CGI should not be able to do, once it is confined as ATTEMPT_AS says (exchange, refresh,
 * api). Its path is the attempt; the answer is "done", or "refused: " and why. PATH_INFO=/tcp ATTEMPT_AS=api
 * ATTEMPT_FILE=... attempt */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/landlock.h>
#include <sched.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "http/problem.h"
#include "http/serve.h"
#include "store/db.h"
#include "web/web.h"

static const char *file(void)
{
    const char *path = getenv("ATTEMPT_FILE");
    return path ? path : "";
}

static int opened(int flags)
{
    int fd = open(file(), flags | O_CLOEXEC, 0600);
    return fd < 0 ? errno : close(fd) ? errno : 0;
}

static int read_file(void)
{
    return opened(O_RDONLY);
}

static int write_file(void)
{
    return opened(O_WRONLY | O_CREAT);
}

static int truncate_file(void)
{
    return truncate(file(), 0) ? errno : 0;
}

static int remove_file(void)
{
    return unlink(file()) ? errno : 0;
}

/* Not by fork, which may be what is refused. */
static int exec_alone(void)
{
    execl(file(), "program", NULL);
    return errno;
}

static int exec_child(void)
{
    int status = 0;
    pid_t pid = fork();
    if (pid == 0)
        _exit(exec_alone());
    if (pid < 0 || waitpid(pid, &status, 0) != pid)
        return errno;
    return WIFEXITED(status) ? WEXITSTATUS(status) : EINTR;
}

static int make_socket(void)
{
    int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    return fd < 0 ? errno : close(fd) ? errno : 0;
}

/* Nobody listens on port 1, so what gets through is ECONNREFUSED. */
static int connect_tcp(void)
{
    struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons(1), .sin_addr = {htonl(INADDR_LOOPBACK)}};
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return errno;
    int failed = connect(fd, (struct sockaddr *)&to, sizeof to) ? errno : 0;
    close(fd);
    return failed == ECONNREFUSED ? 0 : failed;
}

/* As FastCGI does between two requests of one connection. */
static int peek(void)
{
    char byte;
    return recv(STDIN_FILENO, &byte, sizeof byte, MSG_PEEK | MSG_DONTWAIT) < 0 ? errno : 0;
}

static int trace_parent(void)
{
    pid_t parent = getppid();
    if (ptrace(PTRACE_ATTACH, parent, NULL, NULL))
        return errno;
    waitpid(parent, NULL, 0);
    ptrace(PTRACE_DETACH, parent, NULL, NULL);
    return 0;
}

static int make_code(void)
{
    void *p = mmap(NULL, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    return p == MAP_FAILED ? errno : munmap(p, 4096) ? errno : 0;
}

static int leave_namespace(void)
{
    return unshare(CLONE_NEWUTS) ? errno : 0;
}

/* Not attempts, but what the kernel has: ABI 3 knows truncate, ABI 4 TCP. */
static int landlock(long abi)
{
    return syscall(SYS_landlock_create_ruleset, NULL, 0, LANDLOCK_CREATE_RULESET_VERSION) >= abi ? 0 : ENOSYS;
}

static int landlock_1(void)
{
    return landlock(1);
}

static int landlock_3(void)
{
    return landlock(3);
}

static int landlock_4(void)
{
    return landlock(4);
}

/* More than SQLite sorts in memory. */
static int sort_much(void)
{
    static const char sql[] =
        "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 8000) "
        "SELECT count(*) FROM (SELECT hex(randomblob(1000)) AS b FROM n ORDER BY b LIMIT -1 OFFSET 1)";
    struct buf fault = BUF_INIT(1024);
    struct db *db = NULL;
    struct db_row *row = NULL;
    int error = db_open(file(), 1000, &db, &fault);
    if (!error)
        error = db_query(db, sql, NULL, 0, &row);
    if (!error)
        error = db_next(row);
    if (error)
        fprintf(stderr, "%s\n", db ? db_fault(db) : buf_cstr(&fault));
    db_done(row);
    db_close(db);
    buf_free(&fault);
    return error ? EIO : 0;
}

static int keep_privileges(void)
{
    return prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) == 1 ? EPERM : 0;
}

static int be_dumped(void)
{
    return prctl(PR_GET_DUMPABLE, 0, 0, 0, 0) == 0 ? EPERM : 0;
}

static const struct attempt {
    const char *path;
    int (*make)(void); /* 0, or errno */
} attempts[] = {
    {"nothing", NULL},           {"read", read_file},        {"write", write_file},
    {"truncate", truncate_file}, {"remove", remove_file},    {"exec", exec_alone},
    {"child", exec_child},       {"socket", make_socket},    {"tcp", connect_tcp},
    {"ptrace", trace_parent},    {"code", make_code},        {"unshare", leave_namespace},
    {"setuid", keep_privileges}, {"dump", be_dumped},        {"peek", peek},
    {"sort", sort_much},         {"landlock-1", landlock_1}, {"landlock-3", landlock_3},
    {"landlock-4", landlock_4},
};

static int attempt(struct request *req, struct response *res, void *state)
{
    char param[32], said[64] = "done";
    (void)state;
    snprintf(param, sizeof param, "%.*s", (int)req->param.n, req->param.p);
    size_t i = 0;
    while (i < sizeof attempts / sizeof *attempts && strcmp(attempts[i].path, param) != 0)
        i++;
    if (i == sizeof attempts / sizeof *attempts) {
        problem(res, 404, "There is no such attempt.");
        return 0;
    }
    int error = attempts[i].make ? attempts[i].make() : 0;
    if (error)
        snprintf(said, sizeof said, "refused: %s", strerrorname_np(error));
    json_t *body = json_string(said);
    response_json(res, 200, "application/json", body);
    json_decref(body);
    return 0;
}

static enum confine_kind confinement(const struct conf *conf)
{
    const char *as = getenv("ATTEMPT_AS");
    return !as                           ? CONFINE_NOT
           : strcmp(as, "exchange") == 0 ? web_confine_exchange(conf)
           : strcmp(as, "refresh") == 0  ? web_confine_refresh(conf)
                                         : web_confine_api(conf);
}

static const struct route routes[] = {{METHOD_GET, "/{}", NULL, attempt, NULL}};
static const struct program program = {.name = "attempt",
                                       .routes = routes,
                                       .route_count = 1,
                                       .open = web_open,
                                       .close = web_close,
                                       .keep = web_keep,
                                       .fault = web_fault,
                                       .confinement = confinement};

int main(void)
{
    _exit(serve(&program, environ));
}
