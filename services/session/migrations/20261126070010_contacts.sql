-- How people are called and reached, as their profile says it: for notices to them and about them.

-- migrate:up
CREATE TABLE contact (
    person_id uuid PRIMARY KEY,
    version bigint NOT NULL,
    name text,
    email text,
    languages text[] NOT NULL,
    time_zone text
);

-- migrate:down
DROP TABLE contact;
