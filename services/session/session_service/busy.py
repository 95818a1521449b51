"""Beside the read path: from a calendar's text to when its owner is busy. A process of its own, `python -m ...busy`.

What others wrote may be large, malformed, or repeat itself for ever: this process has little memory and little time,
and whoever started it ends it. It takes the text from its standard input and answers with times alone.
"""

import json
import resource
import sys
from collections.abc import Iterable, Iterator
from datetime import UTC, date, datetime, time
from typing import Any
from zoneinfo import ZoneInfo

import icalendar
import recurring_ical_events

MEMORY_BYTES = 512 * 1024 * 1024
CPU_S = 5


def busy(content: bytes, begin: datetime, end: datetime, time_zone: str) -> list[tuple[datetime, datetime]]:
    """When the owner of a calendar is busy between two moments, merged. Raises ValueError for what is no calendar.

    Whole days, and times without a zone, are those of `time_zone`.
    """
    calendar = icalendar.Calendar.from_ical(content)
    if calendar.name != "VCALENDAR":
        raise ValueError("no calendar")
    events = recurring_ical_events.of(calendar, skip_bad_series=True).between(begin, end)
    return merged(_times(event, ZoneInfo(time_zone)) for event in events if _counts(event))


def _counts(event: Any) -> bool:
    shown_free = str(event.get("TRANSP", "")).upper() == "TRANSPARENT"
    return not shown_free and str(event.get("STATUS", "")).upper() != "CANCELLED"


def _times(event: Any, zone: ZoneInfo) -> tuple[datetime, datetime]:
    return _moment(event.start, zone), _moment(event.end, zone)


def _moment(value: date | datetime, zone: ZoneInfo) -> datetime:
    if not isinstance(value, datetime):
        value = datetime.combine(value, time(), zone)
    return (value if value.tzinfo else value.replace(tzinfo=zone)).astimezone(UTC)


def merged(intervals: Iterable[tuple[datetime, datetime]]) -> list[tuple[datetime, datetime]]:
    """The same time as few intervals, in order; how many appointments there are is not told."""
    return list(_joined(sorted(intervals)))


def _joined(intervals: list[tuple[datetime, datetime]]) -> Iterator[tuple[datetime, datetime]]:
    begin = end = None
    for start, stop in intervals:
        if begin is not None and end is not None and start > end:
            yield begin, end
            begin = None
        begin, end = (start, stop) if begin is None or end is None else (begin, max(end, stop))
    if begin is not None and end is not None:
        yield begin, end


def main() -> None:
    """Read a calendar, print when its owner is busy."""
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))
    resource.setrlimit(resource.RLIMIT_CPU, (CPU_S, CPU_S))
    begin, end, time_zone = sys.argv[1:]
    moments = datetime.fromisoformat(begin), datetime.fromisoformat(end)
    found = busy(sys.stdin.buffer.read(), *moments, time_zone)
    sys.stdout.write(json.dumps([[start.isoformat(), stop.isoformat()] for start, stop in found]))


if __name__ == "__main__":
    main()
