"""The read path: the statements behind a report. They read rollups, and of the facts only what is still open."""

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, NamedTuple
from uuid import UUID

from chassis.database import Database, Transaction
from flash_schemas.profile import Objective

from analytics_service.facts import TOPICS

PROGRAM = "SELECT program_id, name, owners, starts_on, objectives FROM program WHERE program_id = $1"
PROGRAMS = "SELECT program_id, name, owners, starts_on, objectives FROM program ORDER BY program_id"
COUNTS = """
SELECT measure, value, sum(amount)::bigint AS amount FROM rollup_count
WHERE program_id = $1 AND day BETWEEN $2 AND $3 GROUP BY measure, value HAVING sum(amount) <> 0
"""
PEOPLE = """
SELECT f.name, count(DISTINCT r.person_id) AS people
FROM unnest($4::text[], $5::text[]) AS f (name, measure)
JOIN rollup_person AS r ON r.program_id = $1 AND r.measure = f.measure AND r.day BETWEEN $2 AND $3 AND r.amount > 0
GROUP BY f.name
"""
OPEN_MINUTES = """
SELECT floor(extract(epoch FROM $4::timestamptz - requested_at) / 60)::int AS minutes, count(*) AS asks
FROM session_fact
WHERE program_id = $1 AND requested_at >= $2::date::timestamp AT TIME ZONE 'UTC'
    AND requested_at < least($4, ($3::date + 1)::timestamp AT TIME ZONE 'UTC')
    AND accepted_at IS NULL AND declined_at IS NULL AND expired_at IS NULL AND withdrawn_at IS NULL
    AND mentor_message_at IS NULL AND solved_at IS NULL AND countered_at IS NULL
GROUP BY 1
"""
OVERDUE = """
WITH overdue AS (
    SELECT learner_id, mentor_id FROM session_fact
    WHERE program_id = $1 AND starts_at >= $2::date::timestamp AT TIME ZONE 'UTC'
        AND starts_at < least($4, ($3::date + 1)::timestamp AT TIME ZONE 'UTC')
        AND held_on IS NULL AND not_held_at IS NULL AND cancelled_at IS NULL AND solved_at IS NULL
)
SELECT (SELECT count(*) FROM overdue) AS sessions, count(DISTINCT person_id) AS people FROM (
    SELECT learner_id AS person_id FROM overdue UNION ALL SELECT mentor_id FROM overdue UNION ALL
    SELECT person_id FROM rollup_person
    WHERE program_id = $1 AND measure = 'ended' AND day BETWEEN $2 AND $3 AND amount > 0
) AS due
"""
# The last place known by the end of that day; of somebody not known by then, the first place known.
UNITS = """
SELECT u.unit_id, u.name, r.measure, count(DISTINCT r.person_id) AS people, sum(r.amount)::bigint AS amount
FROM rollup_person AS r
LEFT JOIN unit AS u ON u.unit_id = coalesce(
    (SELECT unit_id FROM person_unit AS p
     WHERE p.person_id = r.person_id AND p.valid_from < (r.day + 1)::timestamp AT TIME ZONE 'UTC'
     ORDER BY version DESC LIMIT 1),
    (SELECT unit_id FROM person_unit AS p WHERE p.person_id = r.person_id ORDER BY version LIMIT 1))
WHERE r.program_id = $1 AND r.day BETWEEN $2 AND $3 AND r.measure = ANY ($4) AND r.amount > 0
GROUP BY u.unit_id, u.name, r.measure ORDER BY u.name, u.unit_id
"""
# A quiet topic cannot be told from one that is not read. One consumer reads all of these, so the newest speaks for all.
AS_OF = "SELECT max(newest_at) FROM progress WHERE topic = ANY ($1)"
BATCHES = "SELECT coalesce(sum(batches), 0)::bigint FROM progress"


class Period(NamedTuple):
    """Days of a report, both included (UTC)."""

    first: date
    last: date


@dataclass(frozen=True, slots=True)
class Program:
    """A program as far as reports need it."""

    program_id: UUID
    name: str
    owners: frozenset[UUID]
    starts_on: date
    objectives: tuple[Objective, ...]


class Overdue(NamedTuple):
    """Sessions that should be over though nobody said so, and the people of these and of those that are."""

    sessions: int
    people: int


class UnitPart(NamedTuple):
    """A department's part in one measure; without id and name: people of whom no profile is known yet."""

    unit_id: UUID | None
    name: str | None
    measure: str
    people: int
    amount: int


@asynccontextmanager
async def snapshot(database: Database) -> AsyncIterator[Transaction]:
    """A connection on which all statements see the same."""
    async with database.connection() as connection, connection.transaction(isolation="repeatable_read", readonly=True):
        yield connection


async def program(connection: Transaction, program_id: UUID) -> Program | None:
    """A program, None when there is none."""
    row = await connection.fetchrow(PROGRAM, program_id)
    return _program(row) if row else None


async def programs(connection: Transaction) -> list[Program]:
    """All programs."""
    return [_program(row) for row in await connection.fetch(PROGRAMS)]


async def counts(connection: Transaction, program_id: UUID, period: Period) -> dict[str, dict[int, int]]:
    """Cases of a period by measure and value."""
    found: dict[str, dict[int, int]] = {}
    for row in await connection.fetch(COUNTS, program_id, *period):
        found.setdefault(row["measure"], {})[row["value"]] = row["amount"]
    return found


async def people(
    connection: Transaction, program_id: UUID, period: Period, concerned: Sequence[tuple[str, str]]
) -> Mapping[str, int]:
    """Distinct people per name, for pairs of a name and a measure whose people count for it."""
    names, measures = zip(*concerned, strict=True)
    rows = await connection.fetch(PEOPLE, program_id, *period, names, measures)
    return {row["name"]: row["people"] for row in rows}


async def open_minutes(connection: Transaction, program_id: UUID, period: Period, now: datetime) -> Mapping[int, int]:
    """Asks of the period that nobody has answered or ended, by the minutes they have waited."""
    rows = await connection.fetch(OPEN_MINUTES, program_id, *period, now)
    return {row["minutes"]: row["asks"] for row in rows}


async def overdue(connection: Transaction, program_id: UUID, period: Period, now: datetime) -> Overdue:
    """Sessions whose agreed start passed and of which nobody said whether they were held."""
    row = await connection.fetchrow(OVERDUE, program_id, *period, now)
    return Overdue(*row) if row else Overdue(0, 0)


async def units(connection: Transaction, program_id: UUID, period: Period, measures: Sequence[str]) -> list[UnitPart]:
    """The parts of departments in these measures, each person where they stood on the day of the case."""
    return [UnitPart(*row) for row in await connection.fetch(UNITS, program_id, *period, measures)]


async def as_of(connection: Transaction) -> datetime | None:
    """The newest event time that the facts contain."""
    newest: datetime | None = await connection.fetchval(AS_OF, TOPICS)
    return newest


async def batches(connection: Transaction) -> int:
    """A number that rises with everything consumed."""
    consumed: int = await connection.fetchval(BATCHES)
    return consumed


def _program(row: Any) -> Program:
    objectives = tuple(Objective.model_validate(objective, extra="ignore") for objective in row["objectives"])
    return Program(row["program_id"], row["name"], frozenset(row["owners"]), row["starts_on"], objectives)
