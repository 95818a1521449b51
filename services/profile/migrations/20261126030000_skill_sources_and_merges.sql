-- Which entries of other vocabularies a skill stands for, and the passes that move people's claims after a merge.

-- migrate:up
CREATE TABLE skill_source (
    source text NOT NULL,
    source_id text NOT NULL,
    skill_id uuid NOT NULL REFERENCES skill (skill_id),
    -- What the source said and was taken: its label, and its names as they are compared.
    label text NOT NULL,
    names text[] NOT NULL,
    PRIMARY KEY (source, source_id)
);
CREATE INDEX skill_source_skill_id ON skill_source (skill_id);

CREATE TABLE skill_merge (
    merge_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    skill_id uuid NOT NULL REFERENCES skill (skill_id),
    after_person_id uuid NOT NULL DEFAULT '00000000-0000-0000-0000-000000000000',
    people_done integer NOT NULL DEFAULT 0,
    created_at timestamptz NOT NULL DEFAULT now(),
    finished_at timestamptz
);
CREATE INDEX skill_merge_unfinished ON skill_merge (merge_id) WHERE finished_at IS NULL;

-- Whoever claims what was merged before has the claim moved, too.
INSERT INTO skill_merge (skill_id) SELECT skill_id FROM skill WHERE merged_into IS NOT NULL ORDER BY skill_id;

CREATE INDEX skill_broader_id ON skill (broader_id) WHERE broader_id IS NOT NULL;
CREATE INDEX skill_merged_into ON skill (merged_into) WHERE merged_into IS NOT NULL;

-- migrate:down
DROP INDEX skill_merged_into, skill_broader_id;
DROP TABLE skill_merge, skill_source;
