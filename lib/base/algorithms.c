#include "base/algorithms.h"

#include <openssl/core_dispatch.h>
#include <openssl/provider.h>
#include <stdbool.h>

#include "base/error.h"
#include "base/span.h"

#define NAME      "latchkey"
#define NAMES_MAX 4

/* Weak: NULL where libcrypto is shared. */
extern OSSL_provider_init_fn ossl_default_provider_init __attribute__((weak));

/* By the first of the default provider's names. */
static struct operation {
    int id;
    const char *names[NAMES_MAX];
    OSSL_ALGORITHM found[NAMES_MAX + 1]; /* the default provider's rows for them, looked up when first asked for */
} operations[] = {
    {.id = OSSL_OP_DIGEST, .names = {"SHA2-256", "SHA2-512"}},
    {.id = OSSL_OP_CIPHER, .names = {"AES-256-GCM", "AES-256-CTR", "AES-256-ECB"}}, /* the last two for CTR-DRBG */
    {.id = OSSL_OP_MAC, .names = {"HMAC"}},
    {.id = OSSL_OP_KDF, .names = {"HKDF"}},
    {.id = OSSL_OP_RAND, .names = {"CTR-DRBG", "SEED-SRC"}},
    {.id = OSSL_OP_KEYMGMT, .names = {"EC", "ED25519", "RSA"}},
    {.id = OSSL_OP_SIGNATURE, .names = {"ECDSA", "ED25519", "RSA"}},
};
#define OPERATIONS (sizeof operations / sizeof operations[0])

static OSSL_FUNC_provider_query_operation_fn *query_default;

/* "SHA2-256:SHA-256:SHA256:2.16.840.1.101.3.4.2.1" is used for its first name. */
static bool is_used(const struct operation *o, const char *names)
{
    struct span rest = span_of(names), first;
    span_next(&rest, ':', &first);
    for (size_t i = 0; i < NAMES_MAX && o->names[i]; i++)
        if (span_equals(first, o->names[i]))
            return true;
    return false;
}

static const OSSL_ALGORITHM *filter(struct operation *o, const OSSL_ALGORITHM *all)
{
    size_t n = 0;
    for (; all->algorithm_names && n < NAMES_MAX; all++)
        if (is_used(o, all->algorithm_names))
            o->found[n++] = *all;
    return o->found;
}

static const OSSL_ALGORITHM *query(void *provider, int id, int *no_store)
{
    const OSSL_ALGORITHM *all = query_default(provider, id, no_store);
    for (size_t i = 0; all && i < OPERATIONS; i++)
        if (operations[i].id == id)
            return operations[i].found[0].algorithm_names ? operations[i].found : filter(&operations[i], all);
    return all;
}

/* The default provider's functions, the query excepted. Its context is ours, so what its algorithms fetch themselves
 * (a signature its digest, the generator its cipher) comes from the same lists. */
static int provider_init(const OSSL_CORE_HANDLE *handle, const OSSL_DISPATCH *in, const OSSL_DISPATCH **out,
                         void **context)
{
    static OSSL_DISPATCH functions[16];
    const OSSL_DISPATCH *theirs = NULL;
    size_t n = 0;
    if (!ossl_default_provider_init(handle, in, &theirs, context))
        return 0;
    for (; theirs->function_id && n < sizeof functions / sizeof functions[0] - 1; theirs++, n++) {
        functions[n] = *theirs;
        if (theirs->function_id == OSSL_FUNC_PROVIDER_QUERY_OPERATION) {
            query_default = OSSL_FUNC_provider_query_operation(theirs);
            functions[n].function = (void (*)(void))query;
        }
    }
    functions[n] = (OSSL_DISPATCH){0, NULL};
    *out = functions;
    return query_default != NULL;
}

int algorithms_init(void)
{
    static OSSL_PROVIDER *loaded; /* for the life of the process */
    if (!ossl_default_provider_init || loaded)
        return 0;
    if (OSSL_PROVIDER_add_builtin(NULL, NAME, provider_init) == 1)
        loaded = OSSL_PROVIDER_load(NULL, NAME);
    return loaded ? 0 : LK_CRYPTO;
}
