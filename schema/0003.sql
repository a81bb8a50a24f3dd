-- Todos: the whole resource. `version` and `generation` are microseconds of the last change, raised by at least one
-- with each: they never come back, not even after an old backup.
ALTER TABLE todo ADD COLUMN completed_at BIGINT;
ALTER TABLE todo ADD COLUMN priority BIGINT NOT NULL DEFAULT 1; -- 0 low, 1 normal, 2 high
ALTER TABLE todo ADD COLUMN due TEXT;                           -- RFC 3339, as the client wrote it
ALTER TABLE todo ADD COLUMN due_us BIGINT;                      -- the same as an instant, for order and filters
ALTER TABLE todo ADD COLUMN version BIGINT NOT NULL DEFAULT 1;
ALTER TABLE todo ADD COLUMN tags TEXT NOT NULL DEFAULT '[]';    -- JSON array of strings
ALTER TABLE todo ADD COLUMN notes TEXT NOT NULL DEFAULT '';
ALTER TABLE todo ADD COLUMN search TEXT NOT NULL DEFAULT '';    -- tags, title and notes, case folded
UPDATE todo SET search = lower(title), completed_at = CASE WHEN completed = 1 THEN updated_at END;

-- One row for each user who ever wrote a todo.
CREATE TABLE todo_list (
    subject    TEXT PRIMARY KEY,
    generation BIGINT NOT NULL
);

-- What authenticates the cursors of lists; shared by all processes.
CREATE TABLE cursor_key (
    bytes BLOB NOT NULL
);
INSERT INTO cursor_key (bytes) VALUES (randomblob(32));

-- Answers to requests with an Idempotency-Key, kept for a day.
CREATE TABLE idempotency (
    key_hash     BLOB PRIMARY KEY, -- SHA-256 of subject, resource and key
    request_hash BLOB NOT NULL,    -- SHA-256 of the request's body
    status       BIGINT NOT NULL,
    head         TEXT NOT NULL,
    body         TEXT NOT NULL,
    expires_at   BIGINT NOT NULL
);
CREATE INDEX idempotency_expires ON idempotency (expires_at);
