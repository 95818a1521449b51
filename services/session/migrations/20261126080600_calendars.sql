-- When people work, and when their calendars say that they are busy; nothing of what they do then.

-- migrate:up
CREATE TABLE calendar (
    person_id uuid PRIMARY KEY,
    time_zone text NOT NULL,
    work_from time NOT NULL,
    work_until time NOT NULL,
    work_days integer[] NOT NULL,
    -- The address, encrypted; null when only the hours are known.
    sealed_url bytea,
    -- [[from, until], ...] of the next weeks, as of the last reading, which counts until fresh_until.
    busy jsonb NOT NULL DEFAULT '[]',
    read_at timestamptz,
    fresh_until timestamptz
);

-- migrate:down
DROP TABLE calendar;
