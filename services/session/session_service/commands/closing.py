"""Step 2 of the write path: what happens to sessions by itself, when somebody is no longer there."""

from datetime import UTC, datetime
from uuid import UUID

from chassis.database import Database

from session_service import model, store
from session_service.commands.steps import both_locked, save, tell_availability


async def close_departed(database: Database) -> bool:
    """Close what is open of somebody who left, is away or no longer takes part; True when there may be more."""
    async with database.connection() as connection:
        departure = await store.some_departure(connection)
        if departure is None:
            return False
        person_id = departure.person_id
        member = await store.member(connection, person_id)
        sessions = await store.open_sessions_of(connection, person_id)
    for session in sessions:
        if session.starts_at and session.starts_at <= datetime.now(UTC):
            continue  # it may have been held; the two will say
        if member is None or not member.takes_part(session.program_id, session.side_of(person_id)):
            await _close(database, session.session_id, person_id)
    async with database.transaction() as transaction:
        await store.forget_departure(transaction, departure)
    return True


async def _close(database: Database, session_id: UUID, person_id: UUID) -> None:
    async with database.transaction() as transaction:
        at, session = await both_locked(transaction, session_id)
        if session.state not in ("requested", "accepted"):
            return
        await save(transaction, model.closed_for(session, person_id, at))
        await tell_availability(transaction, session.mentor_id, at)
