#include "http/problem.h"

#include "unit.h"

static struct response res;

START_TEST(a_problem_has_type_title_status_and_detail)
{
    response_init(&res);
    problem(&res, 404, "There is nothing here.");
    ck_assert_int_eq(res.status, 404);
    ck_assert_str_eq(res.media_type, "application/problem+json");
    ck_assert_str_eq(buf_cstr(&res.body), "{\"type\":\"about:blank\",\"title\":\"Not Found\",\"status\":404,"
                                          "\"detail\":\"There is nothing here.\"}");
    response_free(&res);
}
END_TEST

START_TEST(a_problem_may_have_no_detail)
{
    response_init(&res);
    problem(&res, 500, NULL);
    ck_assert_str_eq(buf_cstr(&res.body),
                     "{\"type\":\"about:blank\",\"title\":\"Internal Server Error\",\"status\":500}");
    response_free(&res);
}
END_TEST

START_TEST(an_oauth_error_is_never_stored)
{
    response_init(&res);
    oauth_error(&res, 400, "invalid_grant", "The session has ended.");
    ck_assert_int_eq(res.status, 400);
    ck_assert_str_eq(res.media_type, "application/json");
    ck_assert_str_eq(buf_cstr(&res.head), "Cache-Control: no-store\r\n");
    ck_assert_str_eq(buf_cstr(&res.body),
                     "{\"error\":\"invalid_grant\",\"error_description\":\"The session has ended.\"}");
    oauth_error(&res, 400, "invalid_grant", NULL);
    ck_assert_str_eq(buf_cstr(&res.head), "Cache-Control: no-store\r\n");
    ck_assert_str_eq(buf_cstr(&res.body), "{\"error\":\"invalid_grant\"}");
    response_free(&res);
}
END_TEST

START_TEST(fields_that_were_added_before_stay)
{
    response_init(&res);
    response_header(&res, "WWW-Authenticate", "Bearer");
    problem(&res, 401, NULL);
    ck_assert(response_has(&res, "WWW-Authenticate"));
    response_free(&res);
}
END_TEST

START_TEST(statuses_have_the_words_of_rfc_9110)
{
    ck_assert_str_eq(status_text(200), "OK");
    ck_assert_str_eq(status_text(204), "No Content");
    ck_assert_str_eq(status_text(413), "Content Too Large");
    ck_assert_str_eq(status_text(429), "Too Many Requests");
    ck_assert_str_eq(status_text(999), "Unknown");
}
END_TEST

START_TEST(a_problem_may_list_its_faults)
{
    json_t *errors = json_pack("[{s:s, s:s}]", "pointer", "/a", "detail", "b");
    response_init(&res);
    problem_errors(&res, 422, "Some members are wrong.", errors);
    ck_assert_int_eq(res.status, 422);
    ck_assert_str_eq(res.media_type, "application/problem+json");
    ck_assert_str_eq(buf_cstr(&res.body),
                     "{\"type\":\"about:blank\",\"title\":\"Unprocessable Content\",\"status\":422,"
                     "\"detail\":\"Some members are wrong.\",\"errors\":[{\"pointer\":\"/a\",\"detail\":\"b\"}]}");
    json_decref(errors);
    response_free(&res);
}
END_TEST

UNIT_MAIN("http_problem", a_problem_has_type_title_status_and_detail, a_problem_may_have_no_detail,
          an_oauth_error_is_never_stored, fields_that_were_added_before_stay, statuses_have_the_words_of_rfc_9110,
          a_problem_may_list_its_faults)
