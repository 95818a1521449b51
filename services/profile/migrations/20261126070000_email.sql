-- Where notices for a person go, as HR says it: shown to nobody else, never searched, gone with the name.

-- migrate:up
ALTER TABLE person ADD COLUMN email text;

-- migrate:down
ALTER TABLE person DROP COLUMN email;
