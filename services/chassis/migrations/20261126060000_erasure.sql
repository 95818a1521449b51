-- Whom this service forgets, and how far it is. What is left of a person is this row, which holds nothing about them.

-- migrate:up
CREATE TABLE erasure (
    person_id uuid PRIMARY KEY,
    version bigint NOT NULL,
    rows bigint NOT NULL DEFAULT 0,
    taken_at timestamptz NOT NULL DEFAULT now(),
    confirmed_at timestamptz
);
CREATE INDEX erasure_unconfirmed ON erasure (person_id) WHERE confirmed_at IS NULL;

-- Whose last, empty state was consumed here: in their partition nothing older comes after it.
CREATE TABLE erasure_last_state (
    person_id uuid PRIMARY KEY
);

-- migrate:down
DROP TABLE erasure_last_state, erasure;
