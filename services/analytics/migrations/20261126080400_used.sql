-- Whether learners used, 30 days later, what they learnt.

-- migrate:up
ALTER TABLE session_fact ADD COLUMN followed_up_at timestamptz, ADD COLUMN used boolean;
ALTER TABLE expected_session_fact ADD COLUMN followed_up_at timestamptz, ADD COLUMN used boolean;

-- migrate:down
ALTER TABLE expected_session_fact DROP COLUMN followed_up_at, DROP COLUMN used;
ALTER TABLE session_fact DROP COLUMN followed_up_at, DROP COLUMN used;
