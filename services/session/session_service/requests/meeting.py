"""Step 1 of the write path: what meeting takes."""

from datetime import UTC, date, datetime
from typing import Annotated, Self
from zoneinfo import ZoneInfo

from chassis.http import Strict
from chassis.problems import Refused
from flash_schemas.base import ShortText
from flash_schemas.session import CancelReason
from pydantic import AfterValidator, Field, model_validator

from session_service.model import Appointment, Place, PlaceKind, wall_clock_of


def known_zone(name: str) -> str:
    """The same name. Raises ValueError for what is no time zone."""
    try:
        ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        raise ValueError("there is no such time zone; one is Europe/Lisbon") from None
    return name


TimeZone = Annotated[ShortText, AfterValidator(known_zone), Field(description="A name of the IANA time zone database.")]
MomentOrClock = Annotated[
    datetime,
    Field(
        description="What clocks show in `time_zone`; or, with an offset, a moment, which tells times apart that "
        "clocks show twice."
    ),
]


class PlaceBody(Strict):
    """By video in a room of its own, which gets its address here; in a room; or for lunch somewhere."""

    kind: PlaceKind
    where: ShortText | None = None

    @model_validator(mode="after")
    def _one_place(self) -> Self:
        if (self.kind == "video") is not (self.where is None):
            raise ValueError("say where, unless it is by video")
        return self


class ScheduleBody(Strict):
    """When and where the two meet, for how many minutes; what is not said stays as it was."""

    starts_at: MomentOrClock
    time_zone: TimeZone | None = None
    minutes: Annotated[int, Field(ge=5, le=240)] | None = None
    place: PlaceBody | None = None

    def appointment(self, place: Place | None) -> Appointment:
        """The same as the model takes it. Raises Refused for a time without a place, or beyond calendars."""
        if self.starts_at.tzinfo is None and self.time_zone is None:
            raise Refused("Say in which time zone, or give the time with an offset.", field="time_zone")
        time_zone, moment = self.time_zone or "UTC", None
        if not 2000 < self.starts_at.year < 3000:
            raise Refused("Not in this millennium.", field="starts_at")
        wall_clock = self.starts_at
        if wall_clock.tzinfo:
            moment, wall_clock = wall_clock.astimezone(UTC), wall_clock_of(wall_clock, time_zone)
        return Appointment(wall_clock, time_zone, moment, self.minutes, place)


class CancelBody(Strict):
    """Why an accepted session is given up; nothing needs to be said."""

    reason: CancelReason = "not_given"


class HeldBody(Strict):
    """The day on which the two met."""

    held_on: date
