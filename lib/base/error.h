#ifndef LK_BASE_ERROR_H
#define LK_BASE_ERROR_H

/* The one error type. Every fallible function returns 0 or one of these, negative.
 * The second column is the stable reason code that logs, the audit table and `jws-check` show; the third
 * is a sentence for people. Out-parameters are set only on success, so calls chain with `||`. */
#define LK_ERRORS(X)                                                                                                   \
    X(LK_NOMEM, "memory", "out of memory")                                                                             \
    X(LK_TOO_LARGE, "too_large", "larger than its limit")                                                              \
    X(LK_SYNTAX, "syntax", "malformed")                                                                                \
    X(LK_NOT_FOUND, "not_found", "not there")                                                                          \
    X(LK_EXISTS, "exists", "already there")                                                                            \
    X(LK_SYSTEM, "system", "a system call failed")                                                                     \
    X(LK_UNSAFE_FILE, "unsafe_file", "a file's owner, mode or type is not safe")                                       \
    X(LK_CONFIG, "config", "the configuration is not usable")                                                          \
    X(LK_USAGE, "usage", "the command line is not usable")                                                             \
    X(LK_BUSY, "busy", "a lock was not free in time")                                                                  \
    X(LK_CLOCK, "clock", "the clock is not to be trusted")                                                             \
    X(LK_STORE, "store", "the database failed")                                                                        \
    X(LK_SCHEMA_NEWER, "schema_newer", "the database was written by a newer version")                                  \
    X(LK_CRYPTO, "crypto", "the cryptographic library failed")                                                         \
    X(LK_TOO_EARLY, "too_early", "a gate of the key policy is still closed")                                           \
    X(LK_FORBIDDEN, "forbidden", "a role or feature is missing")                                                       \
    X(LK_LIMITED, "limited", "a rate limit was reached")                                                               \
    X(LK_UNAVAILABLE, "unavailable", "the provider's keys cannot be had now")                                          \
    /* Compact JWS: RFC 7515 */                                                                                        \
    X(LK_JWS_FORM, "jws_form", "not three base64url segments")                                                         \
    X(LK_JWS_HEADER, "jws_header", "the JOSE header is not usable")                                                    \
    X(LK_JWS_CRIT, "jws_crit", "the JOSE header has a critical extension")                                             \
    X(LK_JWS_ALG, "jws_alg", "the algorithm is not allowed")                                                           \
    X(LK_JWS_TYP, "jws_typ", "the token is of another type")                                                           \
    X(LK_JWS_NO_KEY, "jws_no_key", "no key of that id is known")                                                       \
    X(LK_JWS_AMBIGUOUS, "jws_ambiguous", "more than one key fits")                                                     \
    X(LK_JWS_KEY_MISMATCH, "jws_key_mismatch", "the algorithm is not the key's")                                       \
    X(LK_JWS_SIGNATURE, "jws_signature", "the signature does not verify")                                              \
    /* JWT claims: RFC 7519, RFC 8725, RFC 9068 */                                                                     \
    X(LK_JWT_CLAIMS, "jwt_claims", "the claims are not a usable JSON object")                                          \
    X(LK_JWT_EXPIRED, "jwt_expired", "the token has expired")                                                          \
    X(LK_JWT_NOT_YET, "jwt_not_yet", "the token is not valid yet")                                                     \
    X(LK_JWT_ISSUER, "jwt_issuer", "the issuer is another one")                                                        \
    X(LK_JWT_AUDIENCE, "jwt_audience", "the audience is another one")                                                  \
    /* JWK and JWK Set: RFC 7517, RFC 7518 section 6 */                                                                \
    X(LK_JWK_FORM, "jwk_form", "a member of the key is missing or malformed")                                          \
    X(LK_JWK_UNSUPPORTED, "jwk_unsupported", "the key's type, curve or algorithm is not supported")                    \
    X(LK_JWK_USE, "jwk_use", "the key's use, key_ops or alg forbids verifying")                                        \
    X(LK_JWK_PRIVATE, "jwk_private", "a public set holds private or symmetric material")                               \
    X(LK_JWK_WEAK, "jwk_weak", "the key is weak or not on its curve")                                                  \
    /* Sessions: design section 5 */                                                                                   \
    X(LK_PROOF_USED, "proof_used", "the proof was used before")                                                        \
    X(LK_PROOF_REVOKED, "proof_revoked", "the user's sessions were ended after the proof was issued")                  \
    X(LK_SESSION_DEAD, "session_dead", "the session has ended")                                                        \
    X(LK_SESSION_REPLACED, "session_replaced", "the session was replaced by a newer one")                              \
    X(LK_SESSION_REUSE, "session_reuse", "an old refresh token was presented")

enum lk_error {
    LK_OK = 0,
    LK_ERROR_FIRST = -1000,
#define LK_ENUM(name, code, text) name,
    LK_ERRORS(LK_ENUM)
#undef LK_ENUM
        LK_ERROR_END
};

/* The stable reason code ("jws_alg") and the sentence of an error. Never NULL; 0 is "ok". */
const char *lk_error_code(int error);
const char *lk_error_text(int error);

#endif
