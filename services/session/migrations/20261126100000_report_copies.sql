-- The copy of a reported message is deleted some time after it was decided on; that it was reported, by whom it was
-- looked at and what was decided stays.

-- migrate:up
ALTER TABLE report
    ALTER COLUMN sealed DROP NOT NULL,
    ADD COLUMN copy_deleted_at timestamptz,
    ADD CONSTRAINT report_copy CHECK ((sealed IS NULL) = (copy_deleted_at IS NOT NULL)),
    ADD CONSTRAINT report_decided_first CHECK (copy_deleted_at IS NULL OR decision IS NOT NULL);
CREATE INDEX report_copy_kept ON report (decided_at) WHERE copy_deleted_at IS NULL;

-- migrate:down
DROP INDEX report_copy_kept;
ALTER TABLE report DROP CONSTRAINT report_decided_first, DROP CONSTRAINT report_copy, DROP COLUMN copy_deleted_at;
UPDATE report SET sealed = '' WHERE sealed IS NULL;
ALTER TABLE report ALTER COLUMN sealed SET NOT NULL;
