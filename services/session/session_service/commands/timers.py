"""Step 2 of the write path: what happens to open requests by itself when their time comes.

Any number of processes may do this at once and be killed anywhere: what is due is a date on the session itself, whoever
comes first locks it, the others pass it by, and whoever comes later finds it done.
"""

from collections import defaultdict
from collections.abc import Sequence
from datetime import UTC, datetime
from uuid import UUID

from chassis.database import Database, Transaction

from session_service import metrics, model, store
from session_service.commands.steps import save, tell_availability
from session_service.model import Session
from session_service.notices.notice import Notice
from session_service.notices.telling import tell


async def expire_some(database: Database, limit: int) -> bool:
    """Close requests whose time is over, those of a bounded number at once; True when there may be more.

    Mentors are locked before their requests, as everywhere.
    """
    async with database.transaction() as transaction:
        at = datetime.now(UTC)
        mentors = await store.lock_overdue_mentors(transaction, at, limit)
        overdue = await store.lock_overdue(transaction, mentors, at)
        for session in overdue:
            await save(transaction, model.expired(session, at))
        for mentor_id, unanswered in by_mentor(overdue).items():
            await left_unanswered(transaction, mentor_id, unanswered, at)
    metrics.EXPIRED.inc(len(overdue))
    return bool(overdue)


async def left_unanswered(transaction: Transaction, mentor_id: UUID, expired: Sequence[Session], at: datetime) -> None:
    """Requests to a mentor, whose availability is locked, expired; who never reacts to three in a row is paused."""
    silent = sum(session.first_answer_at is None for session in expired)
    if silent and await store.add_silence(transaction, mentor_id, silent, at):
        await paused_for_silence(transaction, mentor_id, at)
    await tell_availability(transaction, mentor_id, at)


async def paused_for_silence(transaction: Transaction, mentor_id: UUID, at: datetime) -> None:
    """A mentor was paused just now: they are told, once, and what is open is passed by."""
    await tell(transaction, [Notice.of_silence(mentor_id, at)])
    await store.add_departures(transaction, [mentor_id])


async def remind_some(database: Database, limit: int) -> bool:
    """Remind mentors of requests half of whose time is over, a bounded number at once; True when there may be more."""
    async with database.transaction() as transaction:
        due = await store.lock_reminders(transaction, datetime.now(UTC), limit)
        for session in due:
            await due_reminder(transaction, session)
    return len(due) == limit


async def due_reminder(transaction: Transaction, session: Session) -> None:
    """Half of the time of a locked, open request is over: its mentor is told, once."""
    await store.save_sessions(transaction, [model.reminded(session)])
    await tell(transaction, [Notice.about(session, "reminded", session.mentor_id, "reminded")])


async def count_open(database: Database) -> bool:
    """Measure how many requests wait. It reads them all: for rare use."""
    async with database.connection() as connection:
        metrics.OPEN_REQUESTS.set(await store.count_open(connection))
    return False


def by_mentor(sessions: Sequence[Session]) -> dict[UUID, list[Session]]:
    """Sessions by whom they are asked of."""
    found: dict[UUID, list[Session]] = defaultdict(list)
    for session in sessions:
        found[session.mentor_id].append(session)
    return found
