"""Statements about requests that are passed on, and calls to everybody. Step 4 of the write path."""

from collections.abc import Collection
from dataclasses import astuple, fields
from datetime import datetime
from typing import Any
from uuid import UUID

from chassis.database import Transaction

from session_service.model import OpenCall
from session_service.store.skills import known_skills

COLUMNS = ", ".join(column.name for column in fields(OpenCall))
ADD_CALL = f"INSERT INTO open_call ({COLUMNS}) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)"  # noqa: S608 - columns of ours
CALL = """
SELECT c.call_id, c.session_id, c.program_id, c.learner_id, coalesce(k.merged_into, c.skill_id) AS skill_id, c.state,
    c.created_at, c.expires_at, c.taken_session_id
FROM open_call AS c LEFT JOIN skill AS k USING (skill_id) WHERE c.call_id = $1
"""
CALL_WITH_CARD = """
SELECT c.call_id, c.program_id, c.learner_id, coalesce(k.merged_into, c.skill_id) AS skill_id, c.state, c.created_at,
    c.expires_at, c.taken_session_id, s.want_to_learn, s.tried, s.format, s.minutes, s.by_when
FROM open_call AS c JOIN session AS s USING (session_id) LEFT JOIN skill AS k ON k.skill_id = c.skill_id
"""
CALLS_FOR = f"""
{CALL_WITH_CARD} JOIN person AS m ON m.person_id = $1 JOIN person AS l ON l.person_id = c.learner_id
WHERE c.state = 'open' AND c.expires_at > $2 AND m.status = 'active' AND l.status = 'active'
    AND l.participations -> c.program_id::text ? 'learner'
    AND c.skill_id IN (SELECT unnest($4::uuid[]) UNION ALL SELECT skill_id FROM skill WHERE merged_into = ANY ($4))
    AND m.participations -> c.program_id::text ? 'mentor' AND c.learner_id <> $1
ORDER BY c.expires_at, c.call_id LIMIT $3
"""  # noqa: S608 - statements of ours
CALLS_OF = f"{CALL_WITH_CARD} WHERE c.learner_id = $1 ORDER BY c.created_at DESC, c.call_id LIMIT $2"
CLOSE_CALLS = f"""
UPDATE open_call SET state = 'closed' WHERE call_id IN (
    SELECT call_id FROM open_call WHERE state = 'open' AND expires_at <= $1 ORDER BY expires_at LIMIT $2
    FOR UPDATE SKIP LOCKED
) RETURNING {COLUMNS}
"""  # noqa: S608 - columns of ours
CLOSE_CALLS_IN = f"""
UPDATE open_call SET state = 'closed' WHERE program_id = ANY ($1) AND state = 'open'
RETURNING {COLUMNS}
"""  # noqa: S608 - columns of ours


async def passing_ids(transaction: Transaction, limit: int) -> list[UUID]:
    """Requests that ended without a yes and are to be passed on, oldest first."""
    query = "SELECT session_id FROM session WHERE passing ORDER BY ended_at LIMIT $1"
    return [row["session_id"] for row in await transaction.fetch(query, limit)]


async def add_call(transaction: Transaction, call: OpenCall) -> None:
    """Keep a new call."""
    await transaction.execute(ADD_CALL, *astuple(call))


async def call(transaction: Transaction, call_id: UUID) -> OpenCall | None:
    """One call."""
    row = await transaction.fetchrow(CALL, call_id)
    return OpenCall(**row) if row else None


async def lock_call(transaction: Transaction, call_id: UUID) -> OpenCall | None:
    """One call, locked until this transaction ends."""
    row = await transaction.fetchrow(f"{CALL} FOR UPDATE OF c", call_id)
    return OpenCall(**row) if row else None


async def end_call(transaction: Transaction, call_id: UUID, state: str, taken_session_id: UUID | None = None) -> None:
    """End a call that the caller has locked."""
    query = "UPDATE open_call SET state = $2, taken_session_id = $3 WHERE call_id = $1"
    await transaction.execute(query, call_id, state, taken_session_id)


async def close_calls(transaction: Transaction, at: datetime, limit: int) -> list[OpenCall]:
    """Close calls whose time is over, a bounded number."""
    return [OpenCall(**row) for row in await transaction.fetch(CLOSE_CALLS, at, limit)]


async def close_calls_in(transaction: Transaction, program_ids: Collection[UUID]) -> list[OpenCall]:
    """Close the calls of programs that have ended."""
    return [OpenCall(**row) for row in await transaction.fetch(CLOSE_CALLS_IN, program_ids)]


async def calls_for(transaction: Transaction, mentor_id: UUID, at: datetime, limit: int) -> list[dict[str, Any]]:
    """Open calls with their cards about what a mentor knows, those that end soonest first."""
    known = await known_skills(transaction, mentor_id)
    return [dict(row) for row in await transaction.fetch(CALLS_FOR, mentor_id, at, limit, known)]


async def calls_of(transaction: Transaction, learner_id: UUID, limit: int) -> list[dict[str, Any]]:
    """A learner's own calls with their cards, newest first."""
    return [dict(row) for row in await transaction.fetch(CALLS_OF, learner_id, limit)]
