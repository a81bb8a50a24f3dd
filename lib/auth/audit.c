#include "auth/audit.h"

#include "base/error.h"

#define REQUEST_ID_SIZE 65

/* Bytes of the well-formed, printable UTF-8 character at `s`, or 0 (RFC 3629 section 4). */
static size_t character(const unsigned char *s)
{
    static const struct {
        unsigned char first, last, low, high; /* lead byte; the second byte's range */
        size_t n;
    } forms[] = {{0x20, 0x7e, 0, 0, 1},       {0xc2, 0xc2, 0xa0, 0xbf, 2}, {0xc3, 0xdf, 0x80, 0xbf, 2},
                 {0xe0, 0xe0, 0xa0, 0xbf, 3}, {0xe1, 0xec, 0x80, 0xbf, 3}, {0xed, 0xed, 0x80, 0x9f, 3},
                 {0xee, 0xef, 0x80, 0xbf, 3}, {0xf0, 0xf0, 0x90, 0xbf, 4}, {0xf1, 0xf3, 0x80, 0xbf, 4},
                 {0xf4, 0xf4, 0x80, 0x8f, 4}};
    for (size_t i = 0; i < sizeof forms / sizeof forms[0]; i++) {
        if (s[0] < forms[i].first || s[0] > forms[i].last)
            continue;
        if (forms[i].n > 1 && (s[1] < forms[i].low || s[1] > forms[i].high))
            return 0;
        for (size_t k = 2; k < forms[i].n; k++)
            if ((s[k] & 0xc0) != 0x80)
                return 0;
        return forms[i].n;
    }
    return 0;
}

void origin_keep(const char *text, char *out, size_t cap)
{
    size_t used = 0;
    while (*text) {
        size_t n = character((const unsigned char *)text);
        if (used + n >= cap)
            break;
        memcpy(out + used, text, n);
        used += n;
        text += n ? n : 1;
    }
    out[used] = '\0';
}

/* At most two go for each one that comes: the table shrinks back without any request that pays for all. */
static int sweep(struct db *db, int64_t now)
{
    return db_exec(db, "DELETE FROM audit WHERE id IN (SELECT id FROM audit WHERE at < $1 ORDER BY at LIMIT 2)",
                   DB_ARGS(db_int(now - AUDIT_KEEP)), NULL);
}

int audit_record(struct db *db, int64_t now, const char *event, const char *reason, const char *subject,
                 const char *family_id, const struct origin_info *from)
{
    char address[ORIGIN_ADDRESS_SIZE], user_agent[ORIGIN_USER_AGENT_SIZE], request_id[REQUEST_ID_SIZE];
    origin_keep(from->address, address, sizeof address);
    origin_keep(from->user_agent, user_agent, sizeof user_agent);
    origin_keep(from->request_id, request_id, sizeof request_id);
    int error = sweep(db, now);
    if (error)
        return error;
    return db_exec(db,
                   "INSERT INTO audit (at, event, reason, subject, family_id, address, user_agent, request_id) "
                   "VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
                   DB_ARGS(db_int(now), db_text(event), db_text(reason), db_text(subject), db_text(family_id),
                           db_text(address), db_text(user_agent), db_text(request_id)),
                   NULL);
}
