-- What the chassis keeps in every service's database: the outbox, how far it was published,
-- how far each consumer has read, and the answers already given to repeated requests.

-- migrate:up
CREATE SEQUENCE outbox_id_seq;

-- Insert-only. Three partitions take turns, one a day (UTC); the one that will be written next is
-- truncated once everything in it is published, so nothing is ever deleted row by row.
CREATE TABLE outbox (
    id bigint NOT NULL DEFAULT nextval('outbox_id_seq'),
    slot smallint NOT NULL DEFAULT ((extract(epoch FROM now())::bigint / 86400) % 3)::smallint,
    xid xid8 NOT NULL DEFAULT pg_current_xact_id(),
    event_id uuid NOT NULL,
    type text NOT NULL,
    topic text NOT NULL,
    aggregate_id uuid NOT NULL,
    aggregate_version bigint NOT NULL,
    occurred_at timestamptz NOT NULL,
    traceparent text,
    causation_id text,
    payload bytea NOT NULL
) PARTITION BY LIST (slot);

CREATE TABLE outbox_0 PARTITION OF outbox FOR VALUES IN (0);
CREATE TABLE outbox_1 PARTITION OF outbox FOR VALUES IN (1);
CREATE TABLE outbox_2 PARTITION OF outbox FOR VALUES IN (2);
CREATE INDEX outbox_xid ON outbox (xid);

-- Everything visible in `snapshot` is published. One row, written by the relay that leads.
CREATE TABLE outbox_cursor (
    name text PRIMARY KEY,
    snapshot pg_snapshot NOT NULL,
    moved_at timestamptz NOT NULL DEFAULT now()
);
INSERT INTO outbox_cursor (name, snapshot) VALUES ('relay', '3:3:');

CREATE TABLE consumer_offset (
    consumer text NOT NULL,
    topic text NOT NULL,
    partition integer NOT NULL,
    next_offset bigint NOT NULL,
    moved_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (consumer, topic, partition)
);

CREATE TABLE idempotency_key (
    caller text NOT NULL,
    key text NOT NULL,
    fingerprint bytea NOT NULL,
    answer jsonb,
    created_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (caller, key)
);
CREATE INDEX idempotency_key_created_at ON idempotency_key (created_at);

-- migrate:down
DROP TABLE idempotency_key, consumer_offset, outbox_cursor, outbox;
DROP SEQUENCE outbox_id_seq;
