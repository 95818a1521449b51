-- Whom a mentor named when they declined, though the learner and that colleague may not meet: not shown to the learner.

-- migrate:up
ALTER TABLE session ADD COLUMN suggestion_hidden boolean NOT NULL DEFAULT false;

-- migrate:down
ALTER TABLE session DROP COLUMN suggestion_hidden;
