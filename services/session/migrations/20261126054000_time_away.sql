-- When a mentor is away, and how often in a row they left a request unanswered.

-- migrate:up
ALTER TABLE availability
    -- [{"starts_on": ..., "back_on": ...}]
    ADD COLUMN vacations jsonb NOT NULL DEFAULT '[]',
    -- When the next of them begins: then open requests are closed.
    ADD COLUMN away_from date,
    ADD COLUMN silent integer NOT NULL DEFAULT 0,
    -- Since when they are paused because they did not answer.
    ADD COLUMN silent_since timestamptz;
CREATE INDEX availability_away ON availability (away_from) WHERE away_from IS NOT NULL;

-- migrate:down
ALTER TABLE availability
    DROP COLUMN vacations, DROP COLUMN away_from, DROP COLUMN silent, DROP COLUMN silent_since;
