"""Step 2 of the write path: when and where the two meet."""

from datetime import UTC, datetime
from secrets import token_urlsafe
from uuid import UUID

from chassis.database import Transaction
from chassis.problems import Refused
from flash_schemas.profile import RequestPolicy

from session_service import model, store
from session_service.commands.steps import locked, save
from session_service.model import NO_TIME_NOW, Place, Session, WrongState
from session_service.requests import PlaceBody, ScheduleBody

ROOM_BYTES = 16


async def schedule(
    transaction: Transaction, by: UUID, session_id: UUID, body: ScheduleBody, template: str | None
) -> Session:
    """Say when and where the two meet. Raises NotFound, WrongState, Refused."""
    session = await locked(transaction, session_id)
    if not await store.may_meet(transaction, session.learner_id, session.mentor_id):  # since `keep_apart` looked
        raise WrongState(NO_TIME_NOW)
    if body.minutes:
        model.check_minutes(body.minutes, await store.policy(transaction, session.program_id) or RequestPolicy())
    appointment = body.appointment(_place(body.place, session, template))
    at = datetime.now(UTC)
    step = model.scheduled(session, by, appointment, at)
    await save(transaction, step)
    if step.events and step.session.starts_at:  # what was said of the former time says nothing of this one
        await store.forget_statements(transaction, session_id)
        await store.note_past_reminders(transaction, session_id, step.session.starts_at, at)
    return step.session


def _place(body: PlaceBody | None, session: Session, template: str | None) -> Place | None:
    """A video room keeps its address; a new one gets one that nobody guesses."""
    if body is None or body.kind != "video":
        return Place(body.kind, body.where or "") if body else None
    if template is None:
        raise Refused("There are no video rooms here: name a room, or a place for lunch.", field="place.kind")
    kept = session.place if session.place and session.place["kind"] == "video" else None
    return Place("video", (kept and kept["where"]) or template.format(room=token_urlsafe(ROOM_BYTES)))
