#include "auth/foresee.h"

#include "auth/family.h"
#include "base/error.h"

static struct session session_of(const char *id, const struct identity *who)
{
    struct session s = {.who = *who, .auth_time = who->issued_at};
    memcpy(s.id, id, sizeof s.id);
    return s;
}

static int judge(const struct family *f, struct span presented, const struct conf *conf, int64_t now_us,
                 struct session *out)
{
    uint8_t hash[SHA256_SIZE];
    int error = secret_sha256(presented, hash);
    if (error)
        return error;
    enum family_verdict verdict = family_judge(f, hash, conf, now_us);
    if (verdict != FAMILY_CURRENT && verdict != FAMILY_REPEAT)
        return LK_NOT_FOUND;
    *out = session_of(f->id, &f->who);
    return 0;
}

int foresee_rotation(struct db *db, const struct conf *conf, struct span token, int64_t now_us, struct session *out)
{
    struct refresh_token presented;
    uint8_t lookup_hash[SHA256_SIZE];
    struct family f;
    if (refresh_token_parse(token, &presented))
        return LK_NOT_FOUND;
    int error = refresh_token_lookup_hash(&presented, lookup_hash);
    secret_wipe(&presented, sizeof presented);
    error = error ? error : family_by_lookup(db, lookup_hash, &f);
    return error ? error : judge(&f, token, conf, now_us, out);
}

int foresee_exchange(struct db *db, const struct conf *conf, const struct identity *who, struct span proof,
                     int64_t now_us, struct session *out)
{
    uint8_t hash[SHA256_SIZE];
    char id[SESSION_ID_SIZE];
    struct family f;
    int error = secret_sha256(proof, hash);
    error = error ? error : family_by_proof(db, hash, &f);
    if (error != LK_NOT_FOUND)
        return error ? error : judge(&f, proof, conf, now_us, out);
    error = session_new_id(id);
    if (!error)
        *out = session_of(id, who);
    return error;
}
