"""The rules of what became of a session: the two met, did not meet, or needed only to write. Step 3; pure.

Each side states for themselves. One word that they met is enough, and the other may still object: both statements are
kept, and nobody but the two sees them. That they did not meet holds when both say so, or when the other has not said
otherwise for as long as one may say it.
"""

from collections.abc import Mapping
from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import Literal
from uuid import UUID

from chassis.problems import Refused
from flash_schemas.base import Role
from flash_schemas.session import SessionHeldV1, SessionNotHeldV1, SessionSolvedInChatV1, SurveySentV1

from session_service.model.session import Session, Step, WrongState, about, ended, moved_to, only

Statement = Literal["held", "not_held"]
Statements = Mapping[Role, Statement]
NO_SHOW_AFTER = timedelta(minutes=10)
STATED_WITHIN = timedelta(days=7)
WEST, EAST = timedelta(hours=12), timedelta(hours=14)
"""How far the days of people may be behind and ahead of those of UTC."""


def held(session: Session, by: UUID, held_on: date, at: datetime) -> Step:
    """Either says that they met, and both are asked for their two taps; the other may say the same.

    Raises WrongState, Refused, NotFound.
    """
    session.side_of(by)
    if session.state == "held":
        return Step(session, ())
    if not (session.created_at - WEST).date() <= held_on <= (at + EAST).date():
        raise Refused("Between the day of the request and today.", field="held_on")
    moved = replace(ended(session, "held", at), held_on=held_on, version=session.version + 3)
    ids = about(session)
    sides: tuple[Role, ...] = ("learner", "mentor")
    return Step(moved, (SessionHeldV1(**ids, held_on=held_on), *(SurveySentV1(**ids, side=s) for s in sides)))


def not_held(session: Session, by: UUID, stated: Statements, at: datetime) -> Step:
    """Either says that they did not meet; it holds once both say so. Raises WrongState, NotFound."""
    side = session.side_of(by)
    if stated.get(side) == "held":
        raise WrongState("You have said that you met.")
    if stated.get(side) == "not_held" and session.state == "not_held":
        return Step(session, ())
    if session.state not in ("accepted", "held"):
        raise WrongState(f"This session is {session.state} already.")
    _check_time(session, at)
    other: Role = "mentor" if side == "learner" else "learner"
    return unopposed(session, at) if session.state == "accepted" and stated.get(other) else Step(session, ())


def _check_time(session: Session, at: datetime) -> None:
    if session.starts_at is None:
        raise WrongState("No time was agreed: agree on one, or cancel.")
    if not NO_SHOW_AFTER <= at - session.starts_at <= STATED_WITHIN:
        raise WrongState("This can be said from 10 minutes after the start until 7 days after it.")


def unopposed(session: Session, at: datetime) -> Step:
    """They did not meet, and nobody says otherwise; the slot is free again. Raises WrongState."""
    moved = replace(ended(session, "not_held", at), capacity_month=None)
    return Step(moved, (SessionNotHeldV1(**about(session)),))


def solved_in_chat(session: Session, by: UUID, at: datetime) -> Step:
    """The learner says that the messages were help enough; nobody needs to meet. Raises WrongState, NotFound."""
    only(session, by, "learner")
    moved = moved_to(session, "solved")
    if not session.mentor_replied:
        raise WrongState("Your mentor has not written yet: withdraw instead.")
    moved = replace(moved, ended_at=at, capacity_month=None, invitation_sequence=moved.version)
    return Step(moved, (SessionSolvedInChatV1(**about(session)),))
