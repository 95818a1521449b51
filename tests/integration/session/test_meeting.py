"""When and where two meet: agreed by the clock of a place, moved, given up; and what changes by itself."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from flash_schemas.session import SessionCancelledV1, SessionRescheduledV1, SessionScheduledV1
from session_service.commands import WallClocks

from tests.integration.session.conftest import World

NEXT_YEAR = datetime.now(UTC).year + 1
NOON = f"{NEXT_YEAR}-07-01T12:00:00"
BERLIN = {"starts_at": NOON, "time_zone": "Europe/Berlin"}


async def accepted(world: World) -> tuple[UUID, UUID, str]:
    learner, mentor = await world.person(), await world.person()
    session_id = await world.asked(learner, mentor)
    assert (await world.post(mentor, f"/sessions/{session_id}/accept")).status_code == 200
    return learner, mentor, session_id


async def schedule(world: World, by: UUID, session_id: str, **body: Any) -> Any:
    answer = await world.post(by, f"/sessions/{session_id}/schedule", {**BERLIN, **body})
    assert answer.status_code == 200, answer.text
    return answer.json()


async def refused(world: World, by: UUID, session_id: str, **body: Any) -> str:
    """The field that is wrong."""
    answer = await world.post(by, f"/sessions/{session_id}/schedule", {**BERLIN, **body})
    assert answer.status_code == 422, answer.text
    field: str = answer.json()["errors"][0]["field"]
    return field


async def test_a_time_is_kept_as_clocks_show_it_where_it_was_agreed(world: World) -> None:
    learner, mentor, session_id = await accepted(world)
    await schedule(world, learner, session_id, minutes=45)
    seen = (await world.get(mentor, f"/sessions/{session_id}")).json()
    shown = (seen["starts_at"], seen["wall_clock"], seen["time_zone"], seen["minutes"])
    assert shown == (f"{NEXT_YEAR}-07-01T10:00:00Z", NOON, "Europe/Berlin", 45)


async def test_another_time_is_said_as_such_and_the_same_one_not_at_all(world: World) -> None:
    learner, mentor, session_id = await accepted(world)
    await schedule(world, learner, session_id)
    await schedule(world, mentor, session_id, starts_at=f"{NEXT_YEAR}-07-02T12:00:00")
    await schedule(world, mentor, session_id, starts_at=f"{NEXT_YEAR}-07-02T10:00:00Z")
    said = [event for event, _ in await world.api.events() if hasattr(event, "starts_at")]
    assert [type(event) for event in said] == [SessionScheduledV1, SessionRescheduledV1]
    assert said[1].starts_at == datetime(NEXT_YEAR, 7, 2, 10, tzinfo=UTC)


async def test_the_place_is_a_room_a_table_or_a_video_room_that_keeps_its_address(world: World) -> None:
    learner, mentor, session_id = await accepted(world)
    room = await schedule(world, learner, session_id, place={"kind": "room", "where": "B 2.13"})
    assert room["place"] == {"kind": "room", "where": "B 2.13"}
    video = (await schedule(world, mentor, session_id, place={"kind": "video"}))["place"]["where"]
    assert video.startswith("https://meet.test/rooms/")
    assert len(video.removeprefix("https://meet.test/rooms/")) >= 20
    later = await schedule(world, mentor, session_id, starts_at=f"{NEXT_YEAR}-07-02T12:00:00")
    again = await schedule(world, mentor, session_id, minutes=15, place={"kind": "video"})
    assert later["place"]["where"] == again["place"]["where"] == video
    _, other_mentor, other_id = await accepted(world)
    other = await schedule(world, other_mentor, other_id, place={"kind": "video"})
    assert other["place"]["where"] != video
    assert video not in "".join(event.model_dump_json() for event, _ in await world.api.events())


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"time_zone": "Europe/Atlantis"}, "time_zone"),
        ({"time_zone": "../etc/passwd"}, "time_zone"),
        ({"time_zone": None}, "time_zone"),
        ({"starts_at": "2020-07-01T12:00:00"}, "starts_at"),
        ({"starts_at": "2500-07-01T12:00:00"}, "starts_at"),
        ({"starts_at": "0001-01-01T00:00:00+14:00"}, "starts_at"),
        ({"starts_at": "9999-12-31T23:59:59-12:00"}, "starts_at"),
        ({"minutes": 29}, "minutes"),
        ({"place": {"kind": "room"}}, "place"),
        ({"place": {"kind": "video", "where": "https://evil.test"}}, "place"),
    ],
)
async def test_what_cannot_be_is_refused_by_field(world: World, body: dict[str, Any], field: str) -> None:
    learner, _, session_id = await accepted(world)
    assert await refused(world, learner, session_id, **body) == field


async def test_a_time_that_clocks_show_twice_needs_its_offset(world: World) -> None:
    learner, _, session_id = await accepted(world)
    twice = {"starts_at": "2027-10-31T02:30:00"}
    assert await refused(world, learner, session_id, **twice) == "starts_at"
    assert await refused(world, learner, session_id, starts_at="2027-03-28T02:30:00") == "starts_at"
    for offset, moment in (("+02:00", "00:30"), ("+01:00", "01:30")):
        seen = await schedule(world, learner, session_id, starts_at=f"2027-10-31T02:30:00{offset}")
        assert (seen["starts_at"], seen["wall_clock"]) == (f"2027-10-31T{moment}:00Z", "2027-10-31T02:30:00")


async def test_when_the_rules_of_a_zone_change_the_moment_moves_and_the_clock_stays(world: World) -> None:
    learner, mentor, session_id = await accepted(world)
    await schedule(world, learner, session_id)
    others = [await accepted(world) for _ in range(3)]
    for by, _, other in others:
        await schedule(world, by, other)
    as_if_of_old = "UPDATE session SET starts_at = starts_at + interval '1 hour' WHERE session_id = $1"
    async with world.api.database.connection() as connection:
        await connection.execute(as_if_of_old, UUID(session_id))
    clocks = WallClocks(world.api.database, 2)
    assert [await clocks() for _ in range(3)] == [True, True, False]
    seen = (await world.get(mentor, f"/sessions/{session_id}")).json()
    assert (seen["starts_at"], seen["wall_clock"]) == (f"{NEXT_YEAR}-07-01T10:00:00Z", NOON)
    moved = await world.api.events(SessionRescheduledV1)
    assert [str(event.session_id) for event, _ in moved] == [session_id]
    assert seen["version"] == moved[0][1]


async def test_either_cancels_with_a_reason_that_the_other_sees(world: World) -> None:
    learner, mentor, session_id = await accepted(world)
    await schedule(world, learner, session_id)
    answer = await world.post(mentor, f"/sessions/{session_id}/cancel", {"reason": "ill"})
    assert answer.status_code == 200, answer.text
    seen = (await world.get(learner, f"/sessions/{session_id}")).json()
    assert (seen["state"], seen["cancel_reason"]) == ("cancelled", "ill")
    said = [(event.by, event.reason) for event, _ in await world.api.events(SessionCancelledV1)]
    assert said == [("mentor", "ill")]
    assert (await world.post(learner, f"/sessions/{session_id}/schedule", BERLIN)).status_code == 409


async def test_what_is_not_accepted_cannot_be_cancelled(world: World) -> None:
    learner, mentor = await world.person(), await world.person()
    session_id = await world.asked(learner, mentor)
    assert (await world.post(learner, f"/sessions/{session_id}/cancel", {})).status_code == 409
    assert (await world.post(await world.person(), f"/sessions/{session_id}/cancel", {})).status_code == 404
    free_text = await world.post(learner, f"/sessions/{session_id}/cancel", {"reason": "my knee"})
    assert (free_text.status_code, free_text.json()["errors"][0]["field"]) == (422, "reason")


async def test_a_session_can_be_moved_while_its_time_has_come(world: World) -> None:
    learner, _, session_id = await accepted(world)
    await schedule(world, learner, session_id)
    begun = datetime.now(UTC) - timedelta(minutes=5)
    async with world.api.database.connection() as connection:
        await connection.execute("UPDATE session SET starts_at = $1", begun)
    assert (await schedule(world, learner, session_id, starts_at=f"{NEXT_YEAR}-08-01T12:00:00"))["state"] == "accepted"
