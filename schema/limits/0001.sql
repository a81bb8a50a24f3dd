-- Rate limits and failures. A key is the SHA-256 of what is counted and of whom; times are microseconds.
CREATE TABLE bucket (
    key    BLOB PRIMARY KEY,
    tat_us BIGINT NOT NULL,  -- theoretical arrival time (GCRA): when the whole quota is there again
    taken  BIGINT NOT NULL   -- 1: the last request fitted
);
CREATE INDEX bucket_tat ON bucket (tat_us);

CREATE TABLE failure (
    key       BLOB PRIMARY KEY,
    clear_us  BIGINT NOT NULL, -- when all is forgiven; each failure puts it off
    failed_us BIGINT NOT NULL  -- the last one
);
CREATE INDEX failure_clear ON failure (clear_us);
