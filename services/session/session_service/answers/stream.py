"""What live streams show, beside sessions as they are answered elsewhere."""

from collections.abc import Mapping
from uuid import UUID

from chassis.http import Answer

from session_service.answers.conversation import MessageAnswer
from session_service.model import Session


class StreamMessage(Answer):
    """A message that was sent or edited."""

    session_id: UUID
    message: MessageAnswer


class StreamRead(Answer):
    """Up to which position each side of a session has read."""

    session_id: UUID
    learner_read: int
    mentor_read: int

    @classmethod
    def of(cls, session: Session, read: Mapping[UUID, int]) -> "StreamRead":
        """From the positions by reader."""
        learner, mentor = (read.get(person_id, 0) for person_id in (session.learner_id, session.mentor_id))
        return cls(session_id=session.session_id, learner_read=learner, mentor_read=mentor)
