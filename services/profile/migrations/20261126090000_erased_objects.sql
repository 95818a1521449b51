-- The receipt for somebody who is forgotten counts files, and they are removed before it is written.

-- migrate:up
ALTER TABLE erasure_request ADD COLUMN objects bigint NOT NULL DEFAULT 0;

-- migrate:down
ALTER TABLE erasure_request DROP COLUMN objects;
