-- How far each of the two has read, and when a message was last edited.

-- migrate:up
CREATE TABLE read_mark (
    session_id uuid NOT NULL REFERENCES session (session_id),
    reader_id uuid NOT NULL,
    position integer NOT NULL,
    read_at timestamptz NOT NULL,
    PRIMARY KEY (session_id, reader_id)
);
CREATE INDEX read_mark_reader ON read_mark (reader_id);
ALTER TABLE message ADD COLUMN edited_at timestamptz;

-- migrate:down
ALTER TABLE message DROP COLUMN edited_at;
DROP TABLE read_mark;
