-- SCIM: the users and groups that HR clients keep here, as they said them, and the tokens of these clients.

-- migrate:up
CREATE TABLE scim_resource (
    id uuid PRIMARY KEY,
    type text NOT NULL CHECK (type IN ('User', 'Group')),
    external_id text,
    user_name text,
    employee_number text,
    resource jsonb NOT NULL,
    version bigint NOT NULL,
    created timestamptz NOT NULL,
    modified timestamptz NOT NULL
);
-- Compared without case, as SCIM has it; the service writes the name in the form it compares.
CREATE UNIQUE INDEX scim_resource_user_name ON scim_resource (user_name);
-- A person is one user: the number under which HR knows them, said once, at the user's creation.
CREATE UNIQUE INDEX scim_resource_employee_number ON scim_resource (employee_number);
CREATE INDEX scim_resource_external_id ON scim_resource (external_id);
CREATE INDEX scim_resource_type_id ON scim_resource (type, id);

CREATE TABLE scim_client (
    token_hash bytea PRIMARY KEY,
    name text NOT NULL,
    created timestamptz NOT NULL DEFAULT now(),
    expires timestamptz NOT NULL,
    revoked timestamptz
);
CREATE INDEX scim_client_name ON scim_client (name, created);

-- migrate:down
DROP TABLE scim_client, scim_resource;
