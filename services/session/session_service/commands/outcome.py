"""Step 2 of the write path: whether the two met."""

from datetime import UTC, date, datetime
from uuid import UUID

from chassis.database import Database, Transaction

from session_service import model, store
from session_service.commands.follow_up import relate
from session_service.commands.steps import both_locked, existing, locked, save, tell_availability
from session_service.model import MEET_AGAIN_WITHIN, STATED_WITHIN, Session


async def hold(transaction: Transaction, by: UUID, session_id: UUID, held_on: date) -> Session:
    """Say that the two met; a second time within 90 days makes a relationship. Raises NotFound, WrongState, Refused."""
    at, session = datetime.now(UTC), await existing(transaction, session_id)
    # Two sessions of a pair, stated at the same moment, must see each other.
    await store.lock_members(transaction, session.learner_id, session.mentor_id)
    step = model.held(await locked(transaction, session_id), by, held_on, at)
    await store.state(transaction, session_id, session.side_of(by), "held", at)
    await save(transaction, step)
    if not step.events or not await store.held_near(transaction, step.session, MEET_AGAIN_WITHIN):
        return step.session
    return await relate(transaction, step.session, "held_again", at)


async def miss(transaction: Transaction, by: UUID, session_id: UUID) -> Session:
    """Say that the two did not meet; once both say so, the slot is free again. Raises NotFound, WrongState."""
    at, session = await both_locked(transaction, session_id)
    step = model.not_held(session, by, await store.statements(transaction, session_id), at)
    await store.state(transaction, session_id, session.side_of(by), "not_held", at)
    await save(transaction, step)
    if step.events:
        await tell_availability(transaction, session.mentor_id, at)
    return step.session


async def conclude_missed(database: Database, limit: int) -> bool:
    """End sessions of which one said that they were not held, and nobody otherwise; True when there may be more."""
    async with database.connection() as connection:
        due = await store.missed_ids(connection, datetime.now(UTC) - STATED_WITHIN, limit)
    for session_id in due:
        await _conclude(database, session_id)
    return len(due) == limit


async def _conclude(database: Database, session_id: UUID) -> None:
    async with database.transaction() as transaction:
        at, session = await both_locked(transaction, session_id)
        if session.state == "accepted" and await store.statements(transaction, session_id):
            await save(transaction, model.unopposed(session, at))
            await tell_availability(transaction, session.mentor_id, at)
