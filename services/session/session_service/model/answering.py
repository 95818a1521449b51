"""The rules of an answer, and of a request that ends without one. Step 3 of the write path; pure."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Literal
from uuid import UUID

from chassis.problems import Conflict, Refused
from flash_schemas.session import (
    SessionAcceptedV1,
    SessionDeclinedV1,
    SessionExpiredV1,
    SessionWithdrawnV1,
)

from session_service.model.availability import month_of
from session_service.model.meeting import PLANNED_AHEAD, called_off, cancelled
from session_service.model.session import Session, State, Step, WrongState, about, ended, moved_to, only

DeclineReason = Literal["no_time", "not_my_topic", "other", "not_given"]


class NoSlotLeft(Conflict):
    """This month is full: accept again next month, or raise your capacity."""


def accepted(session: Session, by: UUID, slots_left: int, at: datetime, times: Sequence[datetime] = ()) -> Step:
    """The mentor says yes and takes a slot of this month; `times` are offered, none is "let us chat".

    Raises WrongState, NoSlotLeft, Refused, NotFound.
    """
    only(session, by, "mentor")
    check_open(session, at)
    offered = checked_times(times, at)
    return taken(session, slots_left, at, offered)


def taken(session: Session, slots_left: int, at: datetime, times: Sequence[str]) -> Step:
    """The request becomes a session that takes a slot of this month. Raises WrongState, NoSlotLeft."""
    moved = moved_to(session, "accepted")
    if slots_left < 1:
        raise NoSlotLeft
    month = month_of(at)
    moved = replace(answered(moved, at), capacity_month=month, proposed_times=times or None)
    return Step(moved, (SessionAcceptedV1(**about(session), capacity_month=month),))


def checked_times(times: Sequence[datetime], at: datetime) -> list[str]:
    """Times that somebody offers, in order, in UTC. Raises Refused."""
    if any(each <= at for each in times):
        raise Refused("A time that you propose is over.", field="times")
    if any(each > at + PLANNED_AHEAD for each in times):
        raise Refused("At most five years from now.", field="times")
    return sorted({each.astimezone(UTC).isoformat() for each in times})


def declined(session: Session, by: UUID, reason: DeclineReason, at: datetime) -> Step:
    """The mentor says no. Raises WrongState, NotFound."""
    only(session, by, "mentor")
    check_open(session, at)
    moved = answered(_let_go(session, "declined", at), at)
    return Step(moved, (SessionDeclinedV1(**about(session), reason=reason),))


def withdrawn(session: Session, by: UUID, at: datetime) -> Step:
    """The learner takes an open request back; either gives an accepted session up. Raises WrongState, NotFound."""
    if session.state == "accepted":
        return cancelled(session, by, "not_given", at)
    only(session, by, "learner")
    return Step(ended(session, "withdrawn", at), (SessionWithdrawnV1(**about(session), reason="by_learner"),))


def expired(session: Session, at: datetime) -> Step:
    """Nobody answered in time. Raises WrongState."""
    return Step(_let_go(session, "expired", at), (SessionExpiredV1(**about(session)),))


def closed_for(session: Session, person_id: UUID, at: datetime) -> Step:
    """One of the two is no longer there: an open request is withdrawn, an accepted session cancelled."""
    if session.state == "accepted":
        return called_off(session, "system", "not_given", at)
    side = session.side_of(person_id)
    reason: Literal["mentor_unavailable", "learner_unavailable"]
    reason = "mentor_unavailable" if side == "mentor" else "learner_unavailable"
    let_go = _let_go if side == "mentor" else ended
    return Step(let_go(session, "withdrawn", at), (SessionWithdrawnV1(**about(session), reason=reason),))


def kept_apart(session: Session, blocker_id: UUID, at: datetime) -> Step:
    """One of the two blocked the other, and what is ahead of them ends. Raises WrongState, NotFound.

    To the other it looks like what happens every day: a mentor is not available, a learner takes a request back, one
    of the two gives a session up. Whoever the learner named is asked next, whichever of them blocked.
    """
    side = session.side_of(blocker_id)
    if session.state == "accepted":
        return cancelled(session, blocker_id, "not_given", at)
    reason: Literal["mentor_unavailable", "by_learner"] = "mentor_unavailable" if side == "mentor" else "by_learner"
    return Step(_let_go(session, "withdrawn", at), (SessionWithdrawnV1(**about(session), reason=reason),))


def _let_go(session: Session, state: State, at: datetime) -> Session:
    """The mentor is out of it: whoever is next is asked, if the learner ticked that."""
    return replace(ended(session, state, at), passing=bool(session.then_ask) or session.open_to_all)


def answered(session: Session, at: datetime) -> Session:
    """The session with when its mentor answered; when they first reacted stays."""
    return replace(session, answered_at=at, first_answer_at=session.first_answer_at or at)


def check_open(session: Session, at: datetime) -> None:
    """Raise WrongState when it is too late for an answer, though nobody has closed the request yet."""
    if session.state == "requested" and at >= session.expires_at:
        raise WrongState("The time to answer is over.")
