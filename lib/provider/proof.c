#include "provider/proof.h"

#include "base/error.h"
#include "jose/jws.h"
#include "jose/jwt.h"
#include "provider/helper.h"
#include "provider/keyset.h"

/* BetterAuth writes no `typ`; anything but "JWT" is another kind of token (RFC 8725 3.11). */
static int check_typ(const struct jws *jws)
{
    return !jws->typ[0] || strcmp(jws->typ, "jwt") == 0 ? 0 : LK_JWS_TYP;
}

static int read_claims(const struct provider *p, const struct jws *jws, int64_t now, struct identity *out)
{
    struct jwt_rules rules = {.issuer = p->issuer, .audience = p->audience, .now = now, .leeway = p->leeway};
    struct buf payload = BUF_INIT(JWT_CLAIMS_MAX);
    json_t *claims = NULL;
    int error = jws_payload(jws, &payload);
    if (error || (error = jwt_read(buf_all(&payload), &claims)) || (error = jwt_check(claims, &rules)))
        goto out;
    error = identity_read(claims, out);
out:
    json_decref(claims);
    buf_free(&payload);
    return error;
}

/* The claims are read twice: before the signature, so that rubbish costs neither a signature nor a fetch, and after it,
 * when waiting for the provider may have taken the token past its end. */
int proof_verify(const struct conf *conf, struct span token, int64_t now, struct identity *out, bool *refresh)
{
    struct provider p = provider_of(conf);
    struct identity claimed = {0};
    struct jws jws;
    *refresh = false;
    int error = jws_parse(token, jwa_set_of(p.algorithms), &jws);
    if (error || (error = check_typ(&jws)) || (error = read_claims(&p, &jws, now, &claimed)) ||
        (error = keyset_verify(&p, &jws, claimed.issued_at, &now, refresh)))
        return error;
    return read_claims(&p, &jws, now, out);
}

bool proof_is_bad(int error)
{
    return error == LK_TOO_LARGE || (error >= LK_JWS_FORM && error <= LK_JWT_AUDIENCE);
}

void provider_refresh(const struct conf *conf)
{
    struct provider p = provider_of(conf);
    helper_detach(&p);
}
