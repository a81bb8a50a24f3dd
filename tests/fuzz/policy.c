/* claims.json. What loads always applies: all that it can grant fits into a token, and no name is there twice. */
#include "auth/claims.h"
#include "base/error.h"
#include "base/parse.h"
#include "mutate_json.h"

static const struct identity people[] = {
    {.subject = "s"},
    {.subject = "s", .role = "admin"},
    {.subject = "s", .role = "admin, editor,user", .email = "a@b", .email_verified = true},
    {.subject = "sub:s", .role = ",,", .email = "a@b"},
};

static void has_each_once(const char *list)
{
    struct span rest = span_of(list), part, later;
    while (rest.n && span_next(&rest, ' ', &part)) {
        HOLDS(part.n > 0 && part.n <= CLAIMS_NAME_MAX);
        for (struct span others = rest; others.p && span_next(&others, ' ', &later);)
            HOLDS(!same(part, later));
    }
}

static void applies(const struct claims_policy *policy)
{
    for (size_t i = 0; i < sizeof people / sizeof people[0]; i++) {
        struct grants grants, again;
        HOLDS(claims_apply(policy, &people[i], &grants) == 0);
        HOLDS(claims_apply(policy, &people[i], &again) == 0);
        HOLDS(strcmp(grants.roles, again.roles) == 0 && strcmp(grants.features, again.features) == 0);
        has_each_once(grants.roles);
        has_each_once(grants.features);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct claims_policy *policy = NULL;
    struct buf fault = BUF_INIT(4096);
    int error = claims_parse("claims.json", input_of(data, size), &policy, &fault);
    HOLDS(error == 0 || error == LK_CONFIG);
    HOLDS((error == 0) == (fault.n == 0));
    HOLDS(!parse_has_control(buf_all(&fault)));
    if (!error)
        applies(policy);
    claims_free(policy);
    buf_free(&fault);
    return 0;
}
