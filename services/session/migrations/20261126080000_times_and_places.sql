-- When and where the two meet, as they agreed it, and why an accepted session was given up.

-- migrate:up
-- What was agreed is the time on the clock of a place; starts_at follows from it and from the rules of that time zone.
ALTER TABLE session
    ADD COLUMN wall_clock timestamp,
    ADD COLUMN time_zone text,
    -- {"kind": "video" | "room" | "lunch", "where": ...}
    ADD COLUMN place jsonb,
    -- The version that calendars must have: rising with each change of the appointment, also after a restore.
    ADD COLUMN invitation_sequence integer NOT NULL DEFAULT 0,
    ADD COLUMN cancel_reason text;
UPDATE session SET wall_clock = starts_at AT TIME ZONE 'UTC', time_zone = 'UTC' WHERE starts_at IS NOT NULL;
CREATE INDEX session_upcoming ON session (starts_at) WHERE state = 'accepted';

-- migrate:down
DROP INDEX session_upcoming;
ALTER TABLE session DROP COLUMN wall_clock, DROP COLUMN time_zone, DROP COLUMN place,
    DROP COLUMN invitation_sequence, DROP COLUMN cancel_reason;
