-- The session service's own tables: who may ask whom, sessions with their messages and surveys, what mentors can take.

-- migrate:up
CREATE TABLE person (
    person_id uuid PRIMARY KEY,
    version bigint NOT NULL,
    status text NOT NULL,
    participations jsonb NOT NULL
);

CREATE TABLE program (
    program_id uuid PRIMARY KEY,
    version bigint NOT NULL,
    status text NOT NULL,
    policy jsonb NOT NULL
);

-- What a mentor takes a month, as they set it; null is the program's own limit. One row for each person ever asked.
CREATE TABLE availability (
    person_id uuid PRIMARY KEY,
    version bigint NOT NULL DEFAULT 0,
    capacity integer CHECK (capacity BETWEEN 0 AND 50),
    paused_until date
);

CREATE TABLE session (
    session_id uuid PRIMARY KEY,
    version bigint NOT NULL,
    state text NOT NULL CHECK (state IN ('requested', 'accepted', 'declined', 'expired', 'withdrawn', 'cancelled', 'held')),
    program_id uuid NOT NULL,
    learner_id uuid NOT NULL,
    mentor_id uuid NOT NULL,
    skill_id uuid,
    want_to_learn text NOT NULL,
    tried text NOT NULL,
    format text NOT NULL,
    minutes integer NOT NULL,
    created_at timestamptz NOT NULL,
    expires_at timestamptz NOT NULL,
    answered_at timestamptz,
    capacity_month text,
    starts_at timestamptz,
    held_on date,
    ended_at timestamptz,
    messages integer NOT NULL DEFAULT 0,
    mentor_replied boolean NOT NULL DEFAULT false,
    CHECK (learner_id <> mentor_id),
    CHECK ((capacity_month IS NOT NULL) = (state IN ('accepted', 'held')))
);
CREATE INDEX session_due ON session (expires_at) WHERE state = 'requested';
CREATE INDEX session_of_learner ON session (learner_id, created_at DESC, session_id DESC);
CREATE INDEX session_of_mentor ON session (mentor_id, created_at DESC, session_id DESC);
-- The same pair and skill at most once at a time, also when two requests come at the same moment.
CREATE UNIQUE INDEX session_one_open ON session
    (learner_id, mentor_id, coalesce(skill_id, '00000000-0000-0000-0000-000000000000')) WHERE state = 'requested';

CREATE TABLE message (
    message_id uuid PRIMARY KEY,
    session_id uuid NOT NULL REFERENCES session (session_id),
    position integer NOT NULL,
    sender_id uuid NOT NULL,
    text text NOT NULL,
    sent_at timestamptz NOT NULL,
    UNIQUE (session_id, position)
);

CREATE TABLE survey (
    session_id uuid NOT NULL REFERENCES session (session_id),
    side text NOT NULL CHECK (side IN ('learner', 'mentor')),
    helped text NOT NULL,
    rating integer NOT NULL,
    minutes_saved integer,
    PRIMARY KEY (session_id, side)
);

CREATE TABLE wish (
    session_id uuid NOT NULL REFERENCES session (session_id),
    side text NOT NULL CHECK (side IN ('learner', 'mentor')),
    wish boolean NOT NULL,
    PRIMARY KEY (session_id, side)
);

CREATE TABLE relationship (
    program_id uuid NOT NULL,
    one_id uuid NOT NULL,
    other_id uuid NOT NULL,
    made_at timestamptz NOT NULL,
    PRIMARY KEY (program_id, one_id, other_id),
    CHECK (one_id < other_id)
);
CREATE INDEX relationship_other ON relationship (other_id);

-- People whose open sessions are still to be closed because they left, are away, or no longer take part.
CREATE TABLE departure (
    person_id uuid PRIMARY KEY,
    version bigint NOT NULL
);

-- migrate:down
DROP TABLE departure, relationship, wish, survey, message, session, availability, program, person;
