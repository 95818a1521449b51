"""Step 4 of the write path: statements about programs."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from chassis.database import Transaction

from profile_service.model import Program, ProgramBody

PROGRAM_COLUMNS = """
program_id, version, status, owners, body, continues, (now() AT TIME ZONE 'UTC')::date AS judged_on
"""
SAVE_PROGRAM = """
INSERT INTO program (program_id, version, name, status, owners, body, continues) VALUES ($1, $2, $3, $4, $5, $6, $7)
ON CONFLICT (program_id) DO UPDATE SET version = $2, name = $3, status = $4, owners = $5, body = $6
"""
ADD_VERSION = """
INSERT INTO program_version (program_id, version, status, owners, body, change, changed_by)
VALUES ($1, $2, $3, $4, $5, $6, $7)
"""
LIST_VERSIONS = """
SELECT version, change, status, owners, body, changed_by, changed_at FROM program_version
WHERE program_id = $1 AND ($2::bigint IS NULL OR version < $2) ORDER BY version DESC LIMIT $3
"""
LIST_PROGRAMS = f"""
SELECT {PROGRAM_COLUMNS} FROM program
WHERE ($1 = ANY (owners) OR program_id = ANY ($2)) AND ($3::text IS NULL OR (name, program_id) > ($3, $4))
ORDER BY name, program_id LIMIT $5
"""  # noqa: S608 - column names of our own
TAKE_DAY = """
UPDATE placed_day SET day = (now() AT TIME ZONE 'UTC')::date WHERE day < (now() AT TIME ZONE 'UTC')::date
RETURNING old.day
"""


@dataclass(frozen=True, slots=True)
class ProgramVersion:
    """A program as it was from one change to the next; `changed_by` None is the service itself, or not known."""

    version: int
    change: str
    status: str
    owners: tuple[UUID, ...]
    body: ProgramBody
    changed_by: UUID | None
    changed_at: datetime


async def programs(transaction: Transaction) -> list[Program]:
    """All programs; there are few."""
    return [program_of(row) for row in await transaction.fetch(f"SELECT {PROGRAM_COLUMNS} FROM program")]  # noqa: S608 - column names of our own


async def program(transaction: Transaction, program_id: UUID) -> Program | None:
    """One program."""
    row = await transaction.fetchrow(f"SELECT {PROGRAM_COLUMNS} FROM program WHERE program_id = $1", program_id)  # noqa: S608 - column names of our own
    return program_of(row) if row else None


async def lock_program(transaction: Transaction, program_id: UUID) -> Program | None:
    """One program, locked until this transaction ends."""
    query = f"SELECT {PROGRAM_COLUMNS} FROM program WHERE program_id = $1 FOR UPDATE"  # noqa: S608 - column names of our own
    row = await transaction.fetchrow(query, program_id)
    return program_of(row) if row else None


async def programs_of(
    transaction: Transaction, owner: UUID | None, joined: Collection[UUID], after: Sequence[Any] | None, limit: int
) -> list[Program]:
    """The programs that somebody owns or that they joined, by name, after a cursor's (name, id)."""
    name, program_id = after or (None, None)
    rows = await transaction.fetch(LIST_PROGRAMS, owner, list(joined), name, program_id, limit)
    return [program_of(row) for row in rows]


async def save_program(transaction: Transaction, program: Program, change: str, by: UUID | None) -> None:
    """Insert or replace a program, and keep this version of it for ever."""
    body = program.body.model_dump(mode="json")
    names = (program.program_id, program.version)
    state = (program.status, program.owners, body)
    await transaction.execute(SAVE_PROGRAM, *names, program.body.name, *state, program.continues)
    await transaction.execute(ADD_VERSION, *names, *state, change, by)


async def is_continued(transaction: Transaction, program_id: UUID) -> bool:
    """Whether a program was rolled over."""
    found: bool = await transaction.fetchval("SELECT EXISTS (SELECT FROM program WHERE continues = $1)", program_id)
    return found


async def program_versions(
    transaction: Transaction, program_id: UUID, after: Sequence[Any] | None, limit: int
) -> list[ProgramVersion]:
    """The versions of a program, newest first, after a cursor's (version)."""
    (before,) = after or (None,)
    rows = await transaction.fetch(LIST_VERSIONS, program_id, before, limit)
    return [ProgramVersion(**{**row, "body": ProgramBody.model_validate(row["body"])}) for row in rows]


async def today(transaction: Transaction) -> date:
    """The day (UTC) by the database's clock, which all processes share."""
    day: date = await transaction.fetchval("SELECT (now() AT TIME ZONE 'UTC')::date")
    return day


async def day_is_new(transaction: Transaction) -> bool:
    """Whether people were last placed for an earlier day."""
    query = "SELECT day < (now() AT TIME ZONE 'UTC')::date FROM placed_day"
    return bool(await transaction.fetchval(query))


async def take_day(transaction: Transaction) -> date | None:
    """Have this transaction be the one that places people for today; the day before, None when another was."""
    day: date | None = await transaction.fetchval(TAKE_DAY)
    return day


def program_of(row: Any) -> Program:
    body = ProgramBody.model_validate(row["body"])
    about = (row["program_id"], row["version"], tuple(row["owners"]))
    return Program(*about, body, row["status"], row["continues"], row.get("judged_on"))
