"""Step 4 of the write path: statements about work that goes over many rows, bit by bit."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal
from uuid import UUID

from chassis.comparison import Versions
from chassis.database import Transaction

from profile_service.model import Person, Program, VocabularySkill
from profile_service.store.organisation import units_below
from profile_service.store.people import person_of
from profile_service.store.programs import program_of
from profile_service.store.skills import skill_of

NEXT_JOB = """
SELECT job_id, change, unit_id, after_person_id FROM refresh_job WHERE finished_at IS NULL
ORDER BY job_id LIMIT 1 FOR UPDATE SKIP LOCKED
"""
MOVE_JOB = """
UPDATE refresh_job SET after_person_id = $2, people_done = people_done + $3,
    finished_at = CASE WHEN $4 THEN now() END WHERE job_id = $1
"""
PROGRESS = """
SELECT people_done, finished_at IS NOT NULL AS finished, (SELECT count(*) FROM person) AS people_total
FROM refresh_job WHERE program_id = $1 ORDER BY job_id DESC LIMIT 1
"""
NEXT_PEOPLE = "SELECT * FROM person WHERE person_id > $1 ORDER BY person_id LIMIT $2 FOR UPDATE"
NEXT_PEOPLE_BELOW = """
SELECT * FROM person WHERE person_id > $1 AND unit_id = ANY ($3) ORDER BY person_id LIMIT $2 FOR UPDATE
"""
WAITING_JOBS = "SELECT unit_id, people_done, created_at FROM refresh_job WHERE finished_at IS NULL ORDER BY job_id"
NEXT_OF_ALL = "SELECT * FROM {0} WHERE {0}_id > $1 ORDER BY {0}_id LIMIT $2 FOR UPDATE"
THESE = "SELECT * FROM {0} WHERE {0}_id = ANY ($1) ORDER BY {0}_id"

Table = Literal["person", "program", "skill"]
KEPT: dict[Table, Versions] = {
    "person": Versions("person", "person_id", "version"),
    "program": Versions("program", "program_id", "version"),
    "skill": Versions("skill", "skill_id", "version"),
}
"""Where each kind of aggregate has its version."""
READ: dict[Table, Callable[[Any], Any]] = {"person": person_of, "program": program_of, "skill": skill_of}


@dataclass(frozen=True, slots=True)
class RefreshJob:
    """A pass over people whose place or participation may have changed; `unit_id` None means over all of them."""

    job_id: int
    change: str
    unit_id: UUID | None
    after_person_id: UUID


@dataclass(frozen=True, slots=True)
class Progress:
    """How far the re-evaluation of a program has come."""

    people_done: int
    people_total: int
    finished: bool


@dataclass(frozen=True, slots=True)
class WaitingPass:
    """An unfinished pass; `unit_id` None means over all people."""

    unit_id: UUID | None
    people_done: int
    created_at: datetime


async def add_refresh(
    transaction: Transaction, change: str, *, unit_id: UUID | None = None, program_id: UUID | None = None
) -> None:
    """Have everyone below a unit, or everyone because of a program, placed anew in the background."""
    query = "INSERT INTO refresh_job (change, unit_id, program_id) VALUES ($1, $2, $3)"
    await transaction.execute(query, change, unit_id, program_id)


async def next_refresh(transaction: Transaction) -> RefreshJob | None:
    """The oldest unfinished pass that no other process holds, locked."""
    row = await transaction.fetchrow(NEXT_JOB)
    return RefreshJob(**row) if row else None


async def people_to_refresh(transaction: Transaction, job: RefreshJob, limit: int) -> list[Person]:
    """The next people of a pass, locked."""
    if job.unit_id is None:
        rows = await transaction.fetch(NEXT_PEOPLE, job.after_person_id, limit)
    else:
        units = await units_below(transaction, job.unit_id)
        rows = await transaction.fetch(NEXT_PEOPLE_BELOW, job.after_person_id, limit, units)
    return [person_of(row) for row in rows]


async def lock_next(
    transaction: Transaction, table: Table, after: UUID, limit: int
) -> list[Person | Program | VocabularySkill]:
    """The next people, programs or skills in order of id, locked."""
    return [READ[table](row) for row in await transaction.fetch(NEXT_OF_ALL.format(table), after, limit)]


async def outrank(
    transaction: Transaction, table: Table, published: Mapping[UUID, int]
) -> list[Person | Program | VocabularySkill]:
    """Give each that is not above its published version the one after that; those that got it, locked."""
    raised = await KEPT[table].outrank(transaction, published)
    return [READ[table](row) for row in await transaction.fetch(THESE.format(table), raised)]


async def move_refresh(transaction: Transaction, job: RefreshJob, after: UUID, done: int, *, finished: bool) -> None:
    """A pass has come this far."""
    await transaction.execute(MOVE_JOB, job.job_id, after, done, finished)


async def unfinished_refreshes(transaction: Transaction) -> int:
    """How many passes are still to be made."""
    count: int = await transaction.fetchval("SELECT count(*) FROM refresh_job WHERE finished_at IS NULL")
    return count


async def waiting_passes(transaction: Transaction) -> list[WaitingPass]:
    """The unfinished passes, oldest first."""
    return [WaitingPass(**row) for row in await transaction.fetch(WAITING_JOBS)]


async def people_by_unit(transaction: Transaction) -> dict[UUID, int]:
    """How many people are in each unit, leavers included, as a pass counts them."""
    rows = await transaction.fetch("SELECT unit_id, count(*) AS people FROM person GROUP BY unit_id")
    return {row["unit_id"]: row["people"] for row in rows}


async def progress(transaction: Transaction, program_id: UUID) -> Progress | None:
    """How far the newest pass for a program has come."""
    row = await transaction.fetchrow(PROGRESS, program_id)
    return Progress(**row) if row else None
