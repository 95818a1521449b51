"""Step 2 of the write path: reminding the two of their session, and the learner of what became of it."""

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime

from chassis.database import Database, Transaction

from session_service import store
from session_service.model import ReminderKind, Session

Remind = Callable[[Transaction, Session, ReminderKind], Awaitable[None]]
"""Keeps what is to be sent, in the transaction that takes the reminder: both happen, or neither."""


async def remind_of_sessions(database: Database, limit: int, remind: Remind) -> bool:
    """Hand over reminders that are due, each once, a bounded number at a time; True when there may be more."""
    async with database.transaction() as transaction:
        due = await store.take_reminders(transaction, datetime.now(UTC), limit)
        for kind, session in due:
            await remind(transaction, session, kind)
    return len(due) >= limit
