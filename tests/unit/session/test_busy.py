"""From a calendar to when its owner is busy: repeated, moved, cancelled and whole-day appointments; times alone."""

from datetime import UTC, datetime

import pytest
from session_service.busy import busy
from session_service.calendars import check_url, is_public

BEGIN, END = datetime(2027, 3, 22, tzinfo=UTC), datetime(2027, 4, 5, tzinfo=UTC)
WEEKLY = """
UID:weekly
DTSTART;TZID=Europe/Berlin:20270104T100000
DTEND;TZID=Europe/Berlin:20270104T103000
RRULE:FREQ=WEEKLY
SUMMARY:Secret
"""


def told(*events: str, zone: str = "UTC") -> list[str]:
    """When somebody with these events is busy, in short."""
    body = "".join(f"BEGIN:VEVENT{event}END:VEVENT\n" for event in events)
    text = f"BEGIN:VCALENDAR\nVERSION:2.0\nPRODID:x\n{body}END:VCALENDAR\n".replace("\n", "\r\n")
    return [f"{start:%m-%d %H:%M}-{end:%m-%d %H:%M}" for start, end in busy(text.encode(), BEGIN, END, zone)]


def test_a_weekly_appointment_stays_at_its_time_on_the_clock_when_clocks_change() -> None:
    assert told(WEEKLY) == ["03-22 09:00-03-22 09:30", "03-29 08:00-03-29 08:30"]


def test_single_days_are_left_out_or_moved() -> None:
    out = WEEKLY + "EXDATE;TZID=Europe/Berlin:20270322T100000\n"
    moved = """
UID:weekly
RECURRENCE-ID;TZID=Europe/Berlin:20270329T100000
DTSTART;TZID=Europe/Berlin:20270330T150000
DTEND;TZID=Europe/Berlin:20270330T160000
"""
    assert told(out, moved) == ["03-30 13:00-03-30 14:00"]


def test_what_is_cancelled_or_shown_as_free_does_not_count() -> None:
    free, cancelled = WEEKLY + "TRANSP:TRANSPARENT\n", WEEKLY + "STATUS:CANCELLED\n"
    assert told(free) == told(cancelled) == []


def test_whole_days_and_times_without_a_zone_are_those_of_the_owner() -> None:
    day = "\nUID:day\nDTSTART;VALUE=DATE:20270325\nDTEND;VALUE=DATE:20270326\n"
    floating = "\nUID:f\nDTSTART:20270401T120000\nDURATION:PT1H\n"
    assert told(day, floating, zone="America/New_York") == ["03-25 04:00-03-26 04:00", "04-01 16:00-04-01 17:00"]


def test_what_touches_is_one_and_no_word_is_told() -> None:
    parts = [
        f"\nUID:{hour}\nDTSTART:20270401T{hour:02}0000Z\nDTEND:20270401T{hour + 2:02}0000Z\nSUMMARY:Doctor\n"
        for hour in (8, 9, 11)
    ]
    assert told(*parts) == ["04-01 08:00-04-01 13:00"]


@pytest.mark.parametrize("content", [b"", b"<html>", b"BEGIN:VEVENT\r\nEND:VEVENT\r\n", b"\xff\xfe"])
def test_what_is_no_calendar_is_refused(content: bytes) -> None:
    with pytest.raises(ValueError, match=r".*"):
        busy(content, BEGIN, END, "UTC")


@pytest.mark.parametrize(
    "address",
    [
        *(
            "127.0.0.1",
            "10.1.2.3",
            "172.16.0.1",
            "192.168.1.1",
            "169.254.169.254",
            "100.64.0.1",
            "0.0.0.0",
            "224.0.0.1",
        ),
        *("255.255.255.255", "::1", "::", "fe80::1%eth0", "fc00::1", "ff02::1", "::ffff:127.0.0.1", "::ffff:8.8.8.8"),
        *("64:ff9b::7f00:1", "2002:7f00:1::", "2001:db8::1"),
    ],
)
def test_no_address_of_a_private_network_is_public(address: str) -> None:
    assert not is_public(address)


@pytest.mark.parametrize("address", ["8.8.8.8", "93.184.216.34", "2606:4700::1111"])
def test_addresses_of_the_internet_are(address: str) -> None:
    assert is_public(address)


@pytest.mark.parametrize(
    "url",
    [
        "http://example.org/a.ics",
        "file:///etc/passwd",
        "https:///a",
        "https://me:secret@example.org/",
        "webcal://a.b/c",
    ],
)
def test_only_plain_https_is_asked(url: str) -> None:
    with pytest.raises(ValueError, match="https"):
        check_url(url)
