"""Step 4 of the write path: every statement of the profile service, one function each."""

from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass, fields
from typing import Any, Literal
from uuid import UUID

from chassis.database import Transaction
from flash_schemas.profile import Participation, UnitRef

from profile_service.model import Declared, Organisation, Person, Program, ProgramBody, Unit, VocabularySkill

ORGANISATION_LOCK = 7_100_001
VOCABULARY_LOCK = 7_100_002

SAVE_UNITS = """
INSERT INTO org_unit SELECT * FROM jsonb_populate_recordset(NULL::org_unit, $1)
ON CONFLICT (unit_id) DO UPDATE SET name = EXCLUDED.name, parent_id = EXCLUDED.parent_id,
    closed = EXCLUDED.closed, sequence = EXCLUDED.sequence
"""
SAVE_PEOPLE = """
INSERT INTO person SELECT * FROM jsonb_populate_recordset(NULL::person, $1)
ON CONFLICT (person_id) DO UPDATE SET (sequence, version, name, job_title, job_level, location, unit_id, status,
    hired_on, declared, unit_path, participations, choices) = (EXCLUDED.sequence, EXCLUDED.version, EXCLUDED.name,
    EXCLUDED.job_title, EXCLUDED.job_level, EXCLUDED.location, EXCLUDED.unit_id, EXCLUDED.status, EXCLUDED.hired_on,
    EXCLUDED.declared, EXCLUDED.unit_path, EXCLUDED.participations, EXCLUDED.choices)
"""
SAVE_PROGRAM = """
INSERT INTO program (program_id, version, name, status, owners, body) VALUES ($1, $2, $3, $4, $5, $6)
ON CONFLICT (program_id) DO UPDATE SET version = $2, name = $3, status = $4, owners = $5, body = $6
"""
LIST_PROGRAMS = """
SELECT program_id, version, status, owners, body FROM program
WHERE ($1 = ANY (owners) OR program_id = ANY ($2)) AND ($3::text IS NULL OR (name, program_id) > ($3, $4))
ORDER BY name, program_id LIMIT $5
"""
SAVE_SKILL = """
INSERT INTO skill (skill_id, version, label, aliases, broader_id, retired, merged_into)
VALUES ($1, $2, $3, $4, $5, $6, $7)
ON CONFLICT (skill_id) DO UPDATE SET version = $2, label = $3, aliases = $4, broader_id = $5, retired = $6,
    merged_into = $7
"""
LIST_SKILLS = """
SELECT skill_id, version, label, aliases, broader_id, retired, merged_into FROM skill AS s
WHERE ($1::text IS NULL OR EXISTS (
        SELECT FROM skill_name AS n WHERE n.skill_id = s.skill_id AND strpos(n.name, $1) > 0))
    AND ($2::text IS NULL OR (label, skill_id) > ($2, $3))
ORDER BY label, skill_id LIMIT $4
"""
SKILLS_BY_ID = """
SELECT skill_id, version, label, aliases, broader_id, retired, merged_into FROM skill WHERE skill_id = ANY ($1)
"""
NAME_OWNERS = """
SELECT n.name, s.label FROM skill_name AS n JOIN skill AS s USING (skill_id)
WHERE n.name = ANY ($1) AND skill_id <> $2
"""
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
NEXT_OF_ALL = "SELECT * FROM {0} WHERE {0}_id > $1 ORDER BY {0}_id LIMIT $2 FOR UPDATE"


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


async def lock_organisation(transaction: Transaction) -> None:
    """One change of the tree or of the rules at a time, until this transaction ends."""
    await transaction.execute("SELECT pg_advisory_xact_lock($1)", ORGANISATION_LOCK)


async def lock_vocabulary(transaction: Transaction) -> None:
    """One change of skill names at a time, until this transaction ends."""
    await transaction.execute("SELECT pg_advisory_xact_lock($1)", VOCABULARY_LOCK)


