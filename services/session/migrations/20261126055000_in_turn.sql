-- Whom else to ask, one after the other, and calls to everybody who knows a skill.

-- migrate:up
ALTER TABLE session
    ADD COLUMN then_ask jsonb,
    ADD COLUMN open_to_all boolean NOT NULL DEFAULT false,
    -- It ended without a yes, and whoever is next is still to be asked.
    ADD COLUMN passing boolean NOT NULL DEFAULT false,
    -- The request that this one follows, and the request or call that followed it.
    ADD COLUMN passed_from uuid,
    ADD COLUMN passed_to uuid;
CREATE INDEX session_passing ON session (ended_at) WHERE passing;

-- Null until the person's next event, or a replay.
ALTER TABLE person ADD COLUMN skill_ids jsonb;

-- The need card is that of the session from which it came.
CREATE TABLE open_call (
    call_id uuid PRIMARY KEY,
    session_id uuid NOT NULL REFERENCES session (session_id),
    program_id uuid NOT NULL,
    learner_id uuid NOT NULL,
    skill_id uuid NOT NULL,
    state text NOT NULL CHECK (state IN ('open', 'taken', 'closed')),
    created_at timestamptz NOT NULL,
    expires_at timestamptz NOT NULL,
    taken_session_id uuid
);
CREATE INDEX open_call_due ON open_call (expires_at) WHERE state = 'open';
CREATE INDEX open_call_of_skill ON open_call (skill_id, expires_at) WHERE state = 'open';
CREATE INDEX open_call_of_learner ON open_call (learner_id, created_at DESC);

-- migrate:down
DROP TABLE open_call;
ALTER TABLE person DROP COLUMN skill_ids;
ALTER TABLE session
    DROP COLUMN then_ask, DROP COLUMN open_to_all, DROP COLUMN passing, DROP COLUMN passed_from, DROP COLUMN passed_to;
