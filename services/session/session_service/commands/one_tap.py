"""Step 2 of the write path: answering a request, or coming back, with one tap on a link."""

from datetime import UTC, datetime
from functools import partial
from uuid import UUID

from chassis.database import Database
from chassis.problems import Conflict

from session_service import model, store
from session_service.answers import OneTapAnswer
from session_service.commands.answering import accept, decline
from session_service.commands.availability import come_back_now
from session_service.commands.steps import existing_for
from session_service.model import Session
from session_service.one_tap import Tap
from session_service.requests import DeclineBody


async def show_tap(database: Database, tap: Tap) -> OneTapAnswer:
    """What the tap would do; nothing changes, since programs open links too. Raises NotFound."""
    async with database.connection() as connection:
        if tap.session_id is None:
            present = await store.availability(connection, tap.person_id, datetime.now(UTC))
            return OneTapAnswer(action="return", possible=present.silent_since == tap.silent_since)
        return _answer(tap, await existing_for(connection, tap.person_id, tap.session_id))


async def take_tap(database: Database, tap: Tap) -> OneTapAnswer:
    """Do it. Raises NotFound, NoSlotLeft, WrongState or Conflict when it was done, or its time is over."""
    if tap.session_id is None:
        return await _return(database, tap)
    return await _reply(database, tap, tap.session_id)


async def _reply(database: Database, tap: Tap, session_id: UUID) -> OneTapAnswer:
    async with database.transaction() as transaction:
        if tap.action == "accept":
            return _answer(tap, await accept(transaction, session_id, partial(model.accepted, by=tap.person_id)))
        return _answer(tap, await decline(transaction, tap.person_id, session_id, DeclineBody()))


async def _return(database: Database, tap: Tap) -> OneTapAnswer:
    async with database.transaction() as transaction:
        at = datetime.now(UTC)
        present = await store.lock_availability(transaction, tap.person_id, at)
        if present.silent_since != tap.silent_since:
            raise Conflict("You are back already.")
        await come_back_now(transaction, present, at)
        return OneTapAnswer(action="return", possible=False)


def _answer(tap: Tap, session: Session) -> OneTapAnswer:
    return OneTapAnswer(
        action=tap.action,
        possible=session.state == "requested" and datetime.now(UTC) < session.expires_at,
        state=session.state,
        format=session.format,
        minutes=session.minutes,
        expires_at=session.expires_at,
    )
