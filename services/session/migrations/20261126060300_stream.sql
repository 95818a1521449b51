-- What the live streams of people have to show: references only, each for one person, kept for a day.

-- migrate:up
CREATE TABLE stream_item (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    -- Read by snapshot windows, as the outbox is: no item is passed over because its transaction ended late.
    xid xid8 NOT NULL DEFAULT pg_current_xact_id(),
    added_at timestamptz NOT NULL DEFAULT now(),
    person_id uuid NOT NULL,
    kind text NOT NULL CHECK (kind IN ('session', 'message', 'read')),
    session_id uuid NOT NULL,
    message_id uuid
);
CREATE INDEX stream_item_xid ON stream_item (xid);
CREATE INDEX stream_item_person ON stream_item (person_id, xid);
CREATE INDEX stream_item_added_at ON stream_item (added_at);

-- migrate:down
DROP TABLE stream_item;
