"""Step 2 of the write path: what answers a request, or takes it back."""

from collections.abc import Callable
from datetime import datetime
from typing import Protocol
from uuid import UUID

from chassis.database import Transaction
from flash_schemas.profile import RequestPolicy

from session_service import metrics, model, store
from session_service.commands.steps import both_locked, save, tell_availability
from session_service.model import NoSlotLeft, Session, Step


class Decide(Protocol):
    """A rule of the model with everything given but the session and the moment."""

    def __call__(self, session: Session, *, at: datetime) -> Step: ...


async def accept(transaction: Transaction, by: UUID, session_id: UUID) -> Session:
    """Take a slot of the mentor's month for this session. Raises NotFound, WrongState, NoSlotLeft."""
    at, session = await both_locked(transaction, session_id)
    policy = await store.policy(transaction, session.program_id) or RequestPolicy()
    availability = await store.availability(transaction, session.mentor_id, at)
    slots_left = availability.slots_left(policy.sessions_per_mentor_and_month)
    step = _counted(lambda: model.accepted(session, by, slots_left, at))
    await save(transaction, step)
    await tell_availability(transaction, session.mentor_id, at)
    return step.session


def _counted(accept: Callable[[], Step]) -> Step:
    try:
        return accept()
    except NoSlotLeft:
        metrics.CAPACITY_REFUSALS.inc()
        raise


async def answer(transaction: Transaction, session_id: UUID, decide: Decide) -> Session:
    """Decline or withdraw: what changes a mentor's slots or open requests. Raises NotFound, WrongState."""
    at, session = await both_locked(transaction, session_id)
    step = decide(session, at=at)
    await save(transaction, step)
    await tell_availability(transaction, session.mentor_id, at)
    return step.session
