-- What the search service knows of people, programs and skills, how far the index follows, and which indexes there are.

-- migrate:up
CREATE TABLE person (
    person_id uuid PRIMARY KEY,
    profile jsonb,
    profile_version bigint NOT NULL DEFAULT 0,
    availability jsonb,
    availability_version bigint NOT NULL DEFAULT 0,
    doc_version bigint NOT NULL DEFAULT 1,
    -- Negative: to be indexed again. Each such reset takes a number of its own, see index_reset.
    indexed_version bigint NOT NULL DEFAULT 0,
    index_problem text,
    changed_at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX person_pending ON person (changed_at) WHERE doc_version > indexed_version AND index_problem IS NULL;
CREATE SEQUENCE index_reset;

CREATE TABLE program (
    program_id uuid PRIMARY KEY,
    version bigint NOT NULL,
    body jsonb NOT NULL
);

CREATE TABLE skill (
    skill_id uuid PRIMARY KEY,
    version bigint NOT NULL,
    label text NOT NULL,
    aliases text[] NOT NULL,
    retired boolean NOT NULL,
    merged_into uuid
);

-- Unit names that queries may contain; the newest event that names a unit decides.
CREATE TABLE unit (
    unit_id uuid PRIMARY KEY,
    name text NOT NULL,
    named_at timestamptz NOT NULL
);

-- Rises whenever a skill or unit changes, so that a process knows when to load the vocabulary again.
CREATE TABLE vocabulary (
    changes bigint NOT NULL
);
INSERT INTO vocabulary (changes) VALUES (1);

CREATE TABLE index_generation (
    name text PRIMARY KEY,
    state text NOT NULL CHECK (state IN ('building', 'live', 'previous')),
    made_at timestamptz NOT NULL DEFAULT now()
);
CREATE UNIQUE INDEX index_generation_one_of_each ON index_generation (state);
CREATE SEQUENCE index_number;

CREATE TABLE searcher (
    person_id uuid PRIMARY KEY,
    searches bigint NOT NULL
);

-- migrate:down
DROP TABLE searcher, index_generation, vocabulary, unit, skill, program, person;
DROP SEQUENCE index_number, index_reset;
