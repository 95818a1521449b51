-- Questions of program owners, what was answered to them, and whether the help was used.

-- migrate:up
ALTER TABLE program
    ADD COLUMN owners uuid[] NOT NULL DEFAULT '{}',
    ADD COLUMN survey_questions jsonb NOT NULL DEFAULT '[]';

CREATE TABLE survey_answer (
    session_id uuid NOT NULL,
    side text NOT NULL,
    question_id uuid NOT NULL,
    kind text NOT NULL,
    answer text NOT NULL,
    answered_at timestamptz NOT NULL,
    PRIMARY KEY (session_id, side, question_id),
    FOREIGN KEY (session_id, side) REFERENCES survey (session_id, side)
);

CREATE TABLE follow_up (
    session_id uuid PRIMARY KEY REFERENCES session (session_id),
    used text NOT NULL
);

CREATE INDEX session_of_program ON session (program_id) WHERE state = 'held';

-- migrate:down
DROP INDEX session_of_program;
DROP TABLE follow_up, survey_answer;
ALTER TABLE program DROP COLUMN owners, DROP COLUMN survey_questions;
