-- Since when somebody's skills stand unconfirmed, and who was told so.

-- migrate:up
-- Of all skills that somebody claims, the day of the oldest confirmation; null where none is claimed, or not known yet.
ALTER TABLE person ADD COLUMN oldest_confirmation date;
CREATE INDEX person_oldest_confirmation ON person (oldest_confirmation) WHERE status = 'active';

CREATE TABLE profile_reminder (
    person_id uuid PRIMARY KEY,
    -- Which oldest confirmation it was about, so that the same is never told twice.
    confirmed_on date NOT NULL,
    reminded_on date NOT NULL
);

-- migrate:down
DROP TABLE profile_reminder;
DROP INDEX person_oldest_confirmation;
ALTER TABLE person DROP COLUMN oldest_confirmation;
