-- What became of a session: whether the two met, as each of them says, or needed only to write.

-- migrate:up
-- The rules of the model alone say which states there are.
ALTER TABLE session DROP CONSTRAINT IF EXISTS session_state_check;

CREATE TABLE statement (
    session_id uuid NOT NULL REFERENCES session (session_id),
    side text NOT NULL CHECK (side IN ('learner', 'mentor')),
    stated text NOT NULL CHECK (stated IN ('held', 'not_held')),
    stated_at timestamptz NOT NULL,
    PRIMARY KEY (session_id, side)
);

-- migrate:down
DROP TABLE statement;
ALTER TABLE session ADD CONSTRAINT session_state_check
    CHECK (state IN ('requested', 'accepted', 'declined', 'expired', 'withdrawn', 'cancelled', 'held')) NOT VALID;
