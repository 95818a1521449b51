"""When two can meet: in the working hours of both, by their own clocks, when neither is busy. Step 3; pure."""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

Interval = tuple[datetime, datetime]
LOOK_AHEAD = timedelta(days=14)
NOTICE = timedelta(hours=2)
RASTER = timedelta(minutes=15)
SLOTS_A_DAY = 3
SLOTS = 12


@dataclass(frozen=True, slots=True)
class Hours:
    """When somebody works, by the clocks of a time zone, on which days of the week (Monday is 1)."""

    time_zone: str = "UTC"
    work_from: time = time(9)
    work_until: time = time(17)
    work_days: Sequence[int] = (1, 2, 3, 4, 5)

    def cover(self, start: datetime, end: datetime) -> bool:
        """Whether all of it is within one working day."""
        zone = ZoneInfo(self.time_zone)
        first, last = start.astimezone(zone), end.astimezone(zone)
        same_day = first.date() == last.date() and first.isoweekday() in self.work_days
        return same_day and self.work_from <= first.time() and last.time() <= self.work_until


def common_slots(both: Sequence[Hours], busy: Sequence[Interval], minutes: int, at: datetime) -> list[datetime]:
    """Starts that suit both, soonest first; a few a day, so that there is a choice of days."""
    found: list[datetime] = []
    days: Counter[date] = Counter()
    zone, length = ZoneInfo(both[0].time_zone), timedelta(minutes=minutes)
    for start in _raster(at):
        day, end = start.astimezone(zone).date(), start + length
        apart = not found or start >= found[-1] + max(length, timedelta(hours=1))
        free = all(end <= begins or start >= ends for begins, ends in busy)
        if apart and days[day] < SLOTS_A_DAY and free and all(hours.cover(start, end) for hours in both):
            found.append(start)
            days[day] += 1
        if len(found) == SLOTS:
            break
    return found


def _raster(at: datetime) -> Iterator[datetime]:
    """Every quarter of an hour from soon on."""
    begin = at.astimezone(UTC) + NOTICE
    start = begin.replace(minute=0, second=0, microsecond=0)
    while start < begin + LOOK_AHEAD:
        if start >= begin:
            yield start
        start += RASTER
