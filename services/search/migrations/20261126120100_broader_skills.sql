-- Which skill each skill is a kind or a part of; null where nothing is broader, or it is not known yet.

-- migrate:up
ALTER TABLE skill ADD COLUMN broader_id uuid;

-- migrate:down
ALTER TABLE skill DROP COLUMN broader_id;
