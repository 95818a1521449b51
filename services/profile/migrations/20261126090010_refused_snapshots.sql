-- Of a snapshot that was refused nothing is kept any more of the people whom it lists: it is sent again, whole.

-- migrate:up
DELETE FROM hr_snapshot_entry USING hr_snapshot AS s WHERE s.source = hr_snapshot_entry.source AND s.phase = 'refused';
UPDATE hr_snapshot SET parts = '{}', last_part = NULL WHERE phase = 'refused';

-- migrate:down
