-- The time that a request has: what the policy gives, when to remind, and when the clock stands still.

-- migrate:up
ALTER TABLE session
    -- Without the learner's own day, which may be sooner: `expires_at` is the earlier of the two.
    ADD COLUMN answer_by timestamptz,
    ADD COLUMN remind_at timestamptz,
    ADD COLUMN reminded boolean NOT NULL DEFAULT false,
    ADD COLUMN clock_stopped_at timestamptz;
UPDATE session SET answer_by = expires_at,
    remind_at = CASE WHEN state = 'requested' THEN created_at + (expires_at - created_at) / 2 END;
ALTER TABLE session ALTER COLUMN answer_by SET NOT NULL,
    ADD CHECK (state = 'requested' OR (remind_at IS NULL AND clock_stopped_at IS NULL));
CREATE INDEX session_remind ON session (remind_at) WHERE remind_at IS NOT NULL;

-- migrate:down
ALTER TABLE session
    DROP COLUMN answer_by, DROP COLUMN remind_at, DROP COLUMN reminded, DROP COLUMN clock_stopped_at;
