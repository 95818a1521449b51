-- Roles that rest in a program until a day, and the goal of a formal relationship that a session serves.

-- migrate:up
-- By program and role the first day back; null is none.
ALTER TABLE person ADD COLUMN pauses jsonb;
-- {"relationship": ..., "goal": ...}: references of another system, which mean nothing here.
ALTER TABLE session ADD COLUMN formal_goal jsonb;

-- migrate:down
ALTER TABLE session DROP COLUMN formal_goal;
ALTER TABLE person DROP COLUMN pauses;
