-- What people are told, in the app and elsewhere; what they chose about it; and where each message stands.

-- migrate:up
CREATE TABLE notice (
    notice_id uuid PRIMARY KEY,
    person_id uuid NOT NULL,
    kind text NOT NULL,
    session_id uuid,
    other_id uuid,
    -- Ids and times for the template; no word that anybody wrote.
    facts jsonb NOT NULL,
    made_at timestamptz NOT NULL DEFAULT now(),
    read_at timestamptz,
    -- When it was decided where else it goes.
    planned_at timestamptz
);
CREATE INDEX notice_of_person ON notice (person_id, made_at DESC, notice_id DESC);
CREATE INDEX notice_unread ON notice (person_id) WHERE read_at IS NULL;
CREATE INDEX notice_unplanned ON notice (made_at) WHERE planned_at IS NULL;
CREATE INDEX notice_made_at ON notice (made_at);
CREATE UNIQUE INDEX notice_one_message ON notice (person_id, session_id)
    WHERE kind = 'message_waiting' AND read_at IS NULL;

-- One message out, with one notice or, as a digest, several.
CREATE TABLE delivery (
    delivery_id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    person_id uuid NOT NULL,
    channel text NOT NULL CHECK (channel IN ('mail', 'slack', 'teams')),
    digest boolean NOT NULL,
    state text NOT NULL DEFAULT 'waiting'
        CHECK (state IN ('waiting', 'retry', 'claimed', 'sending', 'sent', 'failed', 'unknown', 'dropped')),
    due_at timestamptz NOT NULL,
    attempts integer NOT NULL DEFAULT 0,
    changed_at timestamptz NOT NULL DEFAULT now(),
    reason text
);
CREATE INDEX delivery_open ON delivery (due_at) WHERE state IN ('waiting', 'retry', 'claimed', 'sending');
CREATE INDEX delivery_in_trouble ON delivery (changed_at) WHERE state IN ('failed', 'unknown');
CREATE INDEX delivery_changed_at ON delivery (changed_at);
CREATE INDEX delivery_of_person ON delivery (person_id);
-- The digest that still takes notices.
CREATE UNIQUE INDEX delivery_next_digest ON delivery (person_id, channel) WHERE digest AND state = 'waiting';

CREATE TABLE delivery_notice (
    delivery_id uuid NOT NULL REFERENCES delivery (delivery_id) ON DELETE CASCADE,
    notice_id uuid NOT NULL REFERENCES notice (notice_id) ON DELETE CASCADE,
    PRIMARY KEY (delivery_id, notice_id)
);
CREATE INDEX delivery_notice_notice ON delivery_notice (notice_id);

-- Absent: nothing chosen yet.
CREATE TABLE notice_preferences (
    person_id uuid PRIMARY KEY,
    version bigint NOT NULL,
    body jsonb NOT NULL
);

-- migrate:down
DROP TABLE notice_preferences, delivery_notice, delivery, notice;
