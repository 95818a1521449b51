-- When mentors proposed something else: their first act, too, if nothing came before it.

-- migrate:up
ALTER TABLE session_fact ADD COLUMN countered_at timestamptz;
ALTER TABLE expected_session_fact ADD COLUMN countered_at timestamptz;

-- migrate:down
ALTER TABLE expected_session_fact DROP COLUMN countered_at;
ALTER TABLE session_fact DROP COLUMN countered_at;
