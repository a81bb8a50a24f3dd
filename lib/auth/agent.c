#include "auth/agent.h"

#include <stddef.h>
#include <stdio.h>
#include <string.h>

struct mark {
    const char *mark, *name;
};

/* The first that is found counts: most browsers also carry the marks of others. */
static const struct mark browsers[] = {
    {"Edg/", "Edge"},        {"EdgA/", "Edge"},       {"EdgiOS/", "Edge"},
    {"OPR/", "Opera"},       {"Vivaldi/", "Vivaldi"}, {"SamsungBrowser/", "Samsung Internet"},
    {"Firefox/", "Firefox"}, {"FxiOS/", "Firefox"},   {"CriOS/", "Chrome"},
    {"Chrome/", "Chrome"},   {"Safari/", "Safari"},   {"curl/", "curl"},
    {"Wget/", "Wget"},       {"python-", "Python"},   {"Python-", "Python"},
    {"node", "Node.js"},     {"okhttp/", "OkHttp"},
};
static const struct mark systems[] = {
    {"iPhone", "iPhone"}, {"iPad", "iPad"},      {"Android", "Android"}, {"Windows", "Windows"},
    {"CrOS", "ChromeOS"}, {"Mac OS X", "macOS"}, {"Linux", "Linux"},
};

static const char *find(const struct mark *marks, size_t n, const char *text)
{
    for (size_t i = 0; i < n; i++)
        if (strstr(text, marks[i].mark))
            return marks[i].name;
    return NULL;
}

void agent_coarse(const char *user_agent, char out[AGENT_SIZE])
{
    const char *browser = find(browsers, sizeof browsers / sizeof browsers[0], user_agent);
    const char *os = find(systems, sizeof systems / sizeof systems[0], user_agent);
    if (browser && os)
        snprintf(out, AGENT_SIZE, "%s on %s", browser, os);
    else
        snprintf(out, AGENT_SIZE, "%s", browser ? browser : os ? os : "unknown");
}
