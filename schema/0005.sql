-- Nothing asks for rows of the audit table by their time.
DROP INDEX audit_at;

-- The last refreshes with tokens that nobody knows, which anybody can send: rows of the form of audit, but a few only.
CREATE TABLE unknown_token (
    id         INTEGER PRIMARY KEY,
    at         BIGINT NOT NULL,
    event      TEXT NOT NULL,
    reason     TEXT NOT NULL,
    subject    TEXT NOT NULL,
    family_id  TEXT NOT NULL,
    address    TEXT NOT NULL,
    user_agent TEXT NOT NULL,
    request_id TEXT NOT NULL,
    actor      TEXT NOT NULL,
    previous   BLOB,
    hash       BLOB
);
