"""Step 1 of the write path: what somebody says of their time."""

from datetime import time
from typing import Annotated, Self

from chassis.http import Strict
from pydantic import AfterValidator, Field, model_validator

from session_service.calendars import check_url
from session_service.clock_times import LocalTime
from session_service.model import Hours
from session_service.requests.meeting import TimeZone


def _readable(url: str) -> str:
    check_url(url)
    return url


def _by_the_clock(value: time) -> time:
    if value.tzinfo:
        raise ValueError("what clocks show in time_zone, without an offset")
    return value


ClockTime = Annotated[LocalTime, AfterValidator(_by_the_clock)]
Weekday = Annotated[int, Field(ge=1, le=7)]


class CalendarBody(Strict):
    """When somebody works, by the clocks of their time zone, Monday being 1; and where their calendar (iCalendar) is.

    Without an address the one that is connected stays. It is never shown again.
    """

    time_zone: TimeZone
    work_from: ClockTime = time(9)
    work_until: ClockTime = time(17)
    work_days: Annotated[tuple[Weekday, ...], Field(min_length=1, max_length=7)] = (1, 2, 3, 4, 5)
    url: Annotated[str, Field(max_length=2_000), AfterValidator(_readable)] | None = None

    @model_validator(mode="after")
    def _some_time(self) -> Self:
        if self.work_from >= self.work_until:
            raise ValueError("the working day ends before it begins")
        return self

    @property
    def hours(self) -> Hours:
        """The same as the model takes it."""
        return Hours(self.time_zone, self.work_from, self.work_until, self.work_days)
