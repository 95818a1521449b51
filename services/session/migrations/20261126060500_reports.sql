-- Messages that somebody reported: a copy frozen at that moment and sealed under a key of its own, and who looked at it.

-- migrate:up
CREATE TABLE report (
    report_id uuid PRIMARY KEY,
    session_id uuid NOT NULL REFERENCES session (session_id),
    message_id uuid NOT NULL REFERENCES message (message_id),
    reporter_id uuid NOT NULL,
    author_id uuid NOT NULL,
    reason text NOT NULL,
    reported_at timestamptz NOT NULL,
    sent_at timestamptz NOT NULL,
    edited_at timestamptz,
    -- Null once the author is forgotten: then nothing opens the copy.
    master_key text,
    wrapped bytea,
    sealed bytea NOT NULL,
    decision text,
    decided_at timestamptz,
    decided_by uuid,
    UNIQUE (message_id, reporter_id),
    CHECK ((decision IS NULL) = (decided_at IS NULL)),
    CHECK ((decision IS NULL) = (decided_by IS NULL))
);
CREATE INDEX report_author ON report (author_id);
CREATE INDEX report_reported_at ON report (reported_at, report_id);

-- Written in the transaction that reads the copy, and never changed.
CREATE TABLE report_view (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    report_id uuid NOT NULL REFERENCES report (report_id),
    reviewer_id uuid NOT NULL,
    viewed_at timestamptz NOT NULL
);
CREATE INDEX report_view_report ON report_view (report_id, id);

-- migrate:down
DROP TABLE report_view, report;
