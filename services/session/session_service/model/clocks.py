"""From the time on a clock to the moment that it means. Step 3 of the write path; pure.

What two people agree on is what their clocks will show. The moment follows from the rules of the time zone, which can
change between the agreement and the meeting: then the moment moves, and the time on the clock stays.
"""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from chassis.problems import Refused


def moment_of(wall_clock: datetime, time_zone: str) -> datetime:
    """The moment at which clocks of a zone show this time. Raises Refused when they never do, or twice."""
    first, second = (_moment(wall_clock, time_zone, fold) for fold in (0, 1))
    if first == second:
        return first
    if _shown(first, time_zone) != wall_clock:
        raise Refused(f"Clocks in {time_zone} skip this time on that day: choose another.", field="starts_at")
    raise Refused(
        f"Clocks in {time_zone} show this time twice on that day: say which you mean by its offset, "
        f"{_offset(first, time_zone)} or {_offset(second, time_zone)}.",
        field="starts_at",
    )


def wall_clock_of(moment: datetime, time_zone: str) -> datetime:
    """What clocks of a zone show at a moment."""
    return _shown(moment, time_zone)


def moment_now(wall_clock: datetime, time_zone: str, so_far: datetime) -> datetime:
    """The moment by the present rules of the zone; of two, the one that is nearer to what held so far.

    A time that clocks skip by now means one before or after the gap.
    """
    return min((_moment(wall_clock, time_zone, fold) for fold in (0, 1)), key=lambda moment: abs(moment - so_far))


def _moment(wall_clock: datetime, time_zone: str, fold: int) -> datetime:
    return wall_clock.replace(tzinfo=ZoneInfo(time_zone), fold=fold).astimezone(UTC)


def _shown(moment: datetime, time_zone: str) -> datetime:
    return moment.astimezone(ZoneInfo(time_zone)).replace(tzinfo=None, fold=0)


def _offset(moment: datetime, time_zone: str) -> str:
    return moment.astimezone(ZoneInfo(time_zone)).isoformat(timespec="minutes")[-6:]
