/* A CGI or FastCGI program that answers with its user id, its variables as the server set them, one a line, and the
 * number of bytes that the body had: what a server really hands over. */
#include <fcgiapp.h>
#include <unistd.h>

#define HEAD "Status: 200 OK\r\nContent-Type: text/plain\r\n\r\n"

static int as_cgi(void)
{
    char bytes[4096];
    size_t body = 0;
    for (ssize_t n; (n = read(STDIN_FILENO, bytes, sizeof bytes)) > 0;)
        body += (size_t)n;
    printf(HEAD "uid=%d\n", (int)getuid());
    for (char **variable = environ; *variable; variable++)
        printf("%s\n", *variable);
    printf("body=%zu\n", body);
    return 0;
}

int main(void)
{
    char bytes[4096];
    FCGX_Stream *in, *out, *err;
    FCGX_ParamArray env;
    if (FCGX_IsCGI())
        return as_cgi();
    while (FCGX_Accept(&in, &out, &err, &env) == 0) {
        size_t body = 0;
        for (int n; (n = FCGX_GetStr(bytes, sizeof bytes, in)) > 0;)
            body += (size_t)n;
        FCGX_FPrintF(out, HEAD "uid=%d\n", (int)getuid());
        for (; env && *env; env++)
            FCGX_FPrintF(out, "%s\n", *env);
        FCGX_FPrintF(out, "body=%d\n", (int)body);
    }
    return 0;
}
