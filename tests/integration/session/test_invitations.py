"""Invitations for calendars: one UID, a rising SEQUENCE, the clock of the place, and an end."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import icalendar
from session_service import store
from session_service.invitations import Guest, invitation

from tests.integration.session.conftest import World
from tests.integration.session.test_meeting import BERLIN, NEXT_YEAR, accepted, schedule


async def fetched(world: World, by: UUID, session_id: str) -> tuple[str, Any, icalendar.Calendar]:
    """The method of the media type, the event, and the whole calendar."""
    answer = await world.get(by, f"/sessions/{session_id}/invitation.ics")
    assert answer.status_code == 200, answer.text
    kind, charset, method = answer.headers["content-type"].split("; ")
    assert (kind, charset) == ("text/calendar", "charset=utf-8")
    calendar = icalendar.Calendar.from_ical(answer.content)
    assert method == f"method={calendar['method']}"
    assert (calendar["version"], bool(calendar["prodid"])) == ("2.0", True)
    return str(calendar["method"]), calendar.walk("VEVENT")[0], calendar


async def test_an_invitation_says_when_where_and_who_by_the_clock_of_the_place(world: World) -> None:
    learner, mentor, session_id = await accepted(world)
    await schedule(world, learner, session_id, place={"kind": "lunch", "where": "Café; am Eck, 2. Stock"}, minutes=45)
    method, event, calendar = await fetched(world, mentor, session_id)
    assert (method, str(event["status"]), str(event["uid"])) == ("REQUEST", "CONFIRMED", session_id)
    assert event["dtstart"].params["TZID"] == "Europe/Berlin"
    assert event.start == datetime.fromisoformat(f"{NEXT_YEAR}-07-01T12:00:00+02:00")
    assert event.duration == timedelta(minutes=45)
    assert str(event["location"]) == "Café; am Eck, 2. Stock"
    assert [zone.tz_name for zone in calendar.timezones] == ["Europe/Berlin"]
    assert sorted(map(str, event["attendee"])) == sorted(person_id.urn for person_id in (learner, mentor))
    assert str(event["organizer"]) == "mailto:flash-mentoring@example.org"
    assert "dtstamp" in event


async def test_each_change_raises_the_sequence_and_the_end_removes_it(world: World) -> None:
    learner, mentor, session_id = await accepted(world)
    seen = []
    for hour in (12, 13, 13):
        await schedule(world, learner, session_id, starts_at=f"{NEXT_YEAR}-07-01T{hour}:00:00")
        _, event, _ = await fetched(world, learner, session_id)
        seen.append((str(event["uid"]), event["sequence"]))
    await world.post(mentor, f"/sessions/{session_id}/messages", {"text": "Fine"})
    assert (await fetched(world, learner, session_id))[1]["sequence"] == seen[-1][1], "the appointment is the same"
    await world.post(mentor, f"/sessions/{session_id}/cancel", {})
    method, event, _ = await fetched(world, learner, session_id)
    assert (method, str(event["status"])) == ("CANCEL", "CANCELLED")
    uids, sequences = zip(*seen, (str(event["uid"]), event["sequence"]), strict=True)
    assert set(uids) == {session_id}
    assert sequences[0] < sequences[1] == sequences[2] < sequences[3]


async def test_solving_it_in_chat_takes_it_out_of_the_calendars(world: World) -> None:
    learner, mentor, session_id = await accepted(world)
    await schedule(world, learner, session_id)
    before = (await fetched(world, mentor, session_id))[1]["sequence"]
    await world.post(mentor, f"/sessions/{session_id}/messages", {"text": "Try this"})
    await world.post(learner, f"/sessions/{session_id}/solved-in-chat")
    method, event, _ = await fetched(world, mentor, session_id)
    assert (method, event["sequence"] > before) == ("CANCEL", True)


async def test_of_a_time_that_clocks_show_twice_the_second_is_said_in_utc(world: World) -> None:
    learner, _, session_id = await accepted(world)
    for offset, zoned in (("+02:00", True), ("+01:00", False)):
        await schedule(world, learner, session_id, starts_at=f"2027-10-31T02:30:00{offset}")
        _, event, calendar = await fetched(world, learner, session_id)
        moment = datetime.fromisoformat(f"2027-10-31T02:30:00{offset}").astimezone(UTC)
        assert event.start.astimezone(UTC) == moment
        assert ("TZID" in event["dtstart"].params, len(calendar.timezones)) == (zoned, int(zoned))


async def test_an_invitation_is_for_the_two_alone_and_only_with_a_time(world: World) -> None:
    learner, _, session_id = await accepted(world)
    assert (await world.get(learner, f"/sessions/{session_id}/invitation.ics")).status_code == 409
    await schedule(world, learner, session_id)
    assert (await world.get(await world.person(), f"/sessions/{session_id}/invitation.ics")).status_code == 404


async def test_a_mail_names_people_by_their_addresses_and_tells_nothing_they_wrote(world: World) -> None:
    learner, _, session_id = await accepted(world)
    await schedule(world, learner, session_id, **BERLIN)
    async with world.api.database.connection() as connection:
        session = await store.session(connection, UUID(session_id))
    guests = [Guest("mailto:oyku@example.org", 'Öykü "Y", PhD'), Guest("mailto:ann@example.org")]
    assert session is not None
    made = invitation(session, "mailto:us@example.org", guests, datetime.fromisoformat("2026-12-01T00:00:00Z"))
    assert made is not None
    event: Any = icalendar.Calendar.from_ical(made.content).walk("VEVENT")[0]
    assert [str(attendee) for attendee in event["attendee"]] == [guest.address for guest in guests]
    assert event["attendee"][0].params["CN"].startswith("Öykü")
    assert b"Reports" not in made.content
    assert all(len(line) <= 75 for line in made.content.split(b"\r\n"))
