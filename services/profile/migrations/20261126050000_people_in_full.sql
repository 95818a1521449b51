-- A person's profile in full: since when each field is as it is, the photo, reminders to confirm skills, and skills that
-- were suggested and not wanted.

-- migrate:up
ALTER TABLE person ADD COLUMN changed_on jsonb NOT NULL DEFAULT '{}', ADD COLUMN photo_version bigint;

-- Days as text: their order is that of the calendar, and reading them depends on no setting.
CREATE FUNCTION oldest_confirmation(declared jsonb) RETURNS text LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN (SELECT min(claim ->> 'confirmed_on') FROM jsonb_array_elements(declared -> 'skills') AS claim);
CREATE INDEX person_oldest_confirmation ON person (oldest_confirmation(declared));

CREATE TABLE profile_reminder (
    person_id uuid PRIMARY KEY REFERENCES person (person_id) ON DELETE CASCADE,
    due_on date NOT NULL
);

CREATE TABLE photo (
    person_id uuid PRIMARY KEY REFERENCES person (person_id) ON DELETE CASCADE,
    version bigint NOT NULL,
    content_type text NOT NULL,
    sha256 bytea NOT NULL,
    body bytea NOT NULL
);
-- An image does not become smaller by compressing it once more.
ALTER TABLE photo ALTER COLUMN body SET STORAGE EXTERNAL;

CREATE TABLE skill_suggestion_dismissed (
    person_id uuid NOT NULL REFERENCES person (person_id) ON DELETE CASCADE,
    skill_id uuid NOT NULL REFERENCES skill (skill_id),
    PRIMARY KEY (person_id, skill_id)
);

-- migrate:down
DROP TABLE skill_suggestion_dismissed, photo, profile_reminder;
DROP INDEX person_oldest_confirmation;
DROP FUNCTION oldest_confirmation;
ALTER TABLE person DROP COLUMN photo_version, DROP COLUMN changed_on;