async def organisation(transaction: Transaction) -> Organisation:
    """The whole tree of units, closed ones included."""
    rows = await transaction.fetch("SELECT unit_id, code, name, parent_id, closed, sequence FROM org_unit")
    return Organisation(Unit(**row) for row in rows)


async def save_units(transaction: Transaction, units: Iterable[Unit]) -> None:
    """Insert or replace units."""
    await transaction.execute(SAVE_UNITS, [_plain(unit) for unit in units])


async def people_by_number(transaction: Transaction, numbers: Collection[str]) -> dict[str, Person]:
    """These employees, locked in one order for everybody, by employee number."""
    query = "SELECT * FROM person WHERE employee_number = ANY ($1) ORDER BY person_id FOR UPDATE"
    return {row["employee_number"]: _person(row) for row in await transaction.fetch(query, list(numbers))}


async def lock_person(transaction: Transaction, person_id: UUID) -> Person | None:
    """One person, locked until this transaction ends."""
    row = await transaction.fetchrow("SELECT * FROM person WHERE person_id = $1 FOR UPDATE", person_id)
    return _person(row) if row else None


async def person(transaction: Transaction, person_id: UUID) -> Person | None:
    """One person."""
    row = await transaction.fetchrow("SELECT * FROM person WHERE person_id = $1", person_id)
    return _person(row) if row else None


async def employee(transaction: Transaction, number: str) -> Person | None:
    """The person with HR's number."""
    row = await transaction.fetchrow("SELECT * FROM person WHERE employee_number = $1", number)
    return _person(row) if row else None


async def save_people(transaction: Transaction, people: Iterable[Person]) -> None:
    """Insert or replace people, whose rows the caller has locked."""
    await transaction.execute(SAVE_PEOPLE, [_person_row(person) for person in people])


async def seen_events(transaction: Transaction, event_ids: Collection[str]) -> set[str]:
    """Which of these HR events were applied before."""
    rows = await transaction.fetch("SELECT event_id FROM hr_event WHERE event_id = ANY ($1)", list(event_ids))
    return {row["event_id"] for row in rows}


async def remember_events(transaction: Transaction, event_ids: Sequence[str]) -> None:
    """These HR events are applied."""
    await transaction.execute("INSERT INTO hr_event (event_id) SELECT unnest($1::text[])", event_ids)


async def programs(transaction: Transaction) -> list[Program]:
    """All programs; there are few."""
    rows = await transaction.fetch("SELECT program_id, version, status, owners, body FROM program")
    return [_program(row) for row in rows]


async def lock_program(transaction: Transaction, program_id: UUID) -> Program | None:
    """One program, locked until this transaction ends."""
    query = "SELECT program_id, version, status, owners, body FROM program WHERE program_id = $1 FOR UPDATE"
    row = await transaction.fetchrow(query, program_id)
    return _program(row) if row else None


async def programs_of(
    transaction: Transaction, person_id: UUID, joined: Collection[UUID], after: Sequence[Any] | None, limit: int
) -> list[Program]:
    """The programs that somebody owns or is in, by name, after a cursor's (name, id)."""
    name, program_id = after or (None, None)
    rows = await transaction.fetch(LIST_PROGRAMS, person_id, list(joined), name, program_id, limit)
    return [_program(row) for row in rows]


async def save_program(transaction: Transaction, program: Program) -> None:
    """Insert or replace a program."""
    body = program.body.model_dump(mode="json")
    values = (program.program_id, program.version, program.body.name, program.status, program.owners, body)
    await transaction.execute(SAVE_PROGRAM, *values)


async def skill(transaction: Transaction, skill_id: UUID) -> VocabularySkill | None:
    """One entry of the vocabulary."""
    return next(iter(await skills_by_id(transaction, [skill_id])), None)


async def skills_by_id(transaction: Transaction, skill_ids: Collection[UUID]) -> list[VocabularySkill]:
    """These entries of the vocabulary, as far as they exist."""
    return [_skill(row) for row in await transaction.fetch(SKILLS_BY_ID, list(skill_ids))]


