#include "check/judge.h"
#include "check/reply.h"

#include "unit.h"

#define BARE  "WWW-Authenticate: Bearer realm=\"latchkey\"\r\n"
#define TOKEN "WWW-Authenticate: Bearer realm=\"latchkey\", error=\"invalid_token\", error_description=\"no\"\r\n"
#define JSON  "Content-Type: application/json\r\n"
#define GONE  "Set-Cookie: __Host-s=; Path=/; Secure; HttpOnly; SameSite=Strict; Max-Age=0\r\n"

struct answer_case {
    const char *what;
    long status;
    const char *fields; /* lines, as they come */
    const char *body;
    enum verdict verdict;
    const char *says; /* a part of it; NULL: the row's words */
};

static void fill(struct reply *r, const struct answer_case *c)
{
    struct span rest = span_of(c->fields), line;
    reply_init(r);
    r->status = c->status;
    while (span_next(&rest, '\n', &line))
        reply_field(r, line);
    buf_str(&r->body, c->body);
}

typedef enum verdict judge_fn(const struct reply *r, struct finding *f);

static void try_all(judge_fn *judge, const struct answer_case *cases, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        struct finding f = {BUF_INIT(FINDING_MAX), BUF_INIT(FINDING_MAX)};
        struct reply r;
        fill(&r, &cases[i]);
        ck_assert_msg(judge(&r, &f) == cases[i].verdict, "%s: %s", cases[i].what, buf_cstr(&f.says));
        ck_assert_msg(!cases[i].says || strstr(buf_cstr(&f.says), cases[i].says), "%s: %s", cases[i].what,
                      buf_cstr(&f.says));
        reply_free(&r);
        buf_free(&f.says);
        buf_free(&f.mend);
    }
}
#define TRY(judge, cases) try_all(judge, cases, sizeof cases / sizeof cases[0])

START_TEST(a_program_that_runs_asks_for_a_token)
{
    static const struct answer_case cases[] = {
        {"our challenge", 401, BARE, "{}", CHECK_RIGHT, NULL},
        {"a token from nowhere", 401, TOKEN, "{}", CHECK_WRONG, "not sent"},
        {"the server's own password", 401, "WWW-Authenticate: Basic realm=\"x\"\r\n", "", CHECK_WRONG,
         "something else"},
        {"no challenge", 401, "", "", CHECK_WRONG, "something else"},
        {"the program as a file", 200, "", "\177ELF\2\1", CHECK_WRONG, "as a file"},
        {"another page", 200, "", "<html>", CHECK_WRONG, "200"},
        {"a redirection", 301, "Location: https://x/\r\n", "", CHECK_WRONG, "https://x/"},
        {"not found", 404, "Content-Type: text/html\r\n", "", CHECK_WRONG, "404, and not one of"},
        {"our own fault", 500, JSON, "{\"error\":\"server_error\"}", CHECK_WRONG, "the answer is 500"},
        {"nothing", 0, "", "", CHECK_WRONG, "no answer"},
    };
    TRY(reply_bare, cases);
}
END_TEST

START_TEST(a_bad_token_is_told_from_none)
{
    static const struct answer_case cases[] = {
        {"invalid_token", 401, TOKEN, "{}", CHECK_RIGHT, NULL},
        {"too many bad ones", 429, "", "", CHECK_RIGHT, "it arrives"},
        {"dropped on the way", 401, BARE, "{}", CHECK_WRONG, "as if there were none"},
        {"a fault", 500, "", "", CHECK_WRONG, "500"},
    };
    TRY(reply_bearer, cases);
}
END_TEST

START_TEST(a_cookie_that_nobody_has_is_told_from_none)
{
    static const struct answer_case with[] = {
        {"invalid_grant", 400, JSON, "{\"error\":\"invalid_grant\"}", CHECK_RIGHT, NULL},
        {"dropped on the way", 400, JSON, "{\"error\":\"invalid_request\"}", CHECK_WRONG, "does not arrive"},
        {"too many failures", 429, JSON, "{}", CHECK_UNKNOWN, "too often"},
        {"no JSON", 400, JSON, "invalid_grant", CHECK_WRONG, "400"},
    };
    static const struct answer_case without[] = {
        {"no cookie", 400, JSON, "{\"error\":\"invalid_request\"}", CHECK_RIGHT, NULL},
        {"its own origin refused", 403, JSON, "{\"error\":\"access_denied\"}", CHECK_WRONG, "origin"},
        {"forbidden by the server", 403, "", "", CHECK_WRONG, "403, and not one of"},
        {"a length is demanded", 411, "", "", CHECK_WRONG, "411"},
    };
    TRY(reply_cookie, with);
    TRY(reply_no_cookie, without);
}
END_TEST

static enum verdict set_cookie_s(const struct reply *r, struct finding *f)
{
    return reply_set_cookie(r, "s", f);
}

