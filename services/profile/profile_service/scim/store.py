"""Step 4 of the SCIM path: every statement about SCIM resources and the tokens of clients."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from chassis.database import Transaction

GET = "SELECT resource, employee_number FROM scim_resource WHERE id = $1 AND type = $2"
TAKEN = """
SELECT CASE WHEN user_name = $2 THEN 'userName' ELSE 'employeeNumber' END FROM scim_resource
WHERE (user_name = $2 OR employee_number = $3) AND id <> $1 LIMIT 1
"""
NUMBER_TAKEN = "SELECT EXISTS (SELECT FROM scim_resource WHERE employee_number = $1)"
INSERT = """
INSERT INTO scim_resource (id, type, external_id, user_name, employee_number, resource, version, created, modified)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $8)
"""
UPDATE = """
UPDATE scim_resource SET external_id = $2, user_name = $3, resource = $4, version = $5, modified = $6 WHERE id = $1
"""
NUMBERS = "SELECT id, employee_number FROM scim_resource WHERE id = ANY ($1) AND employee_number IS NOT NULL"
REPORTS_TO = """
WITH RECURSIVE above (id, height) AS (
    SELECT $1::uuid, 0
    UNION
    SELECT CASE WHEN pg_input_is_valid(resource #>> $2, 'uuid') THEN (resource #>> $2)::uuid END, height + 1
    FROM above JOIN scim_resource USING (id) WHERE height < $4
)
SELECT EXISTS (SELECT FROM above WHERE id = $3)
"""
FORGET = """
WITH gone AS (DELETE FROM scim_resource WHERE employee_number = $1 RETURNING id::text AS id)
UPDATE scim_resource AS g SET
    version = version + 1,
    modified = now(),
    resource = resource || jsonb_build_object(
        'members', (SELECT coalesce(jsonb_agg(m), '[]') FROM jsonb_array_elements(resource -> 'members') AS m
                    WHERE m ->> 'value' <> gone.id),
        'meta', resource -> 'meta' || jsonb_build_object('version', format('"%s"', version + 1), 'lastModified', now()))
FROM gone WHERE type = 'Group' AND resource -> 'members' @> jsonb_build_array(jsonb_build_object('value', gone.id))
"""
VALID_CLIENT = "SELECT name FROM scim_client WHERE token_hash = $1 AND expires > now() AND revoked IS NULL"
LOCK_CLIENTS = "SELECT pg_advisory_xact_lock($1)"
CLIENTS_LOCK = 7_100_003
ADD_CLIENT = """
INSERT INTO scim_client (token_hash, name, created, expires)
VALUES ($1, $2, clock_timestamp(), clock_timestamp() + make_interval(days => $3))
"""
LIST_CLIENTS = """
SELECT name, created, expires, revoked, revoked IS NULL AND expires > now() AS valid
FROM scim_client ORDER BY name, created
"""
END_SOON = """
UPDATE scim_client SET
    revoked = CASE WHEN created < newest THEN now() END,
    expires = least(expires, now() + make_interval(hours => $2))
FROM (SELECT max(created) AS newest FROM scim_client WHERE name = $1 AND revoked IS NULL AND expires > now()) AS last
WHERE name = $1 AND revoked IS NULL AND expires > now()
"""
REVOKE = "UPDATE scim_client SET revoked = now() WHERE name = $1 AND revoked IS NULL AND expires > now() RETURNING name"
MANAGER_LEVELS = 100


@dataclass(frozen=True, slots=True)
class Row:
    """A SCIM resource and what it is found by."""

    id: UUID
    type: str
    external_id: str | None
    user_name: str | None
    employee_number: str | None
    resource: dict[str, Any]
    version: int
    modified: datetime


@dataclass(frozen=True, slots=True)
class ClientRow:
    """One token of a client; the token itself is nowhere."""

    name: str
    created: datetime
    expires: datetime
    revoked: datetime | None
    valid: bool


async def get(transaction: Transaction, type_: str, id_: UUID) -> tuple[dict[str, Any], str | None] | None:
    """A resource, and the employee number its person was made with."""
    row = await transaction.fetchrow(GET, id_, type_)
    return (row["resource"], row["employee_number"]) if row else None


async def taken(transaction: Transaction, id_: UUID, user_name: str, number: str) -> str | None:
    """The attribute that another user has already."""
    attribute: str | None = await transaction.fetchval(TAKEN, id_, user_name, number)
    return attribute


async def number_taken(transaction: Transaction, number: str) -> bool:
    """Whether a user has this employee number."""
    found: bool = await transaction.fetchval(NUMBER_TAKEN, number)
    return found


async def insert(transaction: Transaction, row: Row) -> None:
    """A new resource."""
    values = (row.id, row.type, row.external_id, row.user_name, row.employee_number, row.resource, row.version)
    await transaction.execute(INSERT, *values, row.modified)


async def update(transaction: Transaction, row: Row) -> None:
    """A resource anew; its employee number stays."""
    await transaction.execute(UPDATE, row.id, row.external_id, row.user_name, row.resource, row.version, row.modified)


async def delete(transaction: Transaction, id_: UUID) -> None:
    """A resource is no more."""
    await transaction.execute("DELETE FROM scim_resource WHERE id = $1", id_)


async def user_of(transaction: Transaction, number: str) -> dict[str, Any] | None:
    """What a directory says of an employee."""
    query = "SELECT resource FROM scim_resource WHERE employee_number = $1"
    user: dict[str, Any] | None = await transaction.fetchval(query, number)
    return user


async def forget(transaction: Transaction, number: str) -> None:
    """The user of an employee number is no more, in no group either."""
    await transaction.execute(FORGET, number)


async def numbers(transaction: Transaction, ids: Collection[UUID]) -> dict[UUID, str]:
    """The employee numbers of these users, by id."""
    return {row["id"]: row["employee_number"] for row in await transaction.fetch(NUMBERS, list(ids))}


async def reports_to(transaction: Transaction, manager: UUID, path: Sequence[str], user: UUID) -> bool:
    """Whether a manager reports to a user, over any number of others (at most MANAGER_LEVELS); `path` leads to ids."""
    found: bool = await transaction.fetchval(REPORTS_TO, manager, list(path), user, MANAGER_LEVELS)
    return found


async def client_of(transaction: Transaction, token_hash: bytes) -> str | None:
    """The client whose token is valid now."""
    name: str | None = await transaction.fetchval(VALID_CLIENT, token_hash)
    return name


async def lock_clients(transaction: Transaction) -> None:
    """One change of clients at a time, until this transaction ends."""
    await transaction.execute(LOCK_CLIENTS, CLIENTS_LOCK)


async def clients(transaction: Transaction) -> list[ClientRow]:
    """Every token there ever was, by client and age."""
    return [ClientRow(**row) for row in await transaction.fetch(LIST_CLIENTS)]


async def add_token(transaction: Transaction, name: str, token_hash: bytes, days: int) -> None:
    """A token that is valid from now on."""
    await transaction.execute(ADD_CLIENT, token_hash, name, days)


async def end_soon(transaction: Transaction, name: str, hours: int) -> None:
    """The newest valid token of a client ends in so many hours, older ones at once."""
    await transaction.execute(END_SOON, name, hours)


async def revoke(transaction: Transaction, name: str) -> int:
    """No token of a client is valid any more; how many were."""
    return len(await transaction.fetch(REVOKE, name))
