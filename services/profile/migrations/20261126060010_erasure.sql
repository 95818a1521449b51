-- Forgetting people: who asked, which service has done it, and since when somebody has left.

-- migrate:up
-- Who is erased has no number any more, so whatever HR says of that number is about somebody new.
ALTER TABLE person ALTER COLUMN employee_number DROP NOT NULL;
CREATE INDEX person_left ON person (person_id) WHERE status = 'left';

CREATE TABLE erasure_request (
    person_id uuid PRIMARY KEY,
    version bigint NOT NULL DEFAULT 1,
    reason text NOT NULL,
    requested_at timestamptz NOT NULL,
    confirmed_at timestamptz,
    -- When the empty state was said once more, so that its topic begins a new file and lets the older ones go.
    said_again_at timestamptz
);
CREATE INDEX erasure_request_unconfirmed ON erasure_request (requested_at) WHERE confirmed_at IS NULL;
CREATE INDEX erasure_request_not_said_again ON erasure_request (requested_at) WHERE said_again_at IS NULL;

CREATE TABLE erasure_receipt (
    person_id uuid NOT NULL,
    service text NOT NULL,
    confirmed_at timestamptz NOT NULL,
    rows bigint NOT NULL,
    documents bigint NOT NULL,
    objects bigint NOT NULL,
    dead_letters bigint NOT NULL,
    PRIMARY KEY (person_id, service)
);

CREATE TABLE leaver (
    person_id uuid PRIMARY KEY,
    since timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX leaver_since ON leaver (since);

-- migrate:down
DROP TABLE leaver, erasure_receipt, erasure_request;
DROP INDEX person_left;
ALTER TABLE person ALTER COLUMN employee_number SET NOT NULL;
