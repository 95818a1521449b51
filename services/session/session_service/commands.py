"""Step 2 of the write path: each use case of the session service, one function and one transaction each.

Locks are always taken in one order: the mentor's availability, then the session. Whoever accepts, closes or asks goes
through the first, so slots and open requests are counted by one at a time for each mentor.
"""

from collections.abc import Awaitable, Callable
from datetime import UTC, date, datetime
from typing import Protocol
from uuid import UUID, uuid4

import asyncpg
from chassis import outbox
from chassis.auth import Caller
from chassis.database import Database, Transaction
from chassis.erasing import is_erased
from chassis.http import Strict
from chassis.idempotency import once
from chassis.problems import Conflict, NotFound
from flash_schemas.profile import RequestPolicy

from session_service import metrics, model, store
from session_service.answers import AvailabilityAnswer, MessageAnswer, SessionAnswer
from session_service.asking import check_ask
from session_service.model import MEET_AGAIN_WITHIN, NoSlotLeft, Session, Step
from session_service.requests import AskBody, AvailabilityBody, SurveyBody
from session_service.store import Message


class Decide(Protocol):
    """A rule of the model with everything given but the session and the moment."""

    def __call__(self, session: Session, *, at: datetime) -> Step: ...


async def ask(database: Database, caller: Caller, body: AskBody, key: str | None) -> SessionAnswer:
    """Ask one mentor for one session, with a first message. Raises NotFound, Refused, Conflict."""

    async def run() -> SessionAnswer:
        at = datetime.now(UTC)
        policy = await store.policy(transaction, body.program_id)
        availability = await store.lock_availability(transaction, body.mentor_id, at)
        members = await store.lock_members(transaction, caller.person, body.mentor_id)
        if policy is None or caller.person not in members:
            raise NotFound
        check_ask(body.ask, members[caller.person], members.get(body.mentor_id), availability, policy, at)
        await _check_open_requests(transaction, caller.person, body.program_id, policy)
        step = model.requested(uuid4(), body.ask, caller.person, policy, at)
        await _save(transaction, step)
        spoken = await _speak(transaction, step.session, caller.person, uuid4(), body.message, at)
        await _tell_availability(transaction, body.mentor_id, at)
        return SessionAnswer.of(spoken, caller.person)

    async with database.transaction() as transaction:
        return await once(transaction, caller, key, body, SessionAnswer, run)


async def _check_open_requests(
    transaction: Transaction, learner_id: UUID, program_id: UUID, policy: RequestPolicy
) -> None:
    limit = policy.open_requests_per_learner
    if await store.count_open_of_learner(transaction, learner_id, program_id) >= limit:
        raise Conflict(f"{limit} of your requests wait for an answer: withdraw one, or wait.")


class Repeatable(Strict):
    """A step of a session as an Idempotency-Key remembers it."""

    step: str
    session_id: UUID
    body: str = ""


Run = Callable[[Transaction], Awaitable[Session]]


async def take_step(database: Database, caller: Caller, key: str | None, step: Repeatable, run: Run) -> SessionAnswer:
    """Take a step of a session in one transaction; with a key that was used before, give the answer of then."""

    async def take() -> SessionAnswer:
        return SessionAnswer.of(await run(transaction), caller.person)

    async with database.transaction() as transaction:
        return await once(transaction, caller, key, step, SessionAnswer, take)


async def accept(transaction: Transaction, by: UUID, session_id: UUID) -> Session:
    """Take a slot of the mentor's month for this session. Raises NotFound, WrongState, NoSlotLeft."""
    at, session = await _both_locked(transaction, session_id)
    policy = await store.policy(transaction, session.program_id) or RequestPolicy()
    availability = await store.availability(transaction, session.mentor_id, at)
    slots_left = availability.slots_left(policy.sessions_per_mentor_and_month)
    step = _counted(lambda: model.accepted(session, by, slots_left, at))
    await _save(transaction, step)
    await _tell_availability(transaction, session.mentor_id, at)
    return step.session


def _counted(accept: Callable[[], Step]) -> Step:
    try:
        return accept()
    except NoSlotLeft:
        metrics.CAPACITY_REFUSALS.inc()
        raise


async def answer(transaction: Transaction, session_id: UUID, decide: Decide) -> Session:
    """Decline or withdraw: what changes a mentor's slots or open requests. Raises NotFound, WrongState."""
    at, session = await _both_locked(transaction, session_id)
    step = decide(session, at=at)
    await _save(transaction, step)
    await _tell_availability(transaction, session.mentor_id, at)
    return step.session


async def schedule(transaction: Transaction, by: UUID, session_id: UUID, starts_at: datetime) -> Session:
    """Say when the two meet. Raises NotFound, WrongState, Refused."""
    session = await _locked(transaction, session_id)
    step = model.scheduled(session, by, starts_at, datetime.now(UTC))
    await _save(transaction, step)
    return step.session


async def hold(transaction: Transaction, by: UUID, session_id: UUID, held_on: date) -> Session:
    """Say that the two met; a second time within 90 days makes a relationship. Raises NotFound, WrongState, Refused."""
    at, session = datetime.now(UTC), await _found(transaction, session_id)
    # Two sessions of a pair, stated at the same moment, must see each other.
    await store.lock_members(transaction, session.learner_id, session.mentor_id)
    step = model.held(await _locked(transaction, session_id), by, held_on, at)
    await _save(transaction, step)
    if not await store.held_near(transaction, step.session, MEET_AGAIN_WITHIN):
        return step.session
    return await _relate(transaction, step.session, "held_again", at)


