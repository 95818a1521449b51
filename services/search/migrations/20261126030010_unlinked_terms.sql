-- Words that people searched and that no skill is called, and how to see that words are somebody's name.

-- migrate:up
CREATE TABLE unlinked_term (
    term text NOT NULL,
    -- Who, as a keyed hash of term and person: whoever searched two terms cannot be told from two people.
    searcher bytea NOT NULL,
    seen_on date NOT NULL,
    PRIMARY KEY (term, searcher)
);
CREATE INDEX unlinked_term_seen_on ON unlinked_term (seen_on);

ALTER TABLE person ADD COLUMN name_words text[] NOT NULL DEFAULT '{}';
-- As near as the database gets to what the next profile says: without case and accents.
UPDATE person SET name_words = regexp_split_to_array(
    regexp_replace(normalize(lower(profile ->> 'name'), NFKD), '[\u0300-\u036f]', '', 'g'), '[^[:alnum:]]+')
WHERE profile ->> 'name' IS NOT NULL;
CREATE INDEX person_name_words ON person USING gin (name_words);

-- migrate:down
DROP INDEX person_name_words;
ALTER TABLE person DROP COLUMN name_words;
DROP TABLE unlinked_term;
