-- A snapshot's people take effect after their managers: otherwise somebody who now reports to a former report would
-- be refused, who still reports to them as far as is known.

-- migrate:up
ALTER TABLE hr_snapshot_entry ADD COLUMN depth integer NOT NULL DEFAULT 0;
CREATE INDEX hr_snapshot_entry_depth ON hr_snapshot_entry (source, kind, depth, key);

-- migrate:down
DROP INDEX hr_snapshot_entry_depth;
ALTER TABLE hr_snapshot_entry DROP COLUMN depth;
