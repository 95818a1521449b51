"""Statements about people and programs, as far as this service needs to know them. Step 4 of the write path."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from chassis.database import Transaction
from flash_schemas.profile import RequestPolicy

from session_service.model import Member

MEMBER = "person_id, status, participations, pauses, skill_ids"
# Who is forgotten has left, whatever a backup brought back.
KEEP_PEOPLE = """
INSERT INTO person (person_id, version, status, participations, pauses, skill_ids, oldest_confirmation)
SELECT person_id, p.version, CASE WHEN e.person_id IS NULL THEN status ELSE 'left' END,
    CASE WHEN e.person_id IS NULL THEN participations ELSE '{}' END, pauses,
    CASE WHEN e.person_id IS NULL THEN skill_ids ELSE '[]' END,
    CASE WHEN e.person_id IS NULL THEN oldest_confirmation END
FROM jsonb_populate_recordset(NULL::person, $1) AS p LEFT JOIN erasure AS e USING (person_id) ORDER BY person_id
ON CONFLICT (person_id) DO UPDATE SET version = EXCLUDED.version, status = EXCLUDED.status,
    participations = EXCLUDED.participations, pauses = EXCLUDED.pauses, skill_ids = EXCLUDED.skill_ids,
    oldest_confirmation = EXCLUDED.oldest_confirmation
WHERE person.version < EXCLUDED.version OR (person.version = EXCLUDED.version AND (person.skill_ids IS NULL
    OR (person.oldest_confirmation IS NULL AND EXCLUDED.oldest_confirmation IS NOT NULL)))
RETURNING person_id
"""
KEEP_PROGRAMS = """
INSERT INTO program SELECT * FROM jsonb_populate_recordset(NULL::program, $1) ORDER BY program_id
ON CONFLICT (program_id) DO UPDATE SET version = EXCLUDED.version, status = EXCLUDED.status, policy = EXCLUDED.policy,
    owners = EXCLUDED.owners, survey_questions = EXCLUDED.survey_questions
WHERE program.version < EXCLUDED.version
"""
ADD_DEPARTURES = """
INSERT INTO departure (person_id, version)
SELECT person_id, pg_current_xact_id()::text::bigint FROM person AS p WHERE person_id = ANY ($1)
    AND EXISTS (SELECT FROM session WHERE (learner_id = p.person_id OR mentor_id = p.person_id)
                AND state IN ('requested', 'accepted'))
ORDER BY person_id ON CONFLICT (person_id) DO UPDATE SET version = EXCLUDED.version
"""


@dataclass(frozen=True, slots=True)
class Departure:
    """Somebody who may no longer be there; each time that this is noted has a version of its own."""

    person_id: UUID
    version: int


async def keep_people(transaction: Transaction, rows: Sequence[dict[str, Any]]) -> set[UUID]:
    """Take newer people: person_id, version, status, participations (roles by program), pauses, skill_ids,
    oldest_confirmation.

    Who was changed.
    """
    return {row["person_id"] for row in await transaction.fetch(KEEP_PEOPLE, rows)}


async def keep_programs(transaction: Transaction, rows: Sequence[dict[str, Any]]) -> None:
    """Take newer programs: program_id, version, status, policy, owners, survey_questions."""
    await transaction.execute(KEEP_PROGRAMS, rows)


async def member(transaction: Transaction, person_id: UUID) -> Member | None:
    """What is known of a person, None before their first event."""
    row = await transaction.fetchrow(f"SELECT {MEMBER} FROM person WHERE person_id = $1", person_id)  # noqa: S608 - columns of ours
    return Member(**row) if row else None


async def lock_members(transaction: Transaction, *person_ids: UUID) -> dict[UUID, Member]:
    """The same of several, in one order for everybody; news of them wait until this transaction ends."""
    query = f"SELECT {MEMBER} FROM person WHERE person_id = ANY ($1) ORDER BY person_id FOR UPDATE"  # noqa: S608 - columns of ours
    return {row["person_id"]: Member(**row) for row in await transaction.fetch(query, list(person_ids))}


async def may_meet(transaction: Transaction, learner_id: UUID, mentor_id: UUID) -> bool:
    """Whether they are two, and neither blocked the other; nobody is to learn which of them did."""
    query = """SELECT NOT EXISTS (SELECT FROM block WHERE blocker_id = $1 AND blocked_id = $2
                                   OR blocker_id = $2 AND blocked_id = $1)"""
    return learner_id != mentor_id and bool(await transaction.fetchval(query, learner_id, mentor_id))


async def policy(transaction: Transaction, program_id: UUID) -> RequestPolicy | None:
    """The limits of asking in an active program."""
    query = "SELECT policy FROM program WHERE program_id = $1 AND status = 'active'"
    found = await transaction.fetchval(query, program_id)
    return RequestPolicy.model_validate(found) if found else None


async def add_departures(transaction: Transaction, person_ids: Collection[UUID]) -> None:
    """Have these people's open sessions looked at, if they have any."""
    await transaction.execute(ADD_DEPARTURES, list(person_ids))


async def some_departure(transaction: Transaction) -> Departure | None:
    """Somebody whose sessions are to be looked at."""
    row = await transaction.fetchrow("SELECT person_id, version FROM departure ORDER BY person_id LIMIT 1")
    return Departure(**row) if row else None


async def forget_departure(transaction: Transaction, departure: Departure) -> None:
    """The sessions of somebody were looked at, unless there was news of them meanwhile."""
    query = "DELETE FROM departure WHERE person_id = $1 AND version = $2"
    await transaction.execute(query, departure.person_id, departure.version)
