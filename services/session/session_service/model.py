"""The rules of a session: its states, who may do what, and what each step says. Step 3 of the write path; pure.

requested -> accepted -> held; requested -> declined, expired, withdrawn; accepted -> cancelled. A session
takes one slot of its mentor's month while it is accepted or held.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from typing import Literal, cast
from uuid import UUID

from chassis.outbox import Outgoing
from chassis.problems import Conflict, NotFound, PreconditionFailed, Refused
from flash_schemas.base import Role
from flash_schemas.profile import RequestPolicy
from flash_schemas.session import (
    Format,
    MessageSentV1,
    RelationshipMadeV1,
    SessionAcceptedV1,
    SessionCancelledV1,
    SessionDeclinedV1,
    SessionEvent,
    SessionExpiredV1,
    SessionHeldV1,
    SessionRequestedV1,
    SessionScheduledV1,
    SessionWithdrawnV1,
    SurveyAnsweredV1,
    SurveySentV1,
)

from session_service.asking import Ask, month_of

State = Literal["requested", "accepted", "declined", "expired", "withdrawn", "cancelled", "held"]
DeclineReason = Literal["no_time", "not_my_topic", "other", "not_given"]
Helped = Literal["solved", "partly", "no"]
MadeBy = Literal["both_wished", "held_again"]

MOVES: Mapping[State, frozenset[State]] = {
    "requested": frozenset({"accepted", "declined", "expired", "withdrawn"}),
    "accepted": frozenset({"held", "cancelled"}),
    "held": frozenset(),
    "declined": frozenset(),
    "expired": frozenset(),
    "withdrawn": frozenset(),
    "cancelled": frozenset(),
}
MESSAGES_AFTER_END = timedelta(days=30)
MEET_AGAIN_WITHIN = timedelta(days=90)


class WrongState(Conflict):
    """The session's state does not allow this."""


class NoSlotLeft(Conflict):
    """This month is full: accept again next month, or raise your capacity."""


@dataclass(frozen=True, slots=True)
class Session:
    """One session and how far it has come."""

    session_id: UUID
    version: int
    state: State
    program_id: UUID
    learner_id: UUID
    mentor_id: UUID
    skill_id: UUID | None
    want_to_learn: str
    tried: str
    format: Format
    minutes: int
    created_at: datetime
    expires_at: datetime
    answered_at: datetime | None = None
    capacity_month: str | None = None
    starts_at: datetime | None = None
    held_on: date | None = None
    ended_at: datetime | None = None
    messages: int = 0
    mentor_replied: bool = False
    formal_goal: Mapping[str, str] | None = None

    def side_of(self, person_id: UUID) -> Role:
        """On which side somebody is. Raises NotFound for everybody else."""
        if person_id == self.learner_id:
            return "learner"
        if person_id == self.mentor_id:
            return "mentor"
        raise NotFound

    def other(self, person_id: UUID) -> UUID:
        """The other of the two."""
        return self.mentor_id if person_id == self.learner_id else self.learner_id


@dataclass(frozen=True, slots=True)
class Step:
    """A session after a command, and what to say about it; each event takes the next version."""

    session: Session
    events: tuple[SessionEvent | MessageSentV1, ...]

    @property
    def outgoing(self) -> list[Outgoing]:
        """The events with the versions that lead up to the session's own."""
        first = self.session.version - len(self.events) + 1
        return [Outgoing(event, version) for version, event in enumerate(self.events, first)]


def check_version(present: int, expected: int) -> None:
    """Raise PreconditionFailed when somebody changed the row since it was read."""
    if present != expected:
        raise PreconditionFailed


def requested(session_id: UUID, ask: Ask, learner_id: UUID, policy: RequestPolicy, at: datetime) -> Step:
    """A new request, open until the policy's time or the end of `by_when`, whichever is first."""
    expires_at = at + timedelta(hours=policy.answer_within_hours)
    if ask.by_when:
        end_of_day = datetime.combine(ask.by_when, time.max, UTC)
        expires_at = min(expires_at, end_of_day)
    session = Session(
        session_id=session_id,
        version=1,
        state="requested",
        program_id=ask.program_id,
        learner_id=learner_id,
        mentor_id=ask.mentor_id,
        skill_id=ask.skill_id,
        want_to_learn=ask.want_to_learn,
        tried=ask.tried,
        format=ask.format,
        minutes=ask.minutes,
        created_at=at,
        expires_at=expires_at,
        formal_goal=ask.formal_goal,
    )
    event = SessionRequestedV1(
        **_about(session),
        format=ask.format,
        minutes=ask.minutes,
        expires_at=expires_at,
        serves_formal_goal=ask.formal_goal is not None,
    )
    return Step(session, (event,))


def accepted(session: Session, by: UUID, slots_left: int, at: datetime) -> Step:
    """The mentor says yes and takes a slot of this month. Raises WrongState, NoSlotLeft, NotFound."""
    _only(session, by, "mentor")
    _check_open(session, at)
    moved = _moved(session, "accepted")
    if slots_left < 1:
        raise NoSlotLeft
    month = month_of(at)
    moved = replace(moved, capacity_month=month, answered_at=at)
    return Step(moved, (SessionAcceptedV1(**_about(session), capacity_month=month),))


