-- What became of the skills of the vocabulary: a merged one is another's by now.

-- migrate:up
CREATE TABLE skill (
    skill_id uuid PRIMARY KEY,
    version bigint NOT NULL,
    merged_into uuid
);
CREATE INDEX skill_merged_into ON skill (merged_into) WHERE merged_into IS NOT NULL;

-- migrate:down
DROP TABLE skill;
