"""The rules of writing to each other. Step 3 of the write path; pure."""

from dataclasses import replace
from datetime import datetime, timedelta
from uuid import UUID

from flash_schemas.session import MessageSentV1

from session_service.model.session import Session, Step, WrongState
from session_service.model.turns import replied

MESSAGES_AFTER_END = timedelta(days=30)


def spoken(session: Session, by: UUID, message_id: UUID, length: int, at: datetime) -> Step:
    """One of the two writes to the other. Raises WrongState, NotFound."""
    side = session.side_of(by)
    if session.ended_at and at > session.ended_at + MESSAGES_AFTER_END:
        raise WrongState("This conversation ended more than 30 days ago.")
    first_reply = side == "mentor" and not session.mentor_replied
    moved = replace(
        replied(session, side, at),
        version=session.version + 1,
        messages=session.messages + 1,
        mentor_replied=session.mentor_replied or side == "mentor",
    )
    event = MessageSentV1(
        session_id=session.session_id,
        program_id=session.program_id,
        message_id=message_id,
        sender_id=by,
        recipient_id=session.other(by),
        sender_role=side,
        length=length,
        first_reply=first_reply,
    )
    return Step(moved, (event,))
