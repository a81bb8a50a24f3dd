#include "http/route.h"

#include "unit.h"

static int nothing(struct request *req, struct response *res, void *state)
{
    (void)req, (void)res, (void)state;
    return 0;
}

static const struct route routes[] = {
    {METHOD_GET, "", NULL, nothing, NULL},        {METHOD_POST, "", "application/json", nothing, NULL},
    {METHOD_GET, "/{}", NULL, nothing, NULL},     {METHOD_DELETE, "/{}", NULL, nothing, NULL},
    {METHOD_POST, "/{}/end", "*", nothing, NULL},
};
static const struct program program = {.name = "test", .routes = routes, .route_count = 5};

START_TEST(patterns_match_whole_paths)
{
    static const struct {
        const char *pattern, *path;
        const char *param; /* NULL: no match */
    } cases[] = {
        {"", "", ""},
        {"", "/", ""},
        {"/", "", ""},
        {"/", "/", ""},
        {"", "/x", NULL},
        {"", "//", NULL},
        {"/{}", "/x", "x"},
        {"/{}", "/..", ".."},
        {"/{}", "/", NULL},
        {"/{}", "", NULL},
        {"/{}", "/x/", NULL},
        {"/{}", "//x", NULL},
        {"/{}", "/x/y", NULL},
        {"/{}", "x", NULL},
        {"/{}/end", "/x/end", "x"},
        {"/{}/end", "/x/en", NULL},
        {"/{}/end", "/x", NULL},
        {"/{}/end", "//end", NULL},
        {"/{}/end", "/x/endx", NULL},
        {"/me", "/me", ""},
        {"/me", "/ME", NULL},
        {"/me", "/m", NULL},
        {"/me", "/me/", NULL},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct span param = {"untouched", 9};
        bool matched = route_matches(cases[i].pattern, cases[i].path, &param);
        ck_assert_msg(matched == (cases[i].param != NULL), "%s %s", cases[i].pattern, cases[i].path);
        ck_assert(span_equals(param, cases[i].param ? cases[i].param : "untouched"));
    }
}
END_TEST

START_TEST(allow_lists_the_methods_of_the_path_exactly)
{
    char allow[ROUTE_ALLOW_SIZE];
    ck_assert(route_allow(&program, "", allow));
    ck_assert_str_eq(allow, "GET, HEAD, POST, OPTIONS");
    ck_assert(route_allow(&program, "/x", allow));
    ck_assert_str_eq(allow, "GET, HEAD, DELETE, OPTIONS");
    ck_assert(route_allow(&program, "/x/end", allow));
    ck_assert_str_eq(allow, "POST, OPTIONS");
    ck_assert(!route_allow(&program, "/x/other", allow));
}
END_TEST

START_TEST(every_method_at_once_fits_allow)
{
    static const struct route all[] = {
        {METHOD_GET, "", NULL, nothing, NULL},    {METHOD_POST, "", "*", nothing, NULL},
        {METHOD_PUT, "", "*", nothing, NULL},     {METHOD_PATCH, "", "*", nothing, NULL},
        {METHOD_DELETE, "", NULL, nothing, NULL},
    };
    char allow[ROUTE_ALLOW_SIZE];
    route_allow(&(struct program){.routes = all, .route_count = 5}, "", allow);
    ck_assert_str_eq(allow, "GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS");
}
END_TEST

START_TEST(head_finds_get_and_others_find_themselves)
{
    struct span param;
    ck_assert_ptr_eq(route_find(&program, METHOD_GET, "/", &param), &routes[0]);
    ck_assert_ptr_eq(route_find(&program, METHOD_HEAD, "/", &param), &routes[0]);
    ck_assert_ptr_eq(route_find(&program, METHOD_POST, "", &param), &routes[1]);
    ck_assert_ptr_eq(route_find(&program, METHOD_DELETE, "/7", &param), &routes[3]);
    ck_assert(span_equals(param, "7"));
    ck_assert_ptr_null(route_find(&program, METHOD_HEAD, "/7/end", &param));
    ck_assert_ptr_null(route_find(&program, METHOD_PUT, "", &param));
    ck_assert_ptr_null(route_find(&program, METHOD_OTHER, "", &param));
}
END_TEST

UNIT_MAIN("http_route", patterns_match_whole_paths, allow_lists_the_methods_of_the_path_exactly,
          every_method_at_once_fits_allow, head_finds_get_and_others_find_themselves)
