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
OVERDUE = """
SELECT session_id FROM session WHERE state = 'requested' AND expires_at <= $1 ORDER BY expires_at LIMIT $2
"""
OPEN_OF = """
SELECT * FROM session WHERE (learner_id = $1 OR mentor_id = $1) AND state IN ('requested', 'accepted')
ORDER BY session_id
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
    """How many requests of a learner wait for an answer in a program."""
    query = "SELECT count(*) FROM session WHERE learner_id = $1 AND program_id = $2 AND state = 'requested'"
    count: int = await transaction.fetchval(query, learner_id, program_id)
    return count


async def count_open(transaction: Transaction) -> int:
    """How many requests wait for an answer."""
    count: int = await transaction.fetchval("SELECT count(*) FROM session WHERE state = 'requested'")
    return count


async def overdue_ids(transaction: Transaction, at: datetime, limit: int) -> list[UUID]:
    """Requests whose time is over, those that are longest over first."""
    return [row["session_id"] for row in await transaction.fetch(OVERDUE, at, limit)]


async def open_sessions_of(transaction: Transaction, person_id: UUID) -> list[Session]:
    """Requested and accepted sessions of a person on either side."""
    return [Session(**row) for row in await transaction.fetch(OPEN_OF, person_id)]
