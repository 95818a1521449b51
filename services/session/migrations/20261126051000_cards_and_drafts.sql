-- What editing a need card and an honest expectation need; drafts of requests, private to who writes them.

-- migrate:up
ALTER TABLE session
    ADD COLUMN by_when date,
    -- The version that the card as it is now came with: who has seen this one or a later has seen the card.
    ADD COLUMN card_version bigint NOT NULL DEFAULT 1,
    -- When the mentor first reacted; an answer that comes later does not change it.
    ADD COLUMN first_answer_at timestamptz;
UPDATE session SET first_answer_at = answered_at WHERE answered_at IS NOT NULL;

CREATE TABLE draft (
    draft_id uuid PRIMARY KEY,
    learner_id uuid NOT NULL,
    version bigint NOT NULL DEFAULT 1,
    card jsonb NOT NULL,
    changed_at timestamptz NOT NULL
);
CREATE INDEX draft_of_learner ON draft (learner_id, changed_at DESC);

-- migrate:down
DROP TABLE draft;
ALTER TABLE session DROP COLUMN by_when, DROP COLUMN card_version, DROP COLUMN first_answer_at;