START_TEST(the_answers_cookie_needs_each_attribute)
{
    static const struct answer_case cases[] = {
        {"as sent", 400, GONE, "", CHECK_RIGHT, NULL},
        {"after another", 400, "Set-Cookie: lb=1; Path=/\r\n" GONE, "", CHECK_RIGHT, NULL},
        {"in other letters", 400, "set-cookie: __Host-s=; path=/; secure; httponly; samesite=strict; max-age=0\r\n", "",
         CHECK_RIGHT, NULL},
        {"none", 400, "", "", CHECK_WRONG, "no Set-Cookie for __Host-s"},
        {"another name", 400, "Set-Cookie: __Host-t=; Path=/; Secure; HttpOnly; SameSite=Strict; Max-Age=0\r\n", "",
         CHECK_WRONG, "no Set-Cookie"},
        {"no Secure", 400, "Set-Cookie: __Host-s=; Path=/; HttpOnly; SameSite=Strict; Max-Age=0\r\n", "", CHECK_WRONG,
         "without Secure"},
        {"no HttpOnly", 400, "Set-Cookie: __Host-s=; Path=/; Secure; SameSite=Strict; Max-Age=0\r\n", "", CHECK_WRONG,
         "without HttpOnly"},
        {"SameSite weakened", 400, "Set-Cookie: __Host-s=; Path=/; Secure; HttpOnly; SameSite=None; Max-Age=0\r\n", "",
         CHECK_WRONG, "without SameSite=Strict"},
        {"another path", 400, "Set-Cookie: __Host-s=; Path=/cgi-bin; Secure; HttpOnly; SameSite=Strict; Max-Age=0\r\n",
         "", CHECK_WRONG, "without Path=/"},
        {"a domain", 400,
         "Set-Cookie: __Host-s=; Domain=x.example; Path=/; Secure; HttpOnly; SameSite=Strict; Max-Age=0\r\n", "",
         CHECK_WRONG, "Domain"},
    };
    TRY(set_cookie_s, cases);
}
END_TEST

START_TEST(a_body_and_a_path_that_get_lost_are_noticed)
{
    static const struct answer_case body[] = {
        {"read", 400, JSON, "{\"error\":\"unsupported_grant_type\"}", CHECK_RIGHT, NULL},
        {"lost", 401, JSON, "{\"error\":\"invalid_request\"}", CHECK_WRONG, "does not arrive"},
        {"too large for the server", 413, "", "", CHECK_WRONG, "413"},
    };
    static const struct answer_case path[] = {
        {"ours", 404, "Content-Type: application/problem+json; charset=utf-8\r\n", "{}", CHECK_RIGHT, NULL},
        {"the server's", 404, "Content-Type: text/html\r\n", "", CHECK_WRONG, "server itself"},
        {"lost", 401, BARE, "{}", CHECK_WRONG, "rest of the path"},
    };
    TRY(reply_body, body);
    TRY(reply_path, path);
}
END_TEST

static enum verdict jwks_k(const struct reply *r, struct finding *f)
{
    return reply_jwks(r, span_of("{\"keys\":[1]}"), f);
}

START_TEST(the_published_set_is_the_file_byte_for_byte)
{
    static const struct answer_case cases[] = {
        {"the same", 200, JSON, "{\"keys\":[1]}", CHECK_RIGHT, NULL},
        {"its own type", 200, "Content-Type: Application/jwk-set+json\r\n", "{\"keys\":[1]}", CHECK_RIGHT, NULL},
        {"an older one", 200, JSON, "{\"keys\":[2]}", CHECK_WRONG, "not what"},
        {"more", 200, JSON, "{\"keys\":[1]} ", CHECK_WRONG, "not what"},
        {"nothing", 200, JSON, "", CHECK_WRONG, "not what"},
        {"as text", 200, "Content-Type: text/plain\r\n", "{\"keys\":[1]}", CHECK_WRONG, "text/plain"},
        {"without a type", 200, "", "{\"keys\":[1]}", CHECK_WRONG, "no media type"},
        {"not there", 404, "", "", CHECK_WRONG, "404"},
    };
    TRY(jwks_k, cases);
}
END_TEST

START_TEST(facts_are_judged_by_their_limits)
{
    struct finding f = {BUF_INIT(FINDING_MAX), BUF_INIT(FINDING_MAX)};
    ck_assert_int_eq(judge_space(JUDGE_BYTES_MIN, JUDGE_FILES_MIN, true, &f), CHECK_RIGHT);
    ck_assert_int_eq(judge_space(JUDGE_BYTES_MIN - 1, JUDGE_FILES_MIN, true, &f), CHECK_WRONG);
    ck_assert_int_eq(judge_space(JUDGE_BYTES_MIN, JUDGE_FILES_MIN - 1, true, &f), CHECK_WRONG);
    ck_assert_int_eq(judge_space(JUDGE_BYTES_MIN, 0, false, &f), CHECK_RIGHT);
    ck_assert_int_eq(judge_clock("x", 1000, 1060, 60, &f), CHECK_RIGHT);
    ck_assert_int_eq(judge_clock("x", 1000, 940, 60, &f), CHECK_RIGHT);
    ck_assert_int_eq(judge_clock("x", 1000, 1061, 60, &f), CHECK_WRONG);
    ck_assert_str_eq(buf_cstr(&f.says), "the clock is 61 seconds ahead of that of x");
    ck_assert_int_eq(judge_clock("x", 1000, 939, 60, &f), CHECK_WRONG);
    ck_assert_str_eq(buf_cstr(&f.says), "the clock is 61 seconds behind that of x");
    ck_assert_int_eq(judge_database(&(struct db_facts){3, true}, 3, &f), CHECK_RIGHT);
    ck_assert_int_eq(judge_database(&(struct db_facts){2, true}, 3, &f), CHECK_RIGHT);
    ck_assert_int_eq(judge_database(&(struct db_facts){0, false}, 3, &f), CHECK_RIGHT);
    ck_assert_int_eq(judge_database(&(struct db_facts){4, true}, 3, &f), CHECK_WRONG);
    ck_assert_int_eq(judge_database(&(struct db_facts){3, false}, 3, &f), CHECK_WRONG);
    buf_free(&f.says);
    buf_free(&f.mend);
}
END_TEST

UNIT_MAIN("check_reply", a_program_that_runs_asks_for_a_token, a_bad_token_is_told_from_none,
          a_cookie_that_nobody_has_is_told_from_none, the_answers_cookie_needs_each_attribute,
          a_body_and_a_path_that_get_lost_are_noticed, the_published_set_is_the_file_byte_for_byte,
          facts_are_judged_by_their_limits)
