-- How dead letters ended. The letters themselves are in their topics, as they came.

-- migrate:up
-- A letter is named by where its record came from and which consumer could not handle it. Its end holds for what was
-- parked until then: a record that is parked again later waits again.
CREATE TABLE dead_letter_end (
    consumer text NOT NULL,
    topic text NOT NULL,
    partition integer NOT NULL,
    record_offset bigint NOT NULL,
    outcome text NOT NULL CHECK (outcome IN ('replayed', 'dropped')),
    parked_at timestamptz NOT NULL,
    ended_at timestamptz NOT NULL DEFAULT now(),
    ended_by text NOT NULL,
    reason text,
    PRIMARY KEY (consumer, topic, partition, record_offset)
);

-- migrate:down
DROP TABLE dead_letter_end;
