"""Beside the read path: the appointment of a session as calendars take it, by iTIP (RFC 5546).

Every invitation to one session has its id as the UID, and a SEQUENCE that rises with each change; so a calendar
replaces what it has, in whatever order mails come.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Literal
from uuid import UUID
from zoneinfo import ZoneInfo

from icalendar import Calendar, Event, vCalAddress

from session_service.model import Session

PRODUCT = "-//Flash Mentoring//Sessions//EN"
SUMMARY = "Flash mentoring session"
ZONE_RULES_FOR = timedelta(days=366)
"""How long before and after it an invitation describes the time zone."""


@dataclass(frozen=True, slots=True)
class Guest:
    """Somebody who is invited: a calendar address, as `mailto:...`, and how they are called."""

    address: str
    name: str | None = None

    @classmethod
    def unnamed(cls, person_id: UUID) -> "Guest":
        """Somebody by id alone."""
        return cls(person_id.urn)


@dataclass(frozen=True, slots=True)
class Invitation:
    """A calendar object and its method, which its media type must name, too."""

    method: Literal["REQUEST", "CANCEL"]
    content: bytes

    @property
    def media_type(self) -> str:
        """The media type with the method, for a mail or an answer."""
        return f"text/calendar; charset=utf-8; method={self.method}"


def invitation(session: Session, organizer: str, guests: Sequence[Guest], at: datetime) -> Invitation | None:
    """What the calendars of the two are to take now; None while no time was ever agreed."""
    if session.starts_at is None:
        return None
    over = session.state in ("cancelled", "solved")
    method: Literal["REQUEST", "CANCEL"] = "CANCEL" if over else "REQUEST"
    calendar = Calendar()
    for name, value in (("prodid", PRODUCT), ("version", "2.0"), ("method", method)):
        calendar.add(name, value)
    calendar.add_component(_event(session, organizer, guests, at, "CANCELLED" if over else "CONFIRMED"))
    around = session.starts_at - ZONE_RULES_FOR, session.starts_at + ZONE_RULES_FOR
    calendar.add_missing_timezones(*(moment.date() for moment in around))
    return Invitation(method, calendar.to_ical())


def _event(session: Session, organizer: str, guests: Sequence[Guest], at: datetime, status: str) -> Event:
    event = Event()
    event.add("uid", str(session.session_id))
    event.add("sequence", session.invitation_sequence)
    event.add("dtstamp", at.astimezone(UTC))
    event.add("dtstart", _start(session))
    event.add("duration", timedelta(minutes=session.minutes))
    event.add("summary", SUMMARY)
    event.add("status", status)
    if session.place:
        event.add("location", session.place["where"])
    event.add("organizer", vCalAddress(organizer))
    for guest in guests:
        event.add("attendee", _attendee(guest))
    return event


def _start(session: Session) -> datetime:
    """By the clock of the place where it was agreed, so that it follows changed rules in calendars as well as here.

    Of a time that clocks show twice a calendar takes the first; the second is said in UTC.
    """
    assert session.starts_at, "asked of a session with a time"
    start = session.starts_at.astimezone(ZoneInfo(session.time_zone or "UTC"))
    return session.starts_at.astimezone(UTC) if start.fold or start.tzname() == "UTC" else start


def _attendee(guest: Guest) -> vCalAddress:
    attendee = vCalAddress(guest.address)
    attendee.params.update({"CUTYPE": "INDIVIDUAL", "ROLE": "REQ-PARTICIPANT", "PARTSTAT": "NEEDS-ACTION"})
    if guest.name:
        attendee.params["CN"] = guest.name
    return attendee
