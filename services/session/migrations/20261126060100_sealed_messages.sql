-- Messages are sealed: each author has a key in each conversation, which lies here wrapped by a master key that does not.

-- migrate:up
CREATE TABLE conversation_key (
    session_id uuid NOT NULL REFERENCES session (session_id),
    author_id uuid NOT NULL,
    -- Which master key wraps it: the beginning of its SHA-256.
    master_key text NOT NULL,
    wrapped bytea NOT NULL,
    PRIMARY KEY (session_id, author_id)
);
CREATE INDEX conversation_key_author ON conversation_key (author_id);
CREATE INDEX conversation_key_master ON conversation_key (master_key);

-- `text` is empty from now on; what was written before is sealed by a worker and then emptied.
ALTER TABLE message ALTER COLUMN text SET DEFAULT '';
ALTER TABLE message ADD COLUMN sealed bytea;
CREATE INDEX message_plain ON message (session_id) WHERE text <> '';

-- migrate:down
DROP INDEX message_plain;
ALTER TABLE message DROP COLUMN sealed;
ALTER TABLE message ALTER COLUMN text DROP DEFAULT;
DROP TABLE conversation_key;
