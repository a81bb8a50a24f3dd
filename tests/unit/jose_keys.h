#ifndef LK_TESTS_UNIT_JOSE_KEYS_H
#define LK_TESTS_UNIT_JOSE_KEYS_H

#include <openssl/err.h>

#include "base/b64.h"
#include "base/error.h"
#include "base/json.h"
#include "jose/jws.h"
#include "unit.h"

/* The keys of the RFCs, as data, and the few steps that every test of this room takes. */

#define RFC7515_A2_N                                                                                                   \
    "ofgWCuLjybRlzo0tZWJjNiuSfb4p4fAkd_wWJcyQoTbji9k0l8W26mPddxHmfHQp-Vaw-4qPCJrcS2mJPMEzP1Pt0Bm4d4QlL-yRT-SFd2lZS-"   \
    "pCg"                                                                                                              \
    "NMsD1W_YpRPEwOWvG6b32690r2jZ47soMZo9wGzjb_7OMg0LOL-bSf63kpaSHSXndS5z5rexMdbBYUsLA9e-KXBdQOS-"                     \
    "UTo7WTBEMa2R2CapHg665xs"                                                                                          \
    "mtdVMTBQY4uDZlxvb3qCo5ZwKh9kG4LT6_I5IhlJH7aGhyxXFvUK-DWNmoudF8NAco9_"                                             \
    "h9iaGNj8q2ethFkMLs91kzk2PAcDTW9gb54h4FRWyuXpoQ"
#define RFC7515_A2_PUBLIC "\"kty\":\"RSA\",\"n\":\"" RFC7515_A2_N "\",\"e\":\"AQAB\""
#define RFC7515_A2_D                                                                                                   \
    "Eq5xpGnNCivDflJsRQBXHx1hdR1k6Ulwe2JZD50LpXyWPEAeP88vLNO97IjlA7_GQ5sLKMgvfTeXZx9SE-7YwVol2NXOoAJe46sui395IW_GO-"   \
    "pWJ"                                                                                                              \
    "1O0BkTGoVEn2bKVRUCgu-GjBVaYLU6f3l9kJfFNS3E0QbVdxzubSu3Mkqzjkn439X0M_V51gfpRLI9JYanrC4D4qAdGcopV_"                 \
    "0ZHHzQlBjudU2QvXt4"                                                                                               \
    "ehNYTCBr6XCLQUShb1juUO1ZdiYoFaFQT5Tw8bGUl_x_jTj3ccPDVZFD9pIuhLhBOneufuBiB4cS98l2SR_"                              \
    "RQyGWSeWjnczT0QU91p1DhOVRuOopznQ"
#define RFC7515_A2_P                                                                                                   \
    "4BzEEOtIpmVdVEZNCqS7baC4crd0pqnRH_5IB3jw3bcxGn6QLvnEtfdUdiYrqBdss1l58BQ3KhooKeQTa9AB0Hw_"                         \
    "Py5PJdTJNPY8cQn7ouZ2KKDcm"                                                                                        \
    "nPGBY5t7yLc1QlQ5xHdwW1VhvKn-nXqhJTBgIPgtldC-KDV5z-y2XDwGUc"
#define RFC7515_A2_Q                                                                                                   \
    "uQPEfgmVtjL0Uyyx88GZFF1fOunH3-7cepKmtH4pxhtCoHqpWmT8YAmZxaewHgHAjLYsp1ZSe7zFYHj7C6ul7TjeLQeZD_YwD66t62wDmpe_HlB-" \
    "T"                                                                                                                \
    "nBA-njbglfIsRLtXlnDzQkv5dTltRJ11BKBBypeeF6689rjcJIDEz9RWdc"
#define RFC7515_A2_DP                                                                                                  \
    "BwKfV3Akq5_MFZDFZCnW-wzl-CCo83WoZvnLQwCTeDv8uzluRSnm71I3QCLdhrqE2e9YkxvuxdBfpT_PI7Yz-"                            \
    "FOKnu1R6HsJeDCjn12Sk3vmAktV2"                                                                                     \
    "zb34MCdy7cpdTh_YVr7tss2u6vneTwrA86rZtu5Mbr1C1XsmvkxHQAdYo0"
#define RFC7515_A2_DQ                                                                                                  \
    "h_96-mK1R_7glhsum81dZxjTnYynPbZpHziZjeeHcXYsXaaMwkOlODsWa7I9xXDoRwbKgB719rrmI2oKr6N3Do9U0ajaHF-NKJnwgjMd2w9cjz3_" \
    "-"                                                                                                                \
    "kyNlxAr2v4IKhGNpmM5iIgOS1VZnOZ68m6_pbLBSp3nssTdlqvd0tIiTHU"
#define RFC7515_A2_QI                                                                                                  \
    "IYd7DHOhrWvxkwPQsRM2tOgrjbcrfvtQJipd-DlcxyVuuM9sQLdgjVk2oy26F0EmpScGLq2MowX7fhd_"                                 \
    "QJQ3ydy5cY7YIBi87w93IKLEdfnbJtoOP"                                                                                \
    "LUW0ITrJReOgo1cq9SbsxYawBgfp_gh6A5603k2-ZQwVK0JKSHuLFkuQ3U"
#define RFC7515_A2_PRIVATE                                                                                             \
    RFC7515_A2_PUBLIC ",\"d\":\"" RFC7515_A2_D "\",\"p\":\"" RFC7515_A2_P "\",\"q\":\"" RFC7515_A2_Q                   \
                      "\",\"dp\":\"" RFC7515_A2_DP "\",\"dq\":\"" RFC7515_A2_DQ "\",\"qi\":\"" RFC7515_A2_QI "\""
