"""When two can meet: in the hours of both, and when neither calendar says busy, of which no more is told."""

from datetime import UTC, timedelta

from tests.integration.session.calendars.conftest import (
    Host,
    connected,
    event,
    next_days,
    pair,
    passes,
    put,
    slots,
    text,
)
from tests.integration.session.conftest import World


async def test_slots_leave_out_when_either_calendar_says_busy_and_tell_no_more(world: World, host: Host) -> None:
    learner, mentor, session_id = await pair(world)
    _, until = next_days(3)
    await connected(world, mentor, host.calendar("/m", text(event(*next_days(3), "SUMMARY:Doctor"))))
    await put(world, learner)
    found = await slots(world, learner, session_id)
    assert found
    assert min(found) >= until
    answer = await world.get(learner, f"/sessions/{session_id}/slots")
    assert set(answer.json()) == {"minutes", "starts_at"}


async def test_a_calendar_is_read_again_only_when_it_is_no_longer_fresh(world: World, host: Host) -> None:
    learner, mentor, session_id = await pair(world)
    await connected(world, mentor, host.calendar("/m", text()))
    for _ in range(3):
        await slots(world, learner, session_id)
    assert host.asked == ["/m", "/m"], "when it was connected, and for the first slots"
    await passes(world, timedelta(minutes=15))
    await slots(world, learner, session_id)
    assert len(host.asked) == 3


async def test_of_a_calendar_that_cannot_be_read_the_last_state_counts_for_a_day(world: World, host: Host) -> None:
    learner, mentor, session_id = await pair(world)
    busy = next_days(3)
    await connected(world, mentor, host.calendar("/m", text(event(*busy))))
    await slots(world, learner, session_id)
    host.pages["/m"] = "HTTP/1.1 500 Oh\r\nContent-Length: 0\r\n\r\n"
    await passes(world, timedelta(hours=23))
    assert all(start >= busy[1] for start in await slots(world, learner, session_id))
    await passes(world, timedelta(hours=2))
    assert min(await slots(world, learner, session_id)) < busy[1]


async def test_slots_are_in_the_hours_of_both_and_beside_what_is_agreed(world: World) -> None:
    learner, mentor, session_id = await pair(world)
    monday = {"time_zone": "Europe/Berlin", "work_from": "10:00", "work_until": "11:00", "work_days": [1]}
    await put(world, mentor, **monday)
    before = await slots(world, learner, session_id)
    assert before
    _, other, other_id = await pair(world)
    await world.post(other, f"/sessions/{other_id}/accept")
    third = await world.asked(await world.person(), mentor)
    await world.post(mentor, f"/sessions/{third}/accept")
    await world.post(mentor, f"/sessions/{third}/schedule", {"starts_at": before[0].isoformat()})
    after = await slots(world, learner, session_id)
    assert all(abs(start - before[0]) >= timedelta(minutes=30) for start in after)
    assert await slots(world, mentor, session_id) == after


async def test_who_said_nothing_of_their_hours_has_usual_ones_where_they_are(world: World) -> None:
    learner, mentor, session_id = await pair(world)
    await put(world, mentor, time_zone="UTC", work_from="00:00", work_until="12:00", work_days=[1, 2, 3, 4, 5])
    await world.person(learner, time_zone="Asia/Tokyo")
    found = await slots(world, learner, session_id)
    assert found
    assert {start.astimezone(UTC).hour for start in found} <= set(range(8)), "five there is eight here"


async def test_slots_are_for_the_two_alone_and_while_there_is_something_to_agree(world: World) -> None:
    learner, mentor, session_id = await pair(world)
    assert (await world.get(await world.person(), f"/sessions/{session_id}/slots")).status_code == 404
    await world.post(mentor, f"/sessions/{session_id}/decline", {})
    assert (await world.get(learner, f"/sessions/{session_id}/slots")).status_code == 409
