-- Times are whole seconds since the epoch, UTC; those named _us are microseconds.
-- A family is one exchange, one device, one row, however often it is refreshed.
CREATE TABLE family (
    id              TEXT PRIMARY KEY,     -- public session id, the `sid` claim
    lookup_hash     BLOB NOT NULL UNIQUE, -- SHA-256 of the lookup part of the refresh token
    current_hash    BLOB NOT NULL,        -- SHA-256 of the whole current token
    previous_hash   BLOB NOT NULL,        -- SHA-256 of what was presented to get it (a token, or the proof)
    sealed          BLOB NOT NULL,        -- the current token, readable only with what was presented
    generation      BIGINT NOT NULL,      -- 0: from the exchange
    repeats         BIGINT NOT NULL,      -- answers sent again inside the grace time
    rotated_at_us   BIGINT NOT NULL,
    subject         TEXT NOT NULL,
    email           TEXT NOT NULL,        -- "" when the provider gave none
    email_verified  BIGINT NOT NULL,
    provider_role   TEXT NOT NULL,        -- as the provider gave it; mapped anew at each refresh
    auth_time       BIGINT NOT NULL,
    created_at      BIGINT NOT NULL,
    last_used_at    BIGINT NOT NULL,
    ended_at        BIGINT,               -- NULL while alive
    end_reason      TEXT,                 -- logout, revoked, reuse, evicted, replaced
    address         TEXT NOT NULL,
    user_agent      TEXT NOT NULL
);
CREATE INDEX family_subject ON family (subject, last_used_at) WHERE ended_at IS NULL;
CREATE INDEX family_created ON family (created_at);

-- A proof is good once; the row lives until the proof would have expired.
CREATE TABLE proof (
    proof_hash BLOB PRIMARY KEY,
    family_id  TEXT NOT NULL,
    expires_at BIGINT NOT NULL
);
CREATE INDEX proof_expires ON proof (expires_at);

CREATE TABLE audit (
    id         INTEGER PRIMARY KEY,
    at         BIGINT NOT NULL,
    event      TEXT NOT NULL,
    reason     TEXT NOT NULL,
    subject    TEXT NOT NULL,
    family_id  TEXT NOT NULL,
    address    TEXT NOT NULL,
    user_agent TEXT NOT NULL,
    request_id TEXT NOT NULL
);
CREATE INDEX audit_at ON audit (at);

CREATE TABLE todo (
    subject     TEXT NOT NULL,
    id          TEXT NOT NULL,     -- UUIDv7: the order of creation
    title       TEXT NOT NULL,
    completed   BIGINT NOT NULL,
    position    BIGINT,            -- the client's own sort, `order` in JSON
    created_at  BIGINT NOT NULL,
    updated_at  BIGINT NOT NULL,
    PRIMARY KEY (subject, id)
);
