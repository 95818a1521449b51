-- Sessions that the two of them solved by writing to each other.

-- migrate:up
ALTER TABLE session_fact ADD COLUMN solved_at timestamptz;
ALTER TABLE expected_session_fact ADD COLUMN solved_at timestamptz;

-- migrate:down
ALTER TABLE expected_session_fact DROP COLUMN solved_at;
ALTER TABLE session_fact DROP COLUMN solved_at;
