-- From here on a key is what is counted, a NUL, and of whom: a refusal loads no OpenSSL for it.
-- When a refusal was audited last: once in the time of its rate, or of the longest delay.
ALTER TABLE bucket ADD COLUMN noted_us BIGINT NOT NULL DEFAULT 0;
ALTER TABLE failure ADD COLUMN noted_us BIGINT NOT NULL DEFAULT 0;
