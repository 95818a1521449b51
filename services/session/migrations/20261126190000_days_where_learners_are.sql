-- The end of the learner's day by which a request wants an answer: where the learner is, no longer in UTC.

-- migrate:up
ALTER TABLE session ADD COLUMN by_when_ends_at timestamptz;
UPDATE session SET by_when_ends_at = (by_when + time '23:59:59.999999') AT TIME ZONE 'UTC' WHERE by_when IS NOT NULL;

-- migrate:down
ALTER TABLE session DROP COLUMN by_when_ends_at;
