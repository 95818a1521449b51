"""Step 2 of the write path: when and where the two meet, and that they did."""

from datetime import UTC, date, datetime
from secrets import token_urlsafe
from uuid import UUID

from chassis.database import Transaction
from chassis.problems import Refused
from flash_schemas.profile import RequestPolicy

from session_service import model, store
from session_service.commands.follow_up import relate
from session_service.commands.steps import existing, locked, save
from session_service.model import MEET_AGAIN_WITHIN, Place, Session
from session_service.requests import PlaceBody, ScheduleBody

ROOM_BYTES = 16


async def schedule(
    transaction: Transaction, by: UUID, session_id: UUID, body: ScheduleBody, template: str | None
) -> Session:
    """Say when and where the two meet. Raises NotFound, WrongState, Refused."""
    session = await locked(transaction, session_id)
    if body.minutes:
        model.check_minutes(body.minutes, await store.policy(transaction, session.program_id) or RequestPolicy())
    appointment = body.appointment(_place(body.place, session, template))
    step = model.scheduled(session, by, appointment, datetime.now(UTC))
    await save(transaction, step)
    return step.session


def _place(body: PlaceBody | None, session: Session, template: str | None) -> Place | None:
    """A video room keeps its address; a new one gets one that nobody guesses."""
    if body is None or body.kind != "video":
        return Place(body.kind, body.where or "") if body else None
    if template is None:
        raise Refused("There are no video rooms here: name a room, or a place for lunch.", field="place.kind")
    kept = session.place if session.place and session.place["kind"] == "video" else None
    return Place("video", (kept and kept["where"]) or template.format(room=token_urlsafe(ROOM_BYTES)))


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
