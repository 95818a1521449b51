-- What an answer may say beside yes and no.

-- migrate:up
ALTER TABLE session
    ADD COLUMN viewed_at timestamptz,
    -- Times that the mentor offers with a yes; null is "let us chat".
    ADD COLUMN proposed_times jsonb,
    ADD COLUMN suggested_id uuid,
    ADD COLUMN information text CHECK (information IN ('asked', 'given')),
    -- {"format": ..., "minutes": ..., "times": [...], "answer": null, "agreed" or "refused"}
    ADD COLUMN proposal jsonb;

-- migrate:down
ALTER TABLE session
    DROP COLUMN viewed_at, DROP COLUMN proposed_times, DROP COLUMN suggested_id, DROP COLUMN information,
    DROP COLUMN proposal;
