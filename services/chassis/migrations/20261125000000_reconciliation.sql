-- What the last comparison of source and projection found, one row for each thing compared.

-- migrate:up
CREATE TABLE reconciliation (
    name text PRIMARY KEY,
    ran_at timestamptz NOT NULL,
    compared bigint NOT NULL,
    differing bigint NOT NULL,
    repaired bigint NOT NULL
);

-- migrate:down
DROP TABLE reconciliation;
