#include "provider/proof.h"

#include "base/error.h"
#include "base/json.h"
#include "jose/jws.h"
#include "jose/jwt.h"
#include "provider/helper.h"

/* BetterAuth writes no `typ`; anything but "JWT" is another kind of token (RFC 8725 3.11). */
static int check_typ(const struct jws *jws)
{
    return !jws->typ[0] || strcmp(jws->typ, "jwt") == 0 ? 0 : LK_JWS_TYP;
}

/* Until the issuer is known, what any provider may use. */
static jwa_set every_algorithm(const struct conf *conf)
{
    jwa_set all = 0;
    for (size_t i = 0; i < conf->provider_count; i++)
        all |= jwa_set_of(conf->providers[i].algorithms);
    return all;
}

static int read_payload(const struct jws *jws, json_t **out)
{
    struct buf payload = BUF_INIT(JWT_CLAIMS_MAX);
    int error = jws_payload(jws, &payload);
    if (!error)
        error = jwt_read(buf_all(&payload), out);
    buf_free(&payload);
    return error;
}

static int choose(const struct conf *conf, const struct jws *jws, const json_t *claims,
                  const struct conf_provider **out)
{
    const char *issuer = json_text(claims, "iss");
    *out = issuer ? provider_issuing(conf, issuer) : NULL;
    if (!*out)
        return issuer ? LK_JWT_ISSUER : LK_JWT_CLAIMS;
    return jws->alg->bit & jwa_set_of((*out)->algorithms) ? 0 : LK_JWS_ALG;
}

static int check_claims(const struct provider *p, const json_t *claims, int64_t now)
{
    struct jwt_rules rules = {.issuer = p->issuer, .audience = p->audience, .now = now, .leeway = p->leeway};
    return jwt_check(claims, &rules);
}

static int identify(const struct conf *conf, const struct conf_provider *from, const json_t *claims,
                    struct identity *out)
{
    struct buf subject = BUF_INIT(sizeof out->subject - 1);
    int error = identity_read(claims, out);
    if (!error)
        error = provider_subject(conf, from, out->subject, &subject);
    if (!error)
        memcpy(out->subject, buf_cstr(&subject), subject.n + 1);
    buf_free(&subject);
    return error;
}

/* The claims are judged twice: before the signature, so that rubbish costs neither a signature nor a fetch, and after
 * it, when waiting for the provider may have taken the token past its end. */
static int verify(const struct conf *conf, const struct jws *jws, const json_t *claims, enum keyset_mode mode,
                  int64_t now, struct identity *out, struct proof_refresh *refresh)
{
    const struct conf_provider *from = NULL;
    struct identity who = {0};
    int error = choose(conf, jws, claims, &from);
    if (error)
        return error;
    struct provider p = provider_of(from);
    if ((error = check_claims(&p, claims, now)) || (error = identify(conf, from, claims, &who)))
        return error;
    error = keyset_verify(&p, jws, who.issued_at, mode, &now, &refresh->order);
    refresh->provider = refresh->order.wanted ? from : NULL;
    if (!error)
        error = check_claims(&p, claims, now);
    if (!error)
        *out = who;
    return error;
}

int proof_verify(const struct conf *conf, struct span token, enum keyset_mode mode, int64_t now, struct identity *out,
                 struct proof_refresh *refresh)
{
    struct jws jws;
    json_t *claims = NULL;
    *refresh = (struct proof_refresh){0};
    int error = jws_parse(token, every_algorithm(conf), &jws);
    if (!error)
        error = check_typ(&jws);
    if (!error)
        error = read_payload(&jws, &claims);
    if (!error)
        error = verify(conf, &jws, claims, mode, now, out, refresh);
    json_decref(claims);
    return error;
}

bool proof_is_bad(int error)
{
    return error == LK_TOO_LARGE || (error >= LK_JWS_FORM && error <= LK_JWT_AUDIENCE);
}

void provider_refresh(const struct proof_refresh *refresh)
{
    if (!refresh->provider)
        return;
    struct provider p = provider_of(refresh->provider);
    helper_detach(&p, refresh->order.missing);
}

struct span proof_unique_part(struct span token)
{
    const char *dot = token.n ? memrchr(token.p, '.', token.n) : NULL;
    size_t before = dot ? (size_t)(dot + 1 - token.p) : 0;
    return (struct span){token.p, before + (token.n - before) / 3};
}
