-- Since when a message waits that was put off by a refusal: each of these moves `due_at` on.

-- migrate:up
ALTER TABLE delivery ADD COLUMN first_due_at timestamptz;

-- migrate:down
ALTER TABLE delivery DROP COLUMN first_due_at;
