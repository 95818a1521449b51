"""Statements about wishes and relationships. Step 4 of the write path."""

from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from chassis.database import Transaction
from flash_schemas.base import Role

from session_service.model import Session

HELD_NEAR = """
SELECT EXISTS (SELECT FROM session WHERE program_id = $1 AND state = 'held' AND session_id <> $2
    AND learner_id IN ($3, $4) AND mentor_id IN ($3, $4) AND held_on BETWEEN $5 AND $6)
"""
MAKE_RELATIONSHIP = """
INSERT INTO relationship (program_id, one_id, other_id, made_at)
VALUES ($1, least($2::uuid, $3::uuid), greatest($2::uuid, $3::uuid), $4) ON CONFLICT DO NOTHING RETURNING 1
"""
LAST_HELD = """
SELECT session_id FROM session WHERE program_id = $1 AND state = 'held'
    AND (learner_id = $2 AND mentor_id = $3 OR learner_id = $3 AND mentor_id = $2)
ORDER BY held_on DESC, session_id DESC LIMIT 1
"""
END_RELATIONSHIP = """
DELETE FROM relationship
WHERE program_id = $1 AND one_id = least($2::uuid, $3::uuid) AND other_id = greatest($2::uuid, $3::uuid) RETURNING true
"""
FORGET_WISHES = """
DELETE FROM wish USING session WHERE wish.session_id = session.session_id AND program_id = $1
    AND (learner_id = $2 AND mentor_id = $3 OR learner_id = $3 AND mentor_id = $2)
"""
LIST_RELATIONSHIPS = """
SELECT program_id, CASE WHEN one_id = $1 THEN other_id ELSE one_id END AS person_id, made_at
FROM relationship WHERE one_id = $1 OR other_id = $1 ORDER BY made_at DESC, program_id LIMIT 500
"""

# A need is what one learner wanted of one skill within 14 days. Only surveys that both may see count: a number that
# rises earlier would tell the mentor what was said.
COUNT_HELPED = """
SELECT count(DISTINCT (learner_id, skill_id, held_on / 14)) FROM (
    SELECT learner_id, coalesce(k.merged_into, skill_id) AS skill_id, held_on - date '2000-01-03' AS held_on
    FROM session AS s JOIN survey AS v USING (session_id) LEFT JOIN skill AS k USING (skill_id)
    WHERE mentor_id = $1 AND ($2::uuid IS NULL OR coalesce(k.merged_into, skill_id) = $2)
        AND v.side = 'learner' AND v.helped <> 'no'
        AND (held_on < $3::date - 7 OR EXISTS (SELECT FROM survey WHERE session_id = s.session_id AND side = 'mentor'))
) AS told
"""


async def count_helped(transaction: Transaction, mentor_id: UUID, skill_id: UUID | None, today: date) -> int:
    """How many needs a mentor helped with, on a skill or at all."""
    count: int = await transaction.fetchval(COUNT_HELPED, mentor_id, skill_id, today)
    return count


async def wish(transaction: Transaction, session_id: UUID, side: Role, wish: bool) -> bool:
    """Keep one side's wish; True when both wish now."""
    keep = """INSERT INTO wish (session_id, side, wish) VALUES ($1, $2, $3)
              ON CONFLICT (session_id, side) DO UPDATE SET wish = $3"""
    await transaction.execute(keep, session_id, side, wish)
    both: bool = await transaction.fetchval("SELECT count(*) = 2 FROM wish WHERE session_id = $1 AND wish", session_id)
    return both


async def held_near(transaction: Transaction, session: Session, within: timedelta) -> bool:
    """Whether the two had another session in the program not long before or after."""
    assert session.held_on, "asked of a session that was held"
    pair = (session.learner_id, session.mentor_id)
    days = (session.held_on - within, session.held_on + within)
    found: bool = await transaction.fetchval(HELD_NEAR, session.program_id, session.session_id, *pair, *days)
    return found


async def make_relationship(transaction: Transaction, session: Session, at: datetime) -> bool:
    """Keep that the two have a relationship in the program; False when they had one."""
    pair = (session.learner_id, session.mentor_id)
    return bool(await transaction.fetchval(MAKE_RELATIONSHIP, session.program_id, *pair, at))


async def last_held(transaction: Transaction, program_id: UUID, one: UUID, other: UUID) -> UUID | None:
    """The last session that two people held in a program, whoever of them taught."""
    found: UUID | None = await transaction.fetchval(LAST_HELD, program_id, one, other)
    return found


async def end_relationship(transaction: Transaction, program_id: UUID, one: UUID, other: UUID) -> bool:
    """Forget that two people have a relationship in the program, and what they wished; False when they had none."""
    if not await transaction.fetchval(END_RELATIONSHIP, program_id, one, other):
        return False
    await transaction.execute(FORGET_WISHES, program_id, one, other)
    return True


async def relationships_of(transaction: Transaction, person_id: UUID) -> list[dict[str, Any]]:
    """Whom a person has a relationship with, newest first, at most 500: program_id, person_id, made_at."""
    return [dict(row) for row in await transaction.fetch(LIST_RELATIONSHIPS, person_id)]
