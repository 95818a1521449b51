"""What one person is told of one step, and which steps are told to whom. Step 3 of the write path; pure."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any
from uuid import UUID, uuid5

from flash_schemas import session as said

from session_service.model import OpenCall, ReminderKind, Session, Step


@dataclass(frozen=True, slots=True)
class Notice:
    """Something to be told to one person. `facts` are ids and times for its template; no word that anybody wrote."""

    notice_id: UUID
    person_id: UUID
    kind: str
    session_id: UUID | None = None
    other_id: UUID | None = None
    facts: Mapping[str, Any] = field(default_factory=dict)

    @classmethod
    def about(
        cls, session: Session, kind: str, person_id: UUID, when: str, facts: Mapping[str, Any] | None = None
    ) -> "Notice":
        """To one of the two of a session; `when` tells it from others of its kind, and once told it is known."""
        notice_id = uuid5(session.session_id, f"{when}:{kind}:{person_id}")
        return cls(notice_id, person_id, kind, session.session_id, session.other(person_id), facts or {})

    @classmethod
    def of_call(cls, call: OpenCall) -> "Notice":
        """To whom a call belonged that nobody took."""
        kind = "call_not_taken"
        return cls(uuid5(call.call_id, kind), call.learner_id, kind, call.session_id)

    @classmethod
    def of_confirming(cls, person_id: UUID, confirmed_on: date) -> "Notice":
        """To somebody who is asked whether still holds what they last confirmed on this day."""
        kind = "skills_unconfirmed"
        return cls(uuid5(person_id, f"{kind}:{confirmed_on.isoformat()}"), person_id, kind)

    @classmethod
    def of_silence(cls, mentor_id: UUID, since: datetime) -> "Notice":
        """To a mentor who is paused for silence since this moment."""
        kind, moment = "paused_for_silence", since.isoformat()
        return cls(uuid5(mentor_id, f"{kind}:{moment}"), mentor_id, kind, facts={"silent_since": moment})


Told = tuple[str, UUID, Mapping[str, Any]]
"""A kind, to whom, and the facts."""


def notices_of(step: Step) -> list[Notice]:
    """Whom this step is told to. The same step makes the same ids, so nothing is told twice."""
    return [
        Notice.about(step.session, kind, person_id, str(outgoing.version), facts)
        for outgoing in step.outgoing
        for kind, person_id, facts in _told(outgoing.event, step.session)
    ]


def reminders_of(session: Session, kind: ReminderKind) -> list[Notice]:
    """Whom a reminder of a session is told to; of another time it is another one."""
    if kind == "follow_up":
        return [Notice.about(session, "follow_up", session.learner_id, kind)]
    assert session.starts_at, "reminded of a session with a time"
    facts = {"starts_at": session.starts_at.isoformat()}
    return [
        Notice.about(session, "session_soon", person_id, f"{kind}:{facts['starts_at']}", facts)
        for person_id in (session.learner_id, session.mentor_id)
    ]


def _told(event: Any, session: Session) -> Iterable[Told]:
    return TOLD.get(type(event), _nobody)(event, session)


def _nobody(_event: Any, _session: Session) -> Iterable[Told]:
    return ()


def _withdrawn(event: said.SessionWithdrawnV1, _session: Session) -> Iterable[Told]:
    if event.reason == "mentor_unavailable":
        return [("unavailable", event.learner_id, {})]
    return [("withdrawn", event.mentor_id, {})]


def _cancelled(event: said.SessionCancelledV1, session: Session) -> Iterable[Told]:
    """Whoever gave it up knows; but a calendar that has the appointment has to lose it."""
    sides = {"learner": event.learner_id, "mentor": event.mentor_id}
    return [("cancelled", person_id, {}) for side, person_id in sides.items() if session.starts_at or side != event.by]


def _solved(event: said.SessionSolvedInChatV1, session: Session) -> Iterable[Told]:
    """The learner, who said so, only where their calendar has to lose it."""
    told: list[Told] = [("solved_in_chat", event.mentor_id, {})]
    return [*told, ("cancelled", event.learner_id, {})] if session.starts_at else told


def _scheduled(event: said.SessionScheduledV1 | said.SessionRescheduledV1, _session: Session) -> Iterable[Told]:
    kind = "rescheduled" if isinstance(event, said.SessionRescheduledV1) else "scheduled"
    facts = {"starts_at": event.starts_at.isoformat()}
    return [(kind, person_id, facts) for person_id in (event.learner_id, event.mentor_id)]


def _surveyed(event: said.SurveySentV1, _session: Session) -> Iterable[Told]:
    return [("survey", event.learner_id if event.side == "learner" else event.mentor_id, {})]


def _related(event: said.RelationshipMadeV1, _session: Session) -> Iterable[Told]:
    return [("relationship_made", person_id, {}) for person_id in (event.learner_id, event.mentor_id)]


def _spoken(event: said.MessageSentV1, session: Session) -> Iterable[Told]:
    """Not for the first message, which comes with the request."""
    return (
        []
        if session.messages == 1
        else [("message_waiting", event.recipient_id, {"message_id": str(event.message_id)})]
    )


TOLD: Mapping[type, Callable[[Any, Session], Iterable[Told]]] = {
    said.SessionRequestedV1: lambda event, _: [("asked", event.mentor_id, {})],
    said.SessionAcceptedV1: lambda event, _: [("accepted", event.learner_id, {})],
    said.SessionDeclinedV1: lambda event, _: [("declined", event.learner_id, {})],
    said.SessionExpiredV1: lambda event, _: [("expired", event.learner_id, {})],
    said.SessionWithdrawnV1: _withdrawn,
    said.SessionCancelledV1: _cancelled,
    said.SessionScheduledV1: _scheduled,
    said.SessionRescheduledV1: _scheduled,
    said.SessionSolvedInChatV1: _solved,
    said.SurveySentV1: _surveyed,
    said.RelationshipMadeV1: _related,
    said.MessageSentV1: _spoken,
}
