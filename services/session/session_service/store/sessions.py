"""Statements about sessions. Step 4 of the write path."""

from collections.abc import Sequence
from dataclasses import fields
from datetime import datetime
from typing import Any
from uuid import UUID

from chassis.database import Transaction

from session_service.model import Session

COLUMNS = tuple(column.name for column in fields(Session))
SAVE_SESSION = f"""
INSERT INTO session SELECT * FROM jsonb_populate_recordset(NULL::session, $1)
ON CONFLICT (session_id) DO UPDATE SET ({", ".join(COLUMNS)}) = ROW (EXCLUDED.{", EXCLUDED.".join(COLUMNS)})
"""  # noqa: S608 - column names of our own
LIST_SESSIONS = """
SELECT * FROM session
WHERE ($1 = learner_id AND $2 <> 'mentor' OR $1 = mentor_id AND $2 <> 'learner')
    AND ($3::text IS NULL OR state = $3)
    AND ($4::timestamptz IS NULL OR (created_at, session_id) < ($4, $5))
ORDER BY created_at DESC, session_id DESC LIMIT $6
"""
# Whoever is being asked, answers or is served by another process at this moment comes next time.
OVERDUE_MENTORS = """
SELECT person_id FROM availability WHERE person_id IN (
    SELECT mentor_id FROM session WHERE state = 'requested' AND expires_at <= $1 ORDER BY expires_at LIMIT $2
) ORDER BY person_id FOR UPDATE SKIP LOCKED
"""
OVERDUE = """
SELECT * FROM session WHERE mentor_id = ANY ($1) AND state = 'requested' AND expires_at <= $2
ORDER BY session_id FOR UPDATE
"""
REMINDERS = "SELECT * FROM session WHERE remind_at <= $1 ORDER BY remind_at LIMIT $2 FOR UPDATE SKIP LOCKED"
UPCOMING = """
SELECT * FROM session WHERE state = 'accepted' AND (starts_at, session_id) > ($1, $2)
ORDER BY starts_at, session_id LIMIT $3
"""
OPEN_OF = """
SELECT * FROM session WHERE (learner_id = $1 OR mentor_id = $1) AND state IN ('requested', 'accepted')
ORDER BY session_id
"""
OPEN_BETWEEN = """
SELECT * FROM session WHERE (learner_id, mentor_id) IN (($1, $2), ($2, $1)) AND state IN ('requested', 'accepted')
ORDER BY session_id FOR UPDATE
"""


async def session(transaction: Transaction, session_id: UUID) -> Session | None:
    """One session."""
    row = await transaction.fetchrow("SELECT * FROM session WHERE session_id = $1", session_id)
    return Session(**row) if row else None


async def sessions_by_id(transaction: Transaction, session_ids: Sequence[UUID]) -> dict[UUID, Session]:
    """These sessions."""
    rows = await transaction.fetch("SELECT * FROM session WHERE session_id = ANY ($1)", session_ids)
    return {row["session_id"]: Session(**row) for row in rows}


async def lock_session(transaction: Transaction, session_id: UUID) -> Session | None:
    """One session, locked until this transaction ends."""
    row = await transaction.fetchrow("SELECT * FROM session WHERE session_id = $1 FOR UPDATE", session_id)
    return Session(**row) if row else None


async def save_sessions(transaction: Transaction, sessions: Sequence[Session]) -> None:
    """Insert or replace sessions, whose rows the caller has locked."""
    await transaction.execute(SAVE_SESSION, [{name: getattr(s, name) for name in COLUMNS} for s in sessions])


async def sessions_of(
    transaction: Transaction, person_id: UUID, role: str, state: str | None, after: Sequence[Any] | None, limit: int
) -> list[Session]:
    """A person's sessions, newest first, after a cursor's (created_at, id). `role` is learner, mentor or any."""
    created_at, session_id = after or (None, None)
    rows = await transaction.fetch(LIST_SESSIONS, person_id, role, state, created_at, session_id, limit)
    return [Session(**row) for row in rows]


async def count_open_of_learner(transaction: Transaction, learner_id: UUID, program_id: UUID) -> int:
    """How many requests of a learner wait for an answer in a program, or for the next to be asked, or for anybody."""
    query = """SELECT (SELECT count(*) FROM session
                       WHERE learner_id = $1 AND program_id = $2 AND (state = 'requested' OR passing))
                    + (SELECT count(*) FROM open_call WHERE learner_id = $1 AND program_id = $2 AND state = 'open')"""
    count: int = await transaction.fetchval(query, learner_id, program_id)
    return count


async def open_request(
    transaction: Transaction, learner_id: UUID, mentor_id: UUID, skill_id: UUID | None
) -> UUID | None:
    """The request of this learner to this mentor about this skill that waits for an answer.

    Of a skill that replaced others, also one about these.
    """
    query = """SELECT session_id FROM session WHERE learner_id = $1 AND mentor_id = $2 AND state = 'requested'
               AND (skill_id IS NOT DISTINCT FROM $3 OR skill_id IN (SELECT skill_id FROM skill WHERE merged_into = $3))
               LIMIT 1"""
    found: UUID | None = await transaction.fetchval(query, learner_id, mentor_id, skill_id)
    return found


async def count_open(transaction: Transaction) -> int:
    """How many requests wait for an answer."""
    count: int = await transaction.fetchval("SELECT count(*) FROM session WHERE state = 'requested'")
    return count


async def lock_overdue_mentors(transaction: Transaction, at: datetime, limit: int) -> list[UUID]:
    """Mentors of requests whose time is over, those that are longest over first; locked, if nobody has them locked."""
    return [row["person_id"] for row in await transaction.fetch(OVERDUE_MENTORS, at, limit)]


async def lock_overdue(transaction: Transaction, mentor_ids: Sequence[UUID], at: datetime) -> list[Session]:
    """The requests to these mentors whose time is over, locked."""
    return [Session(**row) for row in await transaction.fetch(OVERDUE, mentor_ids, at)]


async def lock_reminders(transaction: Transaction, at: datetime, limit: int) -> list[Session]:
    """Requests half of whose time is over, locked, if nobody has them locked."""
    return [Session(**row) for row in await transaction.fetch(REMINDERS, at, limit)]


async def upcoming_sessions(transaction: Transaction, after: tuple[datetime, UUID], limit: int) -> list[Session]:
    """Agreed sessions in the order in which they start, after a moment and an id."""
    return [Session(**row) for row in await transaction.fetch(UPCOMING, *after, limit)]


async def open_sessions_of(transaction: Transaction, person_id: UUID) -> list[Session]:
    """Requested and accepted sessions of a person on either side."""
    return [Session(**row) for row in await transaction.fetch(OPEN_OF, person_id)]


async def lock_open_between(transaction: Transaction, one_id: UUID, other_id: UUID) -> list[Session]:
    """Requested and accepted sessions of two people, whoever of them asked, locked."""
    return [Session(**row) for row in await transaction.fetch(OPEN_BETWEEN, one_id, other_id)]
