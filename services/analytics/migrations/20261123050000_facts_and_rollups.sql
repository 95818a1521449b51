-- Facts: what happened, once each, ids and numbers only. Rollups: sums of them that reports read.

-- migrate:up
-- One request from asking to meeting. Every step keeps its earliest time, so the order of arrival does not matter;
-- of several agreed starts the one with the highest schedule_version counts.
CREATE TABLE session_fact (
    session_id uuid PRIMARY KEY,
    program_id uuid NOT NULL,
    learner_id uuid NOT NULL,
    mentor_id uuid NOT NULL,
    requested_at timestamptz,
    accepted_at timestamptz,
    declined_at timestamptz,
    expired_at timestamptz,
    withdrawn_at timestamptz,
    schedule_version bigint NOT NULL,
    starts_at timestamptz,
    cancelled_at timestamptz,
    held_on date,
    not_held_at timestamptz,
    learner_message_at timestamptz,
    mentor_message_at timestamptz
);
CREATE INDEX session_fact_waiting ON session_fact (program_id, requested_at)
    WHERE accepted_at IS NULL AND declined_at IS NULL AND expired_at IS NULL AND withdrawn_at IS NULL
        AND mentor_message_at IS NULL;
CREATE INDEX session_fact_agreed ON session_fact (program_id, starts_at)
    WHERE held_on IS NULL AND not_held_at IS NULL AND cancelled_at IS NULL;

CREATE TABLE survey_fact (
    session_id uuid NOT NULL,
    side text NOT NULL,
    program_id uuid NOT NULL,
    person_id uuid NOT NULL,
    sent_at timestamptz,
    answered_at timestamptz,
    rating integer,
    PRIMARY KEY (session_id, side)
);

-- Two people, whoever of them taught: person_a is the smaller id.
CREATE TABLE pair_fact (
    program_id uuid NOT NULL,
    person_a uuid NOT NULL,
    person_b uuid NOT NULL,
    first_held_on date,
    related_at timestamptz,
    PRIMARY KEY (program_id, person_a, person_b)
);

CREATE TABLE message_fact (
    message_id uuid PRIMARY KEY,
    program_id uuid NOT NULL,
    sender_id uuid NOT NULL,
    recipient_id uuid NOT NULL,
    sent_at timestamptz NOT NULL
);

CREATE TABLE search_fact (
    search_id uuid PRIMARY KEY,
    program_id uuid NOT NULL,
    searcher_id uuid NOT NULL,
    searched_at timestamptz NOT NULL,
    available integer NOT NULL
);

-- `value` tells apart cases of one measure that differ by a number: the rating, the minutes waited; otherwise 0.
CREATE TABLE rollup_count (
    program_id uuid NOT NULL,
    measure text NOT NULL,
    day date NOT NULL,
    value integer NOT NULL,
    amount bigint NOT NULL,
    PRIMARY KEY (program_id, measure, day, value)
);
-- In how many cases of a measure a person had a part; for distinct people and for their units at that date.
CREATE TABLE rollup_person (
    program_id uuid NOT NULL,
    measure text NOT NULL,
    day date NOT NULL,
    person_id uuid NOT NULL,
    amount bigint NOT NULL,
    PRIMARY KEY (program_id, measure, day, person_id)
);
-- Where `recompute` puts its results, to be compared.
CREATE TABLE fresh_count (LIKE rollup_count INCLUDING ALL);
CREATE TABLE fresh_person (LIKE rollup_person INCLUDING ALL);

CREATE TABLE program (
    program_id uuid PRIMARY KEY,
    version bigint NOT NULL,
    name text NOT NULL,
    owners uuid[] NOT NULL,
    starts_on date NOT NULL,
    objectives jsonb NOT NULL
);

-- The department of a person from each version of their profile on.
CREATE TABLE person_unit (
    person_id uuid NOT NULL,
    version bigint NOT NULL,
    valid_from timestamptz NOT NULL,
    unit_id uuid NOT NULL,
    PRIMARY KEY (person_id, version)
);
CREATE TABLE unit (
    unit_id uuid PRIMARY KEY,
    name text NOT NULL,
    named_at timestamptz NOT NULL
);

-- How fresh the reports are; `batches` rises with everything consumed.
CREATE TABLE progress (
    topic text PRIMARY KEY,
    newest_at timestamptz NOT NULL,
    batches bigint NOT NULL
);

-- migrate:down
DROP TABLE progress, unit, person_unit, program, fresh_person, fresh_count, rollup_person, rollup_count,
    search_fact, message_fact, pair_fact, survey_fact, session_fact;
