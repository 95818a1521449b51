"""The rules of writing to each other. Step 3 of the write path; pure."""

from dataclasses import replace
from datetime import datetime, timedelta
from uuid import UUID

from chassis.problems import Refused
from flash_schemas.session import MessageReadV1, MessageSentV1

from session_service.model.session import Session, Step, WrongState
from session_service.model.turns import replied

MESSAGES_AFTER_END = timedelta(days=30)
EDIT_WITHIN = timedelta(minutes=5)


def check_open(session: Session, at: datetime, *, may_meet: bool) -> None:
    """Raise WrongState when the two can write no more, with the same words whatever the reason."""
    over = session.ended_at and at > session.ended_at + MESSAGES_AFTER_END
    if over or not may_meet:
        raise WrongState("Nothing more can be written in this conversation.")


def spoken(session: Session, by: UUID, message_id: UUID, length: int, at: datetime, *, may_meet: bool) -> Step:
    """One of the two writes to the other. Raises WrongState, NotFound."""
    side = session.side_of(by)
    check_open(session, at, may_meet=may_meet)
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


def read_up_to(session: Session, by: UUID, message_id: UUID | None, position: int) -> Step:
    """One of the two has read everything up to a message. Raises Refused for one that is not there, NotFound."""
    side = session.side_of(by)
    if message_id is None:
        raise Refused(
            f"There is no message here yet with this position; {session.messages} were sent.", field="position"
        )
    event = MessageReadV1(
        session_id=session.session_id,
        program_id=session.program_id,
        message_id=message_id,
        reader_id=by,
        sender_id=session.other(by),
        reader_role=side,
        position=position,
    )
    return Step(replace(session, version=session.version + 1), (event,))


def check_edit(by: UUID, sender_id: UUID, sent_at: datetime, at: datetime) -> None:
    """Raise WrongState unless this is one's own message of the last five minutes."""
    if by != sender_id:
        raise WrongState("Only who wrote a message can edit it.")
    if at > sent_at + EDIT_WITHIN:
        raise WrongState("A message can be edited for 5 minutes after it was sent.")
