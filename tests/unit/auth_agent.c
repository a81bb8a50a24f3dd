#include "auth/agent.h"

#include <string.h>

#include "unit.h"

START_TEST(a_browser_and_its_system_are_named)
{
    static const struct {
        const char *field, *coarse;
    } cases[] = {
        {"Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0", "Firefox on Linux"},
        {"Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/126.0 Safari/537.36",
         "Chrome on Windows"},
        {"Mozilla/5.0 (Windows NT 10.0) AppleWebKit/537.36 Chrome/126.0 Safari/537.36 Edg/126.0", "Edge on Windows"},
        {"Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) AppleWebKit/605.1.15 Version/17.5 Safari/604.1",
         "Safari on iPhone"},
        {"Mozilla/5.0 (Macintosh; Intel Mac OS X 14_5) AppleWebKit/605.1.15 Version/17.5 Safari/605.1.15",
         "Safari on macOS"},
        {"Mozilla/5.0 (Linux; Android 14) AppleWebKit/537.36 Chrome/126.0 Mobile Safari/537.36", "Chrome on Android"},
        {"curl/7.88.1", "curl"},
    };
    char out[AGENT_SIZE];
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        agent_coarse(cases[i].field, out);
        ck_assert_str_eq(out, cases[i].coarse);
    }
}
END_TEST

START_TEST(what_is_not_known_is_not_repeated)
{
    char out[AGENT_SIZE];
    agent_coarse("", out);
    ck_assert_str_eq(out, "unknown");
    agent_coarse("<script>alert(1)</script>", out);
    ck_assert_str_eq(out, "unknown");
    agent_coarse("Linux <b>", out);
    ck_assert_str_eq(out, "Linux");
}
END_TEST

UNIT_MAIN("auth_agent", a_browser_and_its_system_are_named, what_is_not_known_is_not_repeated)