async def answer_survey(database: Database, by: UUID, session_id: UUID, body: SurveyBody) -> None:
    """Keep one side's two taps. Raises NotFound, WrongState, Conflict for a second answer."""
    async with database.transaction() as transaction:
        session = await _locked(transaction, session_id)
        step = model.surveyed(session, by, body.helped, body.rating, body.minutes_saved)
        side = session.side_of(by)
        if not await store.add_survey(transaction, session_id, side, body.helped, body.rating, body.minutes_saved):
            raise Conflict("You have answered this survey.")
        await _save(transaction, step)


async def wish(database: Database, by: UUID, session_id: UUID, wish: bool) -> None:
    """Keep, privately, whether somebody wants to meet again; both wishing makes a relationship.

    Nothing in the answer depends on the other side. Raises NotFound, WrongState.
    """
    async with database.transaction() as transaction:
        session = await _locked(transaction, session_id)
        side = model.check_wish(session, by)
        if await store.wish(transaction, session_id, side, wish):
            await _relate(transaction, session, "both_wished", datetime.now(UTC))


async def send(database: Database, by: UUID, session_id: UUID, message_id: UUID, text: str) -> MessageAnswer:
    """Write to the other; the same message id again is the same message. Raises NotFound, WrongState, Conflict."""
    async with database.transaction() as transaction:
        session, at = await _locked(transaction, session_id), datetime.now(UTC)
        session.side_of(by)
        if await is_erased(transaction, by):  # with a token of before; what is written now would stay
            raise NotFound
        known = await store.message(transaction, message_id)
        if known and (known.session_id, known.sender_id, known.text) != (session_id, by, text):
            raise Conflict("This id belongs to another message; take a new one.", field="message_id")
        if known is None:
            spoken = await _speak(transaction, session, by, message_id, text, at)
            known = Message(message_id, session_id, spoken.messages, by, text, at)
        return MessageAnswer.model_validate(known)


async def set_availability(
    database: Database, person_id: UUID, body: AvailabilityBody, expected_version: int
) -> AvailabilityAnswer:
    """Keep what somebody takes a month, or until when they pause. Raises PreconditionFailed."""
    async with database.transaction() as transaction:
        at = datetime.now(UTC)
        present = await store.lock_availability(transaction, person_id, at)
        model.check_version(present.version, expected_version)
        await store.set_availability(transaction, person_id, body.capacity, body.paused_until)
        await _tell_availability(transaction, person_id, at)
        return await read_availability(transaction, person_id, at)


async def read_availability(transaction: Transaction, person_id: UUID, at: datetime) -> AvailabilityAnswer:
    """What somebody takes, and what is left of this month."""
    limit = await store.slot_limit(transaction, person_id)
    return AvailabilityAnswer.of(await store.availability(transaction, person_id, at), limit)


async def expire_some(database: Database, limit: int) -> bool:
    """Close requests whose time is over, a bounded number at once; True when there may be more."""
    async with database.connection() as connection:
        due = await store.overdue_ids(connection, datetime.now(UTC), limit)
        metrics.OPEN_REQUESTS.set(await store.count_open(connection))
    for session_id in due:
        await _expire(database, session_id)
    return len(due) == limit


async def _expire(database: Database, session_id: UUID) -> None:
    async with database.transaction() as transaction:
        at, session = await _both_locked(transaction, session_id)
        if session.state != "requested":  # answered in the last moment
            return
        await _save(transaction, model.expired(session, at))
        await _tell_availability(transaction, session.mentor_id, at)
        metrics.EXPIRED.inc()


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
        at, session = await _both_locked(transaction, session_id)
        if session.state not in ("requested", "accepted"):
            return
        await _save(transaction, model.closed_for(session, person_id, at))
        await _tell_availability(transaction, session.mentor_id, at)


async def _both_locked(transaction: Transaction, session_id: UUID) -> tuple[datetime, Session]:
    """The mentor's availability and the session, locked in this order; and the moment at which they are."""
    found = await _found(transaction, session_id)
    at = datetime.now(UTC)
    await store.lock_availability(transaction, found.mentor_id, at)
    return datetime.now(UTC), await _locked(transaction, session_id)


async def _found(transaction: Transaction, session_id: UUID) -> Session:
    session = await store.session(transaction, session_id)
    if session is None:
        raise NotFound
    return session


async def _locked(transaction: Transaction, session_id: UUID) -> Session:
    session = await store.lock_session(transaction, session_id)
    if session is None:
        raise NotFound
    return session


async def _save(transaction: Transaction, step: Step) -> None:
    try:
        await store.save_sessions(transaction, [step.session])
    except asyncpg.UniqueViolationError:
        raise Conflict("You have asked this mentor about this already; wait for the answer.") from None
    await outbox.append(transaction, step.outgoing)


async def _speak(
    transaction: Transaction, session: Session, by: UUID, message_id: UUID, text: str, at: datetime
) -> Session:
    step = model.spoken(session, by, message_id, len(text), at)
    await _save(transaction, step)
    message = Message(message_id, session.session_id, step.session.messages, by, text, at)
    await store.add_message(transaction, message)
    return step.session


async def _relate(transaction: Transaction, session: Session, why: model.MadeBy, at: datetime) -> Session:
    """Say once for a pair and program that they have a relationship."""
    if not await store.make_relationship(transaction, session, at):
        return session
    step = model.related(session, why)
    await _save(transaction, step)
    return step.session


async def _tell_availability(transaction: Transaction, mentor_id: UUID, at: datetime) -> None:
    """What the mentor, whose availability is locked, can take now."""
    await store.bump_availability(transaction, mentor_id)
    present = await store.availability(transaction, mentor_id, at)
    await outbox.append(transaction, [present.event(await store.slot_limit(transaction, mentor_id))])
