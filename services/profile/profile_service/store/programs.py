"""Step 4 of the write path: statements about programs."""

from collections.abc import Collection, Sequence
from typing import Any
from uuid import UUID

from chassis.database import Transaction

from profile_service.model import Program, ProgramBody

SAVE_PROGRAM = """
INSERT INTO program (program_id, version, name, status, owners, body) VALUES ($1, $2, $3, $4, $5, $6)
ON CONFLICT (program_id) DO UPDATE SET version = $2, name = $3, status = $4, owners = $5, body = $6
"""
LIST_PROGRAMS = """
SELECT program_id, version, status, owners, body FROM program
WHERE ($1 = ANY (owners) OR program_id = ANY ($2)) AND ($3::text IS NULL OR (name, program_id) > ($3, $4))
ORDER BY name, program_id LIMIT $5
"""


async def programs(transaction: Transaction) -> list[Program]:
    """All programs; there are few."""
    rows = await transaction.fetch("SELECT program_id, version, status, owners, body FROM program")
    return [program_of(row) for row in rows]


async def lock_program(transaction: Transaction, program_id: UUID) -> Program | None:
    """One program, locked until this transaction ends."""
    query = "SELECT program_id, version, status, owners, body FROM program WHERE program_id = $1 FOR UPDATE"
    row = await transaction.fetchrow(query, program_id)
    return program_of(row) if row else None


async def programs_of(
    transaction: Transaction, person_id: UUID, joined: Collection[UUID], after: Sequence[Any] | None, limit: int
) -> list[Program]:
    """The programs that somebody owns or is in, by name, after a cursor's (name, id)."""
    name, program_id = after or (None, None)
    rows = await transaction.fetch(LIST_PROGRAMS, person_id, list(joined), name, program_id, limit)
    return [program_of(row) for row in rows]


async def save_program(transaction: Transaction, program: Program) -> None:
    """Insert or replace a program."""
    body = program.body.model_dump(mode="json")
    values = (program.program_id, program.version, program.body.name, program.status, program.owners, body)
    await transaction.execute(SAVE_PROGRAM, *values)


def program_of(row: Any) -> Program:
    body = ProgramBody.model_validate(row["body"])
    return Program(row["program_id"], row["version"], tuple(row["owners"]), body, row["status"])
