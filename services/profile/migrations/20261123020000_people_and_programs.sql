-- The profile service's own tables: the organisation, its people, the skill vocabulary, programs,
-- which pushed changes were seen, and the background work that follows a change for many people.

-- migrate:up
CREATE TABLE org_unit (
    unit_id uuid PRIMARY KEY,
    code text NOT NULL UNIQUE,
    name text NOT NULL,
    parent_id uuid REFERENCES org_unit (unit_id),
    closed boolean NOT NULL DEFAULT false,
    sequence bigint NOT NULL
);
CREATE INDEX org_unit_parent_id ON org_unit (parent_id);

CREATE TABLE person (
    person_id uuid PRIMARY KEY,
    employee_number text NOT NULL UNIQUE,
    sequence bigint NOT NULL,
    version bigint NOT NULL,
    name text NOT NULL,
    job_title text NOT NULL,
    job_level integer NOT NULL,
    location text NOT NULL,
    unit_id uuid NOT NULL REFERENCES org_unit (unit_id),
    status text NOT NULL CHECK (status IN ('active', 'on_leave', 'left')),
    hired_on date,
    declared jsonb NOT NULL,
    unit_path jsonb NOT NULL,
    participations jsonb NOT NULL,
    choices jsonb NOT NULL
);
CREATE INDEX person_unit_id ON person (unit_id);

CREATE TABLE hr_event (
    event_id text PRIMARY KEY,
    received_at timestamptz NOT NULL DEFAULT now()
);

CREATE TABLE skill (
    skill_id uuid PRIMARY KEY,
    version bigint NOT NULL,
    label text NOT NULL,
    aliases text[] NOT NULL,
    broader_id uuid REFERENCES skill (skill_id),
    retired boolean NOT NULL DEFAULT false,
    merged_into uuid REFERENCES skill (skill_id)
);
CREATE INDEX skill_label ON skill (label, skill_id);

CREATE TABLE skill_name (
    name text PRIMARY KEY,
    skill_id uuid NOT NULL REFERENCES skill (skill_id)
);
CREATE INDEX skill_name_skill_id ON skill_name (skill_id);

CREATE TABLE program (
    program_id uuid PRIMARY KEY,
    version bigint NOT NULL,
    name text NOT NULL,
    status text NOT NULL CHECK (status IN ('active', 'archived')),
    owners uuid[] NOT NULL,
    body jsonb NOT NULL
);

CREATE TABLE refresh_job (
    job_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    change text NOT NULL,
    unit_id uuid,
    program_id uuid,
    after_person_id uuid NOT NULL DEFAULT '00000000-0000-0000-0000-000000000000',
    people_done integer NOT NULL DEFAULT 0,
    created_at timestamptz NOT NULL DEFAULT now(),
    finished_at timestamptz
);
CREATE INDEX refresh_job_unfinished ON refresh_job (job_id) WHERE finished_at IS NULL;
CREATE INDEX refresh_job_program ON refresh_job (program_id, job_id);

-- migrate:down
DROP TABLE refresh_job, program, skill_name, skill, hr_event, person, org_unit;
