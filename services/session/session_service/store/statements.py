"""Statements, of the database, about statements, of the two, on whether they met. Step 4 of the write path."""

from datetime import datetime
from uuid import UUID

from chassis.database import Transaction
from flash_schemas.base import Role

from session_service.model import Statement, Statements

STATE = """
INSERT INTO statement (session_id, side, stated, stated_at) VALUES ($1, $2, $3, $4)
ON CONFLICT (session_id, side) DO UPDATE SET stated = EXCLUDED.stated, stated_at = EXCLUDED.stated_at
WHERE statement.stated <> EXCLUDED.stated
"""
MISSED = """
SELECT session_id FROM session WHERE state = 'accepted' AND starts_at < $1
    AND EXISTS (SELECT FROM statement WHERE statement.session_id = session.session_id)
ORDER BY starts_at LIMIT $2
"""


async def state(transaction: Transaction, session_id: UUID, side: Role, stated: Statement, at: datetime) -> None:
    """Keep what one side says."""
    await transaction.execute(STATE, session_id, side, stated, at)


async def statements(transaction: Transaction, session_id: UUID) -> Statements:
    """What each side has said so far."""
    rows = await transaction.fetch("SELECT side, stated FROM statement WHERE session_id = $1", session_id)
    return {row["side"]: row["stated"] for row in rows}


async def forget_statements(transaction: Transaction, session_id: UUID) -> None:
    """Nobody has said anything yet."""
    await transaction.execute("DELETE FROM statement WHERE session_id = $1", session_id)


async def missed_ids(transaction: Transaction, started_before: datetime, limit: int) -> list[UUID]:
    """Agreed sessions of which one side alone said something: that they were not held."""
    return [row["session_id"] for row in await transaction.fetch(MISSED, started_before, limit)]
