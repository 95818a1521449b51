-- HR's push in full: how new each part of a unit and a person is, who manages whom, events told apart by their
-- sender, snapshots of the whole company that arrive in parts, and senders who sign instead of signing in.

-- migrate:up
-- {"": [sequence or null, microseconds since 1970], "name": ...}: the order of the event that set each part; "" holds
-- for parts that are not named. {} is a row from before this column: its `sequence` holds for all parts.
ALTER TABLE org_unit ADD COLUMN hr_orders jsonb NOT NULL DEFAULT '{}';
-- No foreign key: a manager may be announced before they join, and has their id from then on.
ALTER TABLE person ADD COLUMN hr_orders jsonb NOT NULL DEFAULT '{}', ADD COLUMN manager_id uuid;
CREATE INDEX person_manager_id ON person (manager_id) WHERE manager_id IS NOT NULL;

-- The ids of people whom HR named as managers before they joined.
CREATE TABLE expected_person (
    employee_number text PRIMARY KEY,
    person_id uuid NOT NULL UNIQUE
);

ALTER TABLE hr_event ADD COLUMN source text NOT NULL DEFAULT '';
ALTER TABLE hr_event DROP CONSTRAINT hr_event_pkey, ADD PRIMARY KEY (source, event_id);

-- The newest snapshot of each sender.
CREATE TABLE hr_snapshot (
    source text PRIMARY KEY,
    snapshot text NOT NULL,
    sequence bigint,
    at timestamptz NOT NULL,
    phase text NOT NULL CHECK (
        phase IN ('receiving', 'judging', 'units', 'people', 'missing_people', 'missing_units', 'done', 'refused')
    ),
    parts integer[] NOT NULL,
    last_part integer,
    confirmed boolean NOT NULL,
    after text NOT NULL DEFAULT '',
    reason text,
    applied integer NOT NULL DEFAULT 0,
    ignored integer NOT NULL DEFAULT 0,
    refused integer NOT NULL DEFAULT 0,
    refusals jsonb NOT NULL DEFAULT '[]'
);
CREATE TABLE hr_snapshot_entry (
    source text NOT NULL REFERENCES hr_snapshot (source) ON DELETE CASCADE,
    kind text NOT NULL CHECK (kind IN ('unit', 'person')),
    key text NOT NULL,
    part integer NOT NULL,
    body jsonb NOT NULL,
    PRIMARY KEY (source, kind, key)
);

-- Signatures are made and checked with the same secret, so it is kept as it is, not as a digest. It opens nothing but
-- what this very database holds: pushing changes of people and units.
CREATE TABLE webhook_client (
    name text PRIMARY KEY,
    created_at timestamptz NOT NULL DEFAULT now(),
    revoked_at timestamptz
);
CREATE TABLE webhook_secret (
    secret_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    client text NOT NULL REFERENCES webhook_client (name),
    secret text NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    expires_at timestamptz
);
CREATE INDEX webhook_secret_client ON webhook_secret (client);

-- What each delivery was answered, so that a repeated one takes effect once.
CREATE TABLE webhook_delivery (
    client text NOT NULL REFERENCES webhook_client (name),
    delivery_id text NOT NULL,
    fingerprint bytea NOT NULL,
    received_at timestamptz NOT NULL DEFAULT now(),
    answer jsonb,
    PRIMARY KEY (client, delivery_id)
);
CREATE INDEX webhook_delivery_received_at ON webhook_delivery (received_at);

-- migrate:down
DROP TABLE webhook_delivery, webhook_secret, webhook_client, hr_snapshot_entry, hr_snapshot, expected_person;
ALTER TABLE hr_event DROP CONSTRAINT hr_event_pkey, ADD PRIMARY KEY (event_id), DROP COLUMN source;
ALTER TABLE person DROP COLUMN manager_id, DROP COLUMN hr_orders;
ALTER TABLE org_unit DROP COLUMN hr_orders;
