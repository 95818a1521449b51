"""The rules of meeting: when and where, or not at all. Step 3 of the write path; pure."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Literal
from uuid import UUID

from chassis.problems import Refused
from flash_schemas.base import Role
from flash_schemas.session import (
    CancelReason,
    SessionCancelledV1,
    SessionRescheduledV1,
    SessionScheduledV1,
)

from session_service.model.clocks import moment_now, moment_of
from session_service.model.session import Session, Step, WrongState, about, ended

PlaceKind = Literal["video", "room", "lunch"]
PLANNED_AHEAD = timedelta(days=5 * 365)
NO_TIME_NOW = "A time can be set once the request is accepted, until the session is held."


@dataclass(frozen=True, slots=True)
class Place:
    """Where two meet: at the address of a video room, in a room, or for lunch at some place."""

    kind: PlaceKind
    where: str


@dataclass(frozen=True, slots=True)
class Appointment:
    """What two agree on. `moment` tells apart times that clocks show twice; without a place the present one stays."""

    wall_clock: datetime
    time_zone: str
    moment: datetime | None = None
    minutes: int | None = None
    place: Place | None = None


def scheduled(session: Session, by: UUID, appointment: Appointment, at: datetime) -> Step:
    """Either says when and where they meet, or that it is to be otherwise. Raises WrongState, Refused, NotFound."""
    session.side_of(by)
    if session.state != "accepted":
        raise WrongState(NO_TIME_NOW)
    starts_at = appointment.moment or moment_of(appointment.wall_clock, appointment.time_zone)
    if starts_at <= at:
        raise Refused("This time is over.", field="starts_at")
    if starts_at > at + PLANNED_AHEAD:
        raise Refused("At most five years from now.", field="starts_at")
    place = appointment.place
    agreed = replace(
        session,
        starts_at=starts_at,
        wall_clock=appointment.wall_clock,
        time_zone=appointment.time_zone,
        minutes=appointment.minutes or session.minutes,
        place={"kind": place.kind, "where": place.where} if place else session.place,
    )
    return Step(session, ()) if agreed == session else _moved(session, agreed)


def clocks_changed(session: Session) -> Step:
    """The rules of the time zone are others by now: the time on the clock stays, the moment follows."""
    assert session.starts_at, "asked of a session with a time"
    assert session.wall_clock, "kept with every time"
    assert session.time_zone, "kept with every time"
    starts_at = moment_now(session.wall_clock, session.time_zone, session.starts_at)
    agreed = replace(session, starts_at=starts_at)
    return Step(session, ()) if agreed == session else _moved(session, agreed)


def _moved(session: Session, agreed: Session) -> Step:
    assert agreed.starts_at, "agreed just now"
    event = SessionRescheduledV1 if session.starts_at else SessionScheduledV1
    version = session.version + 1
    moved = replace(agreed, version=version, invitation_sequence=version)
    return Step(moved, (event(**about(session), starts_at=agreed.starts_at),))


def cancelled(session: Session, by: UUID, reason: CancelReason, at: datetime) -> Step:
    """Either gives the accepted session up. Raises WrongState, NotFound."""
    return called_off(session, session.side_of(by), reason, at)


def called_off(session: Session, by: Role | Literal["system"], reason: CancelReason, at: datetime) -> Step:
    """An accepted session is given up, by one of the two or because one is no longer there. Raises WrongState."""
    moved = replace(
        ended(session, "cancelled", at),
        capacity_month=None,
        cancel_reason=reason,
        invitation_sequence=session.version + 1,
    )
    return Step(moved, (SessionCancelledV1(**about(session), by=by, reason=reason),))
