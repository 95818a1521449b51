"""Between the time on a clock and the moment it means: what clocks show twice or never, and rules that change."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from chassis.problems import Refused
from hypothesis import given
from hypothesis import strategies as st
from session_service.model.clocks import moment_now, moment_of, wall_clock_of

BERLIN = "Europe/Berlin"
ZONES = st.sampled_from([BERLIN, "America/New_York", "Australia/Lord_Howe", "Asia/Kathmandu", "Africa/Casablanca"])
MOMENTS = st.datetimes(datetime(2026, 1, 1), datetime(2031, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001 - zone beside


@given(MOMENTS, ZONES)
def test_a_moment_is_found_again_from_what_clocks_show_unless_they_show_it_twice(moment: datetime, zone: str) -> None:
    shown = wall_clock_of(moment, zone)
    try:
        assert moment_of(shown, zone) == moment
    except Refused:
        later, earlier = (wall_clock_of(moment + step * timedelta(hours=1), zone) for step in (1, -1))
        assert later - shown < timedelta(hours=1) or shown - earlier < timedelta(hours=1), "clocks are put back here"
    assert moment_now(shown, zone, moment) == moment, "nothing moves while the rules stay"


def test_a_time_that_clocks_skip_is_refused() -> None:
    with pytest.raises(Refused) as refused:
        moment_of(datetime(2027, 3, 28, 2, 30), BERLIN)  # noqa: DTZ001 - a time on a clock
    assert "skip this time" in str(refused.value.detail)


def test_a_time_that_clocks_show_twice_is_refused_with_both_offsets() -> None:
    with pytest.raises(Refused) as refused:
        moment_of(datetime(2027, 10, 31, 2, 30), BERLIN)  # noqa: DTZ001 - a time on a clock
    assert "+02:00 or +01:00" in str(refused.value.detail)


@pytest.mark.parametrize("offset_h", [1, 2])
def test_of_two_moments_the_agreed_one_stays(offset_h: int) -> None:
    agreed = datetime(2027, 10, 31, 2, 30, tzinfo=UTC) - timedelta(hours=offset_h)
    assert moment_now(datetime(2027, 10, 31, 2, 30), BERLIN, agreed) == agreed  # noqa: DTZ001 - a time on a clock


def test_when_the_rules_change_the_time_on_the_clock_stays() -> None:
    shown = datetime(2027, 7, 1, 12, 0)  # noqa: DTZ001 - a time on a clock
    without_summer_time = datetime(2027, 7, 1, 11, 0, tzinfo=UTC)
    moved = moment_now(shown, BERLIN, without_summer_time)
    assert moved == datetime(2027, 7, 1, 10, 0, tzinfo=UTC)
    assert moved.astimezone(ZoneInfo(BERLIN)).replace(tzinfo=None) == shown


def test_a_time_that_clocks_skip_by_now_means_a_moment_beside_the_gap() -> None:
    before = datetime(2027, 3, 28, 1, 30, tzinfo=UTC)
    assert moment_now(datetime(2027, 3, 28, 2, 30), BERLIN, before) == before  # noqa: DTZ001 - a time on a clock