#define RFC7515_A2_TOKEN                                                                                               \
    "eyJhbGciOiJSUzI1NiJ9."                                                                                            \
    "eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVl"                     \
    "fQ.cC4hiUPoj9Eetdgtv3hF80EGrhuB__dzERat0XF9g2VtQgr9PJbu3XOiZj5RZmh7AAuHIm4Bh-0Qc_lF5YKt_"                         \
    "O8W2Fp5jujGbds9uJdbF9CUAr7"                                                                                       \
    "t1dnZcAcQjbKBYNX4BAynRFdiuB--f_nZLgrnbyTyWzO75vRK5h6xBArLIARNPvkSjtQBMHlb1L07Qe7K0GarZRmB_eSN9383LcOLn6_dO--"     \
    "xi12jz"                                                                                                           \
    "DwusC-eOkHWEsqtFZESc6BfI7noOPqvhJ1phCnvWh6IeYI2w9QOYEUipUTI8np6LbgGY9Fs98rqVt5AXLIhWkWywlVmtVrBp0igcN_"           \
    "IoypGlUPQGe7"                                                                                                     \
    "7Rw"

#define RFC7515_A3_PUBLIC                                                                                              \
    "\"kty\":\"EC\",\"crv\":\"P-256\",\"x\":\"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU\","                          \
    "\"y\":\"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0\""
#define RFC7515_A3_PRIVATE RFC7515_A3_PUBLIC ",\"d\":\"jpsQnnGQmL-YBIffH1136cspYG6-0iY7X1fCE9-E9LI\""
#define RFC7515_A3_TOKEN                                                                                               \
    "eyJhbGciOiJFUzI1NiJ9."                                                                                            \
    "eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVl"                     \
    "fQ.DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa8ISlSApmWQxfKTUJqPP3-Kg6NU1Q"

#define RFC7515_A4_PUBLIC                                                                                              \
    "\"kty\":\"EC\",\"crv\":\"P-521\","                                                                                \
    "\"x\":\"AekpBQ8ST8a8VcfVOTNl353vSrDCLLJXmPk06wTjxrrjcBpXp5EOnYG_NjFZ6OvLFV1jSfS9tsz4qUxcWceqwQGk\","              \
    "\"y\":\"ADSmRA43Z1DSNx_RvcLI87cdL07l6jQyyBXMoxVg_l2Th-x3S1WDhjDly79ajL4Kkd0AZMaZmh9ubmf63e3kyMj2\""
#define RFC7515_A4_PRIVATE                                                                                             \
    RFC7515_A4_PUBLIC                                                                                                  \
    ",\"d\":\"AY5pb7A0UFiB3RELSD64fTLOSV_jazdF7fLYyuTw8lOfRhWg6Y6rUrPAxerEzgdRhajnu0ferB0d53vM9mE15j2C\""
#define RFC7515_A4_TOKEN                                                                                               \
    "eyJhbGciOiJFUzUxMiJ9.UGF5bG9hZA.AdwMgeerwtHoh-l192l60hp9wAHZFVJbLfD_UxMi70cwnZOYaRI1bKPWROc-mZZqwqT2SI-"          \
    "KGDKB34XO0"                                                                                                       \
    "aw_7XdtAG8GaSwFKdCAPZgoXD2YBJZCPEX3xKpRwcdOO8KpEHwJjyqOgzDO7iKvU8vcnwNrmxYbSW9ERBXukOXolLzeO_Jn"

#define RFC8037_A2_X       "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"
#define RFC8037_A2_PUBLIC  "\"kty\":\"OKP\",\"crv\":\"Ed25519\",\"x\":\"" RFC8037_A2_X "\""
#define RFC8037_A1_PRIVATE RFC8037_A2_PUBLIC ",\"d\":\"nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A\""
#define RFC8037_A4_TOKEN                                                                                               \
    "eyJhbGciOiJFZERTQSJ9.RXhhbXBsZSBvZiBFZDI1NTE5IHNpZ25pbmc.hgyY0il_MGCjP0JzlnLWG1PPOt7-"                            \
    "09PGcvMg3AIbQR6dWbhijcNR4ki4"                                                                                     \
    "iylGjg5BhVsPt9g7sVvpAr_MuM0KAg"

static inline json_t *json_of(const char *text)
{
    json_t *value = json_loads(text, JSON_DECODE_ANY, NULL);
    ck_assert_msg(value != NULL, "%s", text);
    return value;
}

/* "{" members "}" as a key. */
static inline struct jwk *private_key(const char *members)
{
    struct jwk *key = NULL;
    char text[4096];
    snprintf(text, sizeof text, "{%s}", members);
    json_t *object = json_of(text);
    int error = jwk_parse_private(object, &key);
    ck_assert_msg(error == 0, "%s", lk_error_code(error));
    json_decref(object);
    return key;
}

static inline int public_error(const json_t *object)
{
    struct jwk *key = NULL;
    int error = jwk_parse_public(object, &key);
    jwk_free(key);
    ck_assert_uint_eq(ERR_peek_error(), 0);
    return error;
}

static inline struct jwks *set_of(const char *text)
{
    struct jwks *set = NULL;
    int error = jwks_parse(span_of(text), NULL, NULL, &set);
    ck_assert_msg(error == 0, "%s: %s", lk_error_code(error), text);
    return set;
}

/* The whole way of a token: what jws-check and exchange do. */
static inline int token_error(struct jwks *set, struct span token)
{
    struct jws jws;
    int error = jws_parse(token, JWA_ALL, &jws);
    if (!error)
        error = jws_verify(&jws, set);
    ck_assert_uint_eq(ERR_peek_error(), 0);
    return error;
}

#endif
