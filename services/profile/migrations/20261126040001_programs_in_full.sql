-- Every version of a program, which program continues another, the last day for which people were placed,
-- and who changed what in administration.

-- migrate:up
ALTER TABLE program ADD COLUMN continues uuid;
CREATE UNIQUE INDEX program_continues ON program (continues);

-- `changed_by` is null where no person did it: the day had come, or it was before versions were kept.
CREATE TABLE program_version (
    program_id uuid NOT NULL,
    version bigint NOT NULL,
    change text NOT NULL,
    status text NOT NULL,
    owners uuid[] NOT NULL,
    body jsonb NOT NULL,
    changed_by uuid,
    changed_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (program_id, version)
);
INSERT INTO program_version (program_id, version, change, status, owners, body)
SELECT program_id, version, CASE WHEN version = 1 THEN 'created' ELSE 'edited' END, status, owners, body FROM program;

-- One row. Rules and periods hold on some days and not on others; on a later day everyone concerned is placed anew.
CREATE TABLE placed_day (
    day date NOT NULL
);
INSERT INTO placed_day (day) VALUES ('2000-01-01');

CREATE TABLE audit_entry (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    at timestamptz NOT NULL DEFAULT now(),
    person_id uuid,
    client text,
    action text NOT NULL,
    subject_kind text NOT NULL,
    subject_id uuid NOT NULL,
    before jsonb,
    after jsonb,
    CHECK (num_nonnulls(person_id, client) = 1)
);
CREATE INDEX audit_entry_subject ON audit_entry (subject_id, id);

-- migrate:down
DROP TABLE audit_entry, placed_day, program_version;
DROP INDEX program_continues;
ALTER TABLE program DROP COLUMN continues;
