-- Addresses of calendars are sealed by the master keys, as all else is. Those of before were sealed by a key that no
-- process has any more, and nothing opens them: they are forgotten, with what was read there. Hours of work stay, and
-- whoever had connected a calendar does so again.

-- migrate:up
ALTER TABLE calendar ADD COLUMN master_key text;
UPDATE calendar SET sealed_url = NULL, busy = '[]', read_at = NULL, fresh_until = NULL WHERE sealed_url IS NOT NULL;
ALTER TABLE calendar ADD CHECK ((master_key IS NULL) = (sealed_url IS NULL));

-- migrate:down
UPDATE calendar SET sealed_url = NULL, busy = '[]', read_at = NULL, fresh_until = NULL WHERE sealed_url IS NOT NULL;
ALTER TABLE calendar DROP COLUMN master_key;
