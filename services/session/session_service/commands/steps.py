"""What the use cases share: a session and its mentor's availability locked, a step kept, and what follows from it.

Locks are always taken in one order: the mentor's availability, then the session. Whoever accepts, closes or asks goes
through the first, so slots and open requests are counted by one at a time for each mentor.
"""

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from uuid import UUID

import asyncpg
from chassis import outbox
from chassis.auth import Caller
from chassis.database import Database, Transaction
from chassis.erasing import is_erased
from chassis.http import Strict
from chassis.idempotency import once
from chassis.problems import NotFound

from session_service import store
from session_service.answers import SessionAnswer
from session_service.model import AlreadyAsked, Session, Step, seen_by_both
from session_service.notices.telling import follow


class Repeatable(Strict):
    """A step of a session as an Idempotency-Key remembers it."""

    step: str
    session_id: UUID
    body: str = ""


Run = Callable[[Transaction], Awaitable[Session]]


async def take_step(database: Database, caller: Caller, key: str | None, step: Repeatable, run: Run) -> SessionAnswer:
    """Take a step of a session in one transaction; with a key that was used before, give the answer of then.

    Raises what `run` raises, and NotFound for who is forgotten.
    """

    async def take() -> SessionAnswer:
        session = await run(transaction)
        await check_not_erased(transaction, caller.person)
        return SessionAnswer.of(session, caller.person)

    async with database.transaction() as transaction:
        return await once(transaction, caller, key, step, SessionAnswer, take)


async def check_not_erased(transaction: Transaction, by: UUID) -> None:
    """Raise NotFound for who is forgotten and comes with a token of before: what they wrote now would stay.

    To be asked with something locked that forgetting them locks, too: their row, their availability, a session.
    """
    if await is_erased(transaction, by):
        raise NotFound


async def both_locked(transaction: Transaction, session_id: UUID) -> tuple[datetime, Session]:
    """The mentor's availability and the session, locked in this order; and the moment at which they are."""
    found = await existing(transaction, session_id)
    await store.hold_availability(transaction, found.mentor_id)
    return datetime.now(UTC), await locked(transaction, session_id)


async def existing(transaction: Transaction, session_id: UUID) -> Session:
    """The session as it is. Raises NotFound."""
    session = await store.session(transaction, session_id)
    if session is None:
        raise NotFound
    return session


async def existing_for(transaction: Transaction, by: UUID, session_id: UUID) -> Session:
    """A session of somebody's as it is. Raises NotFound, and the same for everybody but the two."""
    session = await existing(transaction, session_id)
    session.side_of(by)
    return session


async def locked(transaction: Transaction, session_id: UUID) -> Session:
    """The session, which nobody else changes until this transaction ends. Raises NotFound."""
    session = await store.lock_session(transaction, session_id)
    if session is None:
        raise NotFound
    return session


async def locked_for(transaction: Transaction, by: UUID, session_id: UUID) -> Session:
    """A locked session of somebody's. Raises NotFound, also for who is forgotten: what they did now would stay."""
    session = await locked(transaction, session_id)
    session.side_of(by)
    await check_not_erased(transaction, by)
    return session


async def save(transaction: Transaction, step: Step) -> None:
    """Keep the session, say what happened and tell whom it concerns, together. Raises AlreadyAsked."""
    try:
        await store.save_sessions(transaction, [step.session])
    except asyncpg.UniqueViolationError:
        raise AlreadyAsked from None
    await outbox.append(transaction, step.outgoing)
    await follow(transaction, step)
    if seen_by_both(step):
        await store.show(transaction, step.session, "session")


async def tell_availability(transaction: Transaction, mentor_id: UUID, at: datetime) -> None:
    """What the mentor, whose availability is locked, can take now."""
    present = await store.next_availability(transaction, mentor_id, at)
    await outbox.append(transaction, [present.event(await store.slot_limit(transaction, mentor_id))])
