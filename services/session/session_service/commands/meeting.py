"""Step 2 of the write path: when the two meet, and that they did."""

from datetime import UTC, date, datetime
from uuid import UUID

from chassis.database import Transaction

from session_service import model, store
from session_service.commands.follow_up import relate
from session_service.commands.steps import existing, locked, save
from session_service.model import MEET_AGAIN_WITHIN, Session


async def schedule(transaction: Transaction, by: UUID, session_id: UUID, starts_at: datetime) -> Session:
    """Say when the two meet. Raises NotFound, WrongState, Refused."""
    session = await locked(transaction, session_id)
    step = model.scheduled(session, by, starts_at, datetime.now(UTC))
    await save(transaction, step)
    return step.session


async def hold(transaction: Transaction, by: UUID, session_id: UUID, held_on: date) -> Session:
    """Say that the two met; a second time within 90 days makes a relationship. Raises NotFound, WrongState, Refused."""
    at, session = datetime.now(UTC), await existing(transaction, session_id)
    # Two sessions of a pair, stated at the same moment, must see each other.
    await store.lock_members(transaction, session.learner_id, session.mentor_id)
    step = model.held(await locked(transaction, session_id), by, held_on, at)
    await save(transaction, step)
    if not await store.held_near(transaction, step.session, MEET_AGAIN_WITHIN):
        return step.session
    return await relate(transaction, step.session, "held_again", at)
