"""When something may reach a person: at once, with the digest, never in quiet hours; by the clock where they are."""

from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st
from session_service.notices.kinds import KINDS
from session_service.notices.preferences import (
    Preferences,
    QuietHours,
    due_at,
    language_of,
    may_be_off,
    next_time,
    zone_of,
)

BERLIN = ZoneInfo("Europe/Berlin")
ZONES = (
    "Europe/Berlin",
    "Europe/Lisbon",
    "America/New_York",
    "Asia/Kolkata",
    "Australia/Lord_Howe",
    "Africa/Casablanca",
)
NIGHT = QuietHours(since=time(22), until=time(7))

BEGIN = datetime(2026, 1, 1, tzinfo=UTC)

moments = st.integers(0, 2 * 366 * 24 * 60).map(lambda minutes: BEGIN + timedelta(minutes=minutes))
zones = st.sampled_from(ZONES).map(ZoneInfo)
hours = st.times().map(lambda at: at.replace(second=0, microsecond=0))
quiet_hours = st.builds(QuietHours, since=hours, until=hours)


def berlin(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=BERLIN).astimezone(UTC)


@pytest.mark.parametrize(
    ("now", "due"),
    [
        ("2026-11-26T12:00", "2026-11-26T12:00"),
        ("2026-11-26T21:59", "2026-11-26T21:59"),
        ("2026-11-26T22:00", "2026-11-27T07:00"),
        ("2026-11-26T03:00", "2026-11-26T07:00"),
        ("2026-11-26T07:00", "2026-11-26T07:00"),
        ("2026-03-28T23:00", "2026-03-29T07:00"),
        ("2026-10-24T23:00", "2026-10-25T07:00"),
    ],
)
def test_what_happens_in_quiet_hours_waits_for_their_end_also_over_a_change_of_the_clock(now: str, due: str) -> None:
    assert due_at("at_once", Preferences(quiet_hours=NIGHT), BERLIN, berlin(now)) == berlin(due)


@pytest.mark.parametrize(
    ("now", "due"),
    [
        ("2026-11-26T07:59", "2026-11-26T08:00"),
        ("2026-11-26T08:00", "2026-11-27T08:00"),
        ("2026-03-28T09:00", "2026-03-29T08:00"),
        ("2026-10-24T09:00", "2026-10-25T08:00"),
    ],
)
def test_a_digest_comes_at_its_hour_of_every_day_also_when_the_clock_changes(now: str, due: str) -> None:
    assert due_at("digest", Preferences(), BERLIN, berlin(now)) == berlin(due)


def test_a_digest_within_quiet_hours_comes_at_their_end() -> None:
    preferences = Preferences(quiet_hours=NIGHT, digest_hour=5)
    assert due_at("digest", preferences, BERLIN, berlin("2026-11-26T12:00")) == berlin("2026-11-27T07:00")


def test_an_hour_that_the_clock_skips_is_the_moment_after_the_gap() -> None:
    after = berlin("2026-03-29T01:30")
    assert next_time(time(2, 30), BERLIN, after).astimezone(BERLIN).time() == time(3, 30)


def test_the_end_of_quiet_hours_that_the_clock_shows_twice_is_the_next_of_the_two() -> None:
    quiet = QuietHours(since=time(1), until=time(2, 45))
    second = datetime(2026, 10, 25, 2, 30, tzinfo=BERLIN, fold=1).astimezone(UTC)
    assert quiet.over_at(second, BERLIN) == second + timedelta(minutes=15)


@given(moments, zones, quiet_hours)
def test_nothing_is_due_in_quiet_hours_nor_before_it_happened_nor_a_day_late(
    now: datetime, zone: ZoneInfo, quiet: QuietHours
) -> None:
    due = due_at("at_once", Preferences(quiet_hours=quiet), zone, now)
    assert now <= due <= now + timedelta(hours=25)
    assert quiet.over_at(due, zone) == due


@given(moments, zones, st.integers(0, 23))
def test_a_digest_is_later_than_now_and_at_most_a_day_and_an_hour(now: datetime, zone: ZoneInfo, hour: int) -> None:
    due = due_at("digest", Preferences(digest_hour=hour), zone, now)
    assert now < due <= now + timedelta(hours=25)


@pytest.mark.parametrize(
    ("chosen", "spoken", "language"),
    [
        (None, (), "en"),
        (None, ("pt", "de", "en"), "de"),
        (None, ("DE",), "de"),
        ("en", ("de",), "en"),
        ("xx", (), "en"),
    ],
)
def test_the_language_is_the_chosen_one_or_the_first_spoken_or_the_default(
    chosen: str | None, spoken: tuple[str, ...], language: str
) -> None:
    assert language_of(Preferences(language=chosen), spoken, ("de", "en"), "en") == language


def test_a_time_zone_that_nobody_knows_is_the_default() -> None:
    assert zone_of("Nowhere/Land", "UTC") == zone_of(None, "UTC") == ZoneInfo("UTC")


def test_a_kind_goes_out_as_chosen_by_each_channel_and_else_as_usual() -> None:
    preferences = Preferences(choices={"survey": {"mail": "digest"}})
    assert preferences.mode(KINDS["survey"], "mail") == "digest"
    assert preferences.mode(KINDS["survey"], "slack") == "at_once"
    assert preferences.without(["survey"]).mode(KINDS["survey"], "mail") == "off"


def test_only_what_nobody_waits_for_may_be_off() -> None:
    assert may_be_off(["survey", "message_waiting"])
    for wrong in ([], ["asked"], ["survey", "asked"], ["unheard of"]):
        assert not may_be_off(wrong)
