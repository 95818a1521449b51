-- Whom people blocked: neither finds the other.

-- migrate:up
CREATE TABLE block_list (
    person_id uuid PRIMARY KEY,
    version bigint NOT NULL,
    blocked uuid[] NOT NULL
);
CREATE INDEX block_list_blocked ON block_list USING gin (blocked);

-- migrate:down
DROP TABLE block_list;
