/* The baseline for FastCGI: two processes on one socket that answer and do nothing else, as a supervisor's two workers
 * would. As a CGI it is what hello is. */
#include <fcgiapp.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#define PROCESSES 2

static const char answer[] = "Status: 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 6\r\n\r\nhello\n";

static void serve(void)
{
    FCGX_Request request;
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (FCGX_Init() || FCGX_InitRequest(&request, STDIN_FILENO, 0))
        _exit(1);
    while (FCGX_Accept_r(&request) == 0) {
        FCGX_PutStr(answer, sizeof answer - 1, request.out);
        FCGX_Finish_r(&request);
    }
    _exit(0);
}

int main(void)
{
    if (FCGX_IsCGI())
        return write(STDOUT_FILENO, answer, sizeof answer - 1) == (ssize_t)(sizeof answer - 1) ? 0 : 1;
    for (int i = 0; i < PROCESSES; i++)
        if (fork() == 0)
            serve();
    while (wait(NULL) > 0)
        ;
    return 0;
}
