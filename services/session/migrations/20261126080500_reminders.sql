-- Which reminders went out, each for one agreed time.

-- migrate:up
CREATE TABLE reminder (
    session_id uuid NOT NULL REFERENCES session (session_id),
    kind text NOT NULL,
    due_for timestamptz NOT NULL,
    PRIMARY KEY (session_id, kind, due_for)
);
CREATE INDEX session_ended ON session (ended_at) WHERE state IN ('held', 'solved');

-- migrate:down
DROP INDEX session_ended;
DROP TABLE reminder;
