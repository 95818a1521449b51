"""The rules of meeting: when, and whether the two did. Step 3 of the write path; pure."""

from dataclasses import replace
from datetime import date, datetime
from uuid import UUID

from chassis.problems import Refused
from flash_schemas.base import Role
from flash_schemas.session import SessionHeldV1, SessionScheduledV1, SurveySentV1

from session_service.model.session import Session, Step, WrongState, about, ended


def scheduled(session: Session, by: UUID, starts_at: datetime, at: datetime) -> Step:
    """Either says when they meet. Raises WrongState, Refused, NotFound."""
    session.side_of(by)
    if session.state != "accepted":
        raise WrongState("A time can be set once the request is accepted, until the session is held.")
    if starts_at <= at:
        raise Refused("This time is over.", field="starts_at")
    moved = replace(session, version=session.version + 1, starts_at=starts_at)
    return Step(moved, (SessionScheduledV1(**about(session), starts_at=starts_at),))


def held(session: Session, by: UUID, held_on: date, at: datetime) -> Step:
    """Either says that they met; both are asked for their two taps. Raises WrongState, Refused, NotFound."""
    session.side_of(by)
    if held_on > at.date() or held_on < session.created_at.date():
        raise Refused("Between the day of the request and today.", field="held_on")
    moved = replace(ended(session, "held", at), held_on=held_on, version=session.version + 3)
    ids = about(session)
    sides: tuple[Role, ...] = ("learner", "mentor")
    return Step(moved, (SessionHeldV1(**ids, held_on=held_on), *(SurveySentV1(**ids, side=s) for s in sides)))
