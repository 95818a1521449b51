"""What is answered about people's time."""

from datetime import datetime

from chassis.http import Answer

from session_service.clock_times import LocalTime


class CalendarAnswer(Answer):
    """What somebody said of their time; the address of their calendar is shown to nobody.

    `read_at` is when the calendar was last read, null before the first time.
    """

    time_zone: str
    work_from: LocalTime
    work_until: LocalTime
    work_days: list[int]
    connected: bool
    read_at: datetime | None


class SlotsAnswer(Answer):
    """Starts of common slots, soonest first. Why another time does not suit is not told."""

    minutes: int
    starts_at: list[datetime]
