"""Step 2 of the write path: what answers a request, hands it to the other for a moment, or takes it back."""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from typing import Protocol
from uuid import UUID, uuid4

from chassis.database import Transaction
from chassis.problems import Refused
from flash_schemas.profile import RequestPolicy

from session_service import metrics, model, store
from session_service.commands.availability import pause
from session_service.commands.conversation import speak
from session_service.commands.steps import both_locked, save, tell_availability
from session_service.model import NoSlotLeft, Proposal, Session, Step
from session_service.requests import DeclineBody
from session_service.sealing import Keyring


class Decide(Protocol):
    """A rule of the model with everything given but the session and the moment."""

    def __call__(self, session: Session, *, at: datetime) -> Step: ...


class DecideWithSlots(Protocol):
    """The same of a rule that asks how many slots the mentor has left."""

    def __call__(self, session: Session, *, slots_left: int, at: datetime) -> Step: ...


async def accept(transaction: Transaction, session_id: UUID, decide: DecideWithSlots) -> Session:
    """Take a slot of the mentor's month for this session. Raises NotFound, WrongState, Refused, NoSlotLeft."""
    at, session = await both_locked(transaction, session_id)
    policy = await _policy(transaction, session)
    availability = await store.availability(transaction, session.mentor_id, at)
    slots_left = availability.slots_left(policy.sessions_per_mentor_and_month)
    step = _counted(lambda: decide(session, slots_left=slots_left, at=at))
    return await _answered(transaction, session, step, at)


def _counted(accept: Callable[[], Step]) -> Step:
    try:
        return accept()
    except NoSlotLeft:
        metrics.CAPACITY_REFUSALS.inc()
        raise


async def answer(transaction: Transaction, session_id: UUID, decide: Decide) -> Session:
    """Withdraw or disagree: what may change a mentor's slots or open requests. Raises NotFound, WrongState."""
    at, session = await both_locked(transaction, session_id)
    return await _answered(transaction, session, decide(session, at=at), at)


async def decline(transaction: Transaction, by: UUID, session_id: UUID, body: DeclineBody) -> Session:
    """Say no, perhaps name a colleague, perhaps pause at the same moment. Raises NotFound, WrongState, Refused."""
    at, session = await both_locked(transaction, session_id)
    step = model.declined(session, by, body.reason, at)
    if body.suggested_id:
        step = replace(step, session=await _suggested(transaction, step.session, body.suggested_id))
    if body.pause_until:
        await pause(transaction, by, body.pause_until, at)
    return await _answered(transaction, session, step, at)


async def ask_for_information(
    transaction: Transaction, keyring: Keyring, by: UUID, session_id: UUID, text: str
) -> Session:
    """Ask the learner something first; the clock stands still. Raises NotFound, WrongState."""
    at, session = await both_locked(transaction, session_id)
    asked = await _answered(transaction, session, model.asked_for_information(session, by, at), at)
    return await speak(transaction, keyring, asked, by, uuid4(), text, at)


async def counter(transaction: Transaction, by: UUID, session_id: UUID, proposal: Proposal) -> Session:
    """Propose something else; the clock stands still. Raises NotFound, WrongState, Refused."""
    at, session = await both_locked(transaction, session_id)
    policy = await _policy(transaction, session)
    return await _answered(transaction, session, model.countered(session, by, proposal, policy, at), at)


async def view(transaction: Transaction, by: UUID, session_id: UUID) -> Session:
    """Note that the mentor has seen the request. Raises NotFound, WrongState."""
    at, session = await both_locked(transaction, session_id)
    step = model.viewed(session, by, at)
    await save(transaction, step)
    return step.session


async def _answered(transaction: Transaction, before: Session, step: Step, at: datetime) -> Session:
    await save(transaction, step)
    if step.session.first_answer_at and not before.first_answer_at:
        await store.end_silence(transaction, step.session.mentor_id)
    await tell_availability(transaction, step.session.mentor_id, at)
    return step.session


async def _policy(transaction: Transaction, session: Session) -> RequestPolicy:
    return await store.policy(transaction, session.program_id) or RequestPolicy()


async def _suggested(transaction: Transaction, session: Session, suggested_id: UUID) -> Session:
    """With a colleague who could be asked. That the learner may not meet them shows in nothing that the mentor sees."""
    colleague = await store.member(transaction, suggested_id)
    others = (session.mentor_id, session.learner_id)
    if not colleague or not colleague.takes_part(session.program_id, "mentor") or suggested_id in others:
        raise Refused("Nobody with this id takes part as a mentor.", field="suggested_id")
    hidden = not await store.may_meet(transaction, session.learner_id, suggested_id)
    return replace(session, suggested_id=suggested_id, suggestion_hidden=hidden)
