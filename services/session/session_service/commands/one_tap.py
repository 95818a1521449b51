"""Step 2 of the write path: answering with one tap, from a link."""

from datetime import UTC, datetime
from functools import partial

from chassis.database import Database
from chassis.problems import NotFound

from session_service import model, store
from session_service.answers import OneTapAnswer
from session_service.commands.answering import accept, decline
from session_service.model import Session
from session_service.one_tap import Tap
from session_service.requests import DeclineBody


async def show_tap(database: Database, tap: Tap) -> OneTapAnswer:
    """What the tap would do; nothing changes, since programs open links too. Raises NotFound."""
    async with database.connection() as connection:
        session = await store.session(connection, tap.session_id)
    if session is None:
        raise NotFound
    session.side_of(tap.person_id)
    return _answer(tap, session)


async def take_tap(database: Database, tap: Tap) -> OneTapAnswer:
    """Do it. Raises NotFound, WrongState when the request is answered or over, NoSlotLeft."""
    async with database.transaction() as transaction:
        if tap.action == "accept":
            decide = partial(model.accepted, by=tap.person_id)
            return _answer(tap, await accept(transaction, tap.session_id, decide))
        return _answer(tap, await decline(transaction, tap.person_id, tap.session_id, DeclineBody()))


def _answer(tap: Tap, session: Session) -> OneTapAnswer:
    possible = session.state == "requested" and datetime.now(UTC) < session.expires_at
    return OneTapAnswer(
        action=tap.action,
        possible=possible,
        state=session.state,
        format=session.format,
        minutes=session.minutes,
        expires_at=session.expires_at,
    )
