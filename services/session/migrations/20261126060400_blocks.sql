-- Whom people want nothing to do with. It is shown to the blocker alone, and told to search alone.

-- migrate:up
CREATE TABLE block_list (
    person_id uuid PRIMARY KEY,
    version bigint NOT NULL DEFAULT 0
);
CREATE TABLE block (
    blocker_id uuid NOT NULL REFERENCES block_list (person_id),
    blocked_id uuid NOT NULL,
    blocked_at timestamptz NOT NULL,
    PRIMARY KEY (blocker_id, blocked_id),
    CHECK (blocker_id <> blocked_id)
);

-- migrate:down
DROP TABLE block, block_list;
