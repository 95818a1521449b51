"""Common slots: in the working hours of both, by their own clocks, whatever clocks do; never when one is busy."""

from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from session_service.model import Hours, Interval, common_slots

BERLIN, NEW_YORK = Hours("Europe/Berlin"), Hours("America/New_York")
ZONES = st.sampled_from(["Europe/Berlin", "America/New_York", "Asia/Kolkata", "Pacific/Auckland", "UTC"])
MOMENTS = st.datetimes(datetime(2027, 1, 1), datetime(2028, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001 - zone beside


@st.composite
def hours(draw: st.DrawFn) -> Hours:
    begin, end = sorted(draw(st.lists(st.integers(0, 23), min_size=2, max_size=2, unique=True)))
    days = draw(st.lists(st.integers(1, 7), min_size=1, unique=True))
    return Hours(draw(ZONES), time(begin), time(end), days)


@st.composite
def intervals(draw: st.DrawFn) -> Interval:
    start = draw(MOMENTS)
    return start, start + timedelta(minutes=draw(st.integers(1, 3_000)))


@settings(deadline=None)
@given(hours(), hours(), st.lists(intervals(), max_size=3), st.sampled_from([15, 30, 60]), MOMENTS)
def test_every_slot_suits_both(one: Hours, other: Hours, busy: list[Interval], minutes: int, at: datetime) -> None:
    found = common_slots([one, other], busy, minutes, at)
    assert found == sorted(set(found))
    for start in found:
        end = start + timedelta(minutes=minutes)
        assert at < start <= at + timedelta(days=15)
        assert not any(begins < end and start < ends for begins, ends in busy)
        for each in (one, other):
            zone = ZoneInfo(each.time_zone)
            shown = [moment.astimezone(zone) for moment in (start, end)]
            assert each.work_from <= shown[0].time() < shown[1].time() <= each.work_until
            assert shown[0].isoweekday() in each.work_days


@pytest.mark.parametrize(
    ("at", "first"),
    [
        ("2027-03-10T00:00:00Z", "15:00"),
        ("2027-03-16T00:00:00Z", "14:00"),  # clocks are changed in America, not yet in Europe
        ("2027-03-30T00:00:00Z", "15:00"),
    ],
)
def test_the_common_hours_of_two_places_move_while_only_one_has_changed_its_clocks(at: str, first: str) -> None:
    found = common_slots([BERLIN, NEW_YORK], [], 30, datetime.fromisoformat(at))
    assert f"{found[0].astimezone(ZoneInfo('Europe/Berlin')):%H:%M}" == first


def test_there_is_a_choice_of_days() -> None:
    monday = datetime(2027, 6, 7, tzinfo=UTC)
    found = common_slots([BERLIN, BERLIN], [], 30, monday)
    assert (len(found), len({start.date() for start in found})) == (12, 4)


def test_who_works_when_the_other_sleeps_shares_no_slot() -> None:
    assert common_slots([BERLIN, Hours("Pacific/Auckland")], [], 30, datetime(2027, 6, 7, tzinfo=UTC)) == []
