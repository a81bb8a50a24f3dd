-- Sessions of a user that began before this were ended together; what was being made at that moment is covered too.
CREATE TABLE revocation (
    subject       TEXT PRIMARY KEY,
    not_before_us BIGINT NOT NULL
);
CREATE INDEX revocation_not_before ON revocation (not_before_us);

-- What the user's next exchange tells: a session was ended because an old refresh token of it was presented.
CREATE TABLE notice (
    subject    TEXT PRIMARY KEY,
    at         BIGINT NOT NULL,
    user_agent TEXT NOT NULL,     -- of the device whose session it was
    shown_to   TEXT               -- the family whose exchange told it; NULL: nobody yet
);
CREATE INDEX notice_at ON notice (at);

-- Each row carries the hash of the one before it and its own; rows of before this step have none.
ALTER TABLE audit ADD COLUMN actor TEXT NOT NULL DEFAULT ''; -- who asked, if it was not the session's own user
ALTER TABLE audit ADD COLUMN previous BLOB;
ALTER TABLE audit ADD COLUMN hash BLOB;