def declined(session: Session, by: UUID, reason: DeclineReason, at: datetime) -> Step:
    """The mentor says no. Raises WrongState, NotFound."""
    _only(session, by, "mentor")
    _check_open(session, at)
    moved = replace(_ended(session, "declined", at), answered_at=at)
    return Step(moved, (SessionDeclinedV1(**_about(session), reason=reason),))


def withdrawn(session: Session, by: UUID, at: datetime) -> Step:
    """The learner takes an open request back; either gives an accepted session up. Raises WrongState, NotFound."""
    if session.state == "accepted":
        return _cancelled(session, session.side_of(by), at)
    _only(session, by, "learner")
    return Step(_ended(session, "withdrawn", at), (SessionWithdrawnV1(**_about(session), reason="by_learner"),))


def expired(session: Session, at: datetime) -> Step:
    """Nobody answered in time. Raises WrongState."""
    return Step(_ended(session, "expired", at), (SessionExpiredV1(**_about(session)),))


def closed_for(session: Session, person_id: UUID, at: datetime) -> Step:
    """One of the two is no longer there: an open request is withdrawn, an accepted session cancelled."""
    if session.state == "accepted":
        return _cancelled(session, "system", at)
    side = session.side_of(person_id)
    reason: Literal["mentor_unavailable", "learner_unavailable"]
    reason = "mentor_unavailable" if side == "mentor" else "learner_unavailable"
    return Step(_ended(session, "withdrawn", at), (SessionWithdrawnV1(**_about(session), reason=reason),))


def scheduled(session: Session, by: UUID, starts_at: datetime, at: datetime) -> Step:
    """Either says when they meet. Raises WrongState, Refused, NotFound."""
    session.side_of(by)
    if session.state != "accepted":
        raise WrongState("A time can be set once the request is accepted, until the session is held.")
    if starts_at <= at:
        raise Refused("This time is over.", field="starts_at")
    moved = replace(session, version=session.version + 1, starts_at=starts_at)
    return Step(moved, (SessionScheduledV1(**_about(session), starts_at=starts_at),))


def held(session: Session, by: UUID, held_on: date, at: datetime) -> Step:
    """Either says that they met; both are asked for their two taps. Raises WrongState, Refused, NotFound."""
    session.side_of(by)
    if held_on > at.date() or held_on < session.created_at.date():
        raise Refused("Between the day of the request and today.", field="held_on")
    moved = replace(_ended(session, "held", at), held_on=held_on, version=session.version + 3)
    about = _about(session)
    sides: tuple[Role, ...] = ("learner", "mentor")
    return Step(moved, (SessionHeldV1(**about, held_on=held_on), *(SurveySentV1(**about, side=s) for s in sides)))


def surveyed(session: Session, by: UUID, helped: Helped, rating: int, minutes_saved: int | None) -> Step:
    """One side answers. Raises WrongState, NotFound."""
    side = session.side_of(by)
    if session.state != "held":
        raise WrongState("The survey follows the session: say first that it was held.")
    moved = replace(session, version=session.version + 1)
    about = _about(session)
    return Step(
        moved, (SurveyAnsweredV1(**about, side=side, helped=helped, rating=rating, minutes_saved=minutes_saved),)
    )


def check_wish(session: Session, by: UUID) -> Role:
    """The side on which somebody may say whether to meet again. Raises WrongState, NotFound."""
    side = session.side_of(by)
    if session.state != "held":
        raise WrongState("Meet first: say that the session was held.")
    return side


def related(session: Session, by: MadeBy) -> Step:
    """The two have a relationship from now on."""
    moved = replace(session, version=session.version + 1)
    return Step(moved, (RelationshipMadeV1(**_about(session), by=by),))


def spoken(session: Session, by: UUID, message_id: UUID, length: int, at: datetime) -> Step:
    """One of the two writes to the other. Raises WrongState, NotFound."""
    side = session.side_of(by)
    if session.ended_at and at > session.ended_at + MESSAGES_AFTER_END:
        raise WrongState("This conversation ended more than 30 days ago.")
    first_reply = side == "mentor" and not session.mentor_replied
    moved = replace(
        session,
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


def _cancelled(session: Session, by: Literal["learner", "mentor", "system"], at: datetime) -> Step:
    moved = replace(_ended(session, "cancelled", at), capacity_month=None, starts_at=None)
    return Step(moved, (SessionCancelledV1(**_about(session), by=by),))


def _moved(session: Session, state: State) -> Session:
    if state not in MOVES[session.state]:
        raise WrongState(f"This session is {session.state} already.")
    return replace(session, state=state, version=session.version + 1)


def _ended(session: Session, state: State, at: datetime) -> Session:
    return replace(_moved(session, state), ended_at=at)


def _check_open(session: Session, at: datetime) -> None:
    if session.state == "requested" and at >= session.expires_at:
        raise WrongState("The time to answer is over.")


def _only(session: Session, by: UUID, side: Role) -> None:
    if session.side_of(by) != side:
        raise WrongState(f"Only the {side} can do this.")


def _about(session: Session) -> dict[str, UUID]:
    names = ("session_id", "program_id", "learner_id", "mentor_id", "skill_id")
    return {name: cast("UUID", getattr(session, name)) for name in names}