async def skills(
    transaction: Transaction, name_part: str | None, after: Sequence[Any] | None, limit: int
) -> list[VocabularySkill]:
    """Entries with a name that contains `name_part` (normalised), by label, after a cursor's (label, id)."""
    label, skill_id = after or (None, None)
    return [_skill(row) for row in await transaction.fetch(LIST_SKILLS, name_part, label, skill_id, limit)]


async def owners_of_names(transaction: Transaction, names: Collection[str], besides: UUID) -> dict[str, str]:
    """Which of these normalised names belong to another skill than `besides`: its label, by name."""
    rows = await transaction.fetch(NAME_OWNERS, list(names), besides)
    return {row["name"]: row["label"] for row in rows}


async def save_skill(transaction: Transaction, skill: VocabularySkill) -> None:
    """Insert or replace an entry and its names, which nobody else has."""
    values = (skill.skill_id, skill.version, skill.label, skill.aliases, skill.broader_id, skill.retired)
    await transaction.execute(SAVE_SKILL, *values, skill.merged_into)
    await transaction.execute("DELETE FROM skill_name WHERE skill_id = $1", skill.skill_id)
    query = "INSERT INTO skill_name (name, skill_id) SELECT unnest($1::text[]), $2"
    await transaction.execute(query, list(skill.names()), skill.skill_id)


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


async def people_to_refresh(
    transaction: Transaction, job: RefreshJob, units: Collection[UUID], limit: int
) -> list[Person]:
    """The next people of a pass, locked; `units` are those below the job's unit."""
    if job.unit_id is None:
        rows = await transaction.fetch(NEXT_PEOPLE, job.after_person_id, limit)
    else:
        rows = await transaction.fetch(NEXT_PEOPLE_BELOW, job.after_person_id, limit, list(units))
    return [_person(row) for row in rows]


async def lock_next(
    transaction: Transaction, table: Literal["person", "program", "skill"], after: UUID, limit: int
) -> list[Person | Program | VocabularySkill]:
    """The next people, programs or skills in order of id, locked."""
    read: dict[str, Callable[[Any], Any]] = {"person": _person, "program": _program, "skill": _skill}
    return [read[table](row) for row in await transaction.fetch(NEXT_OF_ALL.format(table), after, limit)]


async def move_refresh(transaction: Transaction, job: RefreshJob, after: UUID, done: int, *, finished: bool) -> None:
    """A pass has come this far."""
    await transaction.execute(MOVE_JOB, job.job_id, after, done, finished)


async def unfinished_refreshes(transaction: Transaction) -> int:
    """How many passes are still to be made."""
    count: int = await transaction.fetchval("SELECT count(*) FROM refresh_job WHERE finished_at IS NULL")
    return count


async def progress(transaction: Transaction, program_id: UUID) -> Progress | None:
    """How far the newest pass for a program has come."""
    row = await transaction.fetchrow(PROGRESS, program_id)
    return Progress(**row) if row else None


def _plain(value: Any) -> dict[str, Any]:
    return {field.name: getattr(value, field.name) for field in fields(value)}


def _person_row(person: Person) -> dict[str, Any]:
    parts = {
        "declared": person.declared.model_dump(mode="json"),
        "unit_path": [ref.model_dump(mode="json") for ref in person.unit_path],
        "participations": [part.model_dump(mode="json") for part in person.participations],
    }
    return _plain(person) | parts


def _person(row: Any) -> Person:
    parts = {
        "declared": Declared.model_validate(row["declared"]),
        "unit_path": tuple(UnitRef.model_validate(ref) for ref in row["unit_path"]),
        "participations": tuple(Participation.model_validate(part) for part in row["participations"]),
        "choices": {program_id: tuple(roles) for program_id, roles in row["choices"].items()},
    }
    return Person(**{**row, **parts})


def _program(row: Any) -> Program:
    body = ProgramBody.model_validate(row["body"])
    return Program(row["program_id"], row["version"], tuple(row["owners"]), body, row["status"])


def _skill(row: Any) -> VocabularySkill:
    return VocabularySkill(**{**row, "aliases": tuple(row["aliases"])})
