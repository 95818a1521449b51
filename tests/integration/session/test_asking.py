"""Asking: who may ask whom, how often, and what becomes of a request that nobody answers."""

import asyncio
from datetime import datetime, time, timedelta
from typing import Any
from uuid import uuid4
from zoneinfo import ZoneInfo

import pytest
from chassis.http import Cursor
from flash_schemas.session import (
    AvailabilityChangedV1,
    MessageSentV1,
    SessionCancelledV1,
    SessionExpiredV1,
    SessionRequestedV1,
    SessionWithdrawnV1,
)

from tests.integration.session.conftest import TODAY, World


async def test_the_same_ask_twice_at_the_same_moment_is_one_request(world: World) -> None:
    learner, mentor, skill = await world.person(), await world.person(), str(uuid4())
    body = world.body(mentor, skill_id=skill)
    answers = await asyncio.gather(*(world.post(learner, "/sessions", body) for _ in range(4)))
    assert sorted(answer.status_code for answer in answers) == [201, 409, 409, 409]


async def test_a_repeated_ask_with_its_key_is_the_same_request(world: World) -> None:
    learner, mentor = await world.person(), await world.person()
    key = {"Idempotency-Key": f"key-{uuid4()}"}
    answers = [await world.post(learner, "/sessions", world.body(mentor), **key) for _ in range(2)]
    assert answers[0].json() == answers[1].json()
    assert len(await world.api.events(MessageSentV1)) == 1


async def test_open_requests_of_a_learner_are_limited(world: World) -> None:
    await world.program(open_requests_per_learner=2)
    learner = await world.person()
    mentors = [await world.person() for _ in range(4)]
    answers = await asyncio.gather(*(world.post(learner, "/sessions", world.body(mentor)) for mentor in mentors))
    assert sorted(answer.status_code for answer in answers) == [201, 201, 409, 409]


async def test_asking_is_refused_by_field(world: World) -> None:
    learner, mentor = await world.person(), await world.person()
    stranger = await world.person(joined=False)
    cases: dict[str, dict[str, Any]] = {
        "minutes": {"minutes": 33},
        "by_when": {"by_when": "2020-01-01"},
        "message": {"message": "   "},
        "want_to_learn": {"want_to_learn": ""},
        "format": {"format": "dinner"},
    }
    for name, values in cases.items():
        answer = await world.post(learner, "/sessions", world.body(mentor, **values))
        assert (answer.status_code, answer.json()["errors"][0]["field"]) == (422, name)
    for nobody in (learner, stranger, uuid4()):
        answer = await world.post(learner, "/sessions", world.body(nobody))
        assert (answer.status_code, answer.json()["errors"][0]["field"]) == (422, "mentor_id")
    assert (await world.post(stranger, "/sessions", world.body(mentor))).status_code == 404


@pytest.mark.parametrize("zone", ["Etc/GMT+12", "Pacific/Kiritimati"])
async def test_a_day_ends_where_the_learner_is(world: World, zone: str) -> None:
    learner, mentor = await world.person(time_zone=zone), await world.person()
    today = datetime.now(ZoneInfo(zone)).date()
    over = await world.post(learner, "/sessions", world.body(mentor, by_when=str(today - timedelta(days=1))))
    assert (over.status_code, over.json()["errors"][0]["field"]) == (422, "by_when")
    asked = await world.post(learner, "/sessions", world.body(mentor, by_when=str(today)))
    assert asked.status_code == 201, asked.text
    assert datetime.fromisoformat(asked.json()["expires_at"]) == datetime.combine(today, time.max, ZoneInfo(zone))


@pytest.mark.parametrize("zone", ["Etc/GMT+12", "Pacific/Kiritimati"])
async def test_the_last_day_of_the_calendar_is_too_far_ahead(world: World, zone: str) -> None:
    learner, mentor = await world.person(time_zone=zone), await world.person()
    refused = await world.post(learner, "/sessions", world.body(mentor, by_when="9999-12-31"))
    assert (refused.status_code, refused.json()["errors"][0]["field"]) == (422, "by_when")


async def test_what_cannot_be_stored_or_read_is_refused_by_name(world: World) -> None:
    learner, mentor = await world.person(), await world.person()
    nul = await world.post(learner, "/sessions", world.body(mentor, want_to_learn="a\0b"))
    assert (nul.status_code, nul.json()["errors"][0]["field"]) == (422, "want_to_learn")
    for wrong in (Cursor.encode("x", "y"), Cursor.encode(1, 2), Cursor.encode("2026-01-01")):
        answer = await world.get(learner, f"/sessions?cursor={wrong}")
        assert (answer.status_code, answer.json()["errors"][0]["field"]) == (422, "cursor")


async def test_an_unanswered_request_expires_and_cannot_be_accepted(world: World) -> None:
    learner, mentor = await world.person(), await world.person()
    session_id = await world.asked(learner, mentor)
    async with world.api.database.connection() as connection:
        await connection.execute("UPDATE session SET expires_at = now() - interval '1 second'")
    assert (await world.post(mentor, f"/sessions/{session_id}/accept")).status_code == 409
    await world.settle()
    assert await world.state(learner, session_id) == "expired"
    assert len(await world.api.events(SessionExpiredV1)) == 1
    assert (await world.api.events(AvailabilityChangedV1))[-1][0].open_requests == 0


@pytest.mark.parametrize("gone", ["left", "on_leave"])
async def test_who_is_gone_has_nothing_open_and_is_asked_nothing(world: World, gone: str) -> None:
    learner, mentor, other = [await world.person() for _ in range(3)]
    asked, agreed = await world.asked(learner, mentor), await world.asked(other, mentor)
    await world.post(mentor, f"/sessions/{agreed}/accept")
    await world.person(mentor, status=gone)
    await world.settle()
    assert [await world.state(by, each) for by, each in ((learner, asked), (other, agreed))] == [
        "withdrawn",
        "cancelled",
    ]
    assert [event.reason for event, _ in await world.api.events(SessionWithdrawnV1)] == ["mentor_unavailable"]
    assert [event.by for event, _ in await world.api.events(SessionCancelledV1)] == ["system"]
    assert (await world.post(learner, "/sessions", world.body(mentor))).status_code == 422


async def test_asking_somebody_who_is_leaving_at_this_moment_leaves_nothing_open(world: World) -> None:
    for _ in range(5):
        learner, mentor = await world.person(), await world.person()
        answer, _ = await asyncio.gather(
            world.post(learner, "/sessions", world.body(mentor)), world.person(mentor, status="left")
        )
        await world.settle()
        if answer.status_code == 201:
            assert await world.state(learner, answer.json()["session_id"]) == "withdrawn"
        else:
            assert answer.status_code == 422


async def test_a_mentor_sets_what_they_take_and_breaks_no_promise(world: World) -> None:
    learner, mentor = await world.person(), await world.person()
    session_id = await world.asked(learner, mentor)
    await world.post(mentor, f"/sessions/{session_id}/accept")
    present = await world.get(mentor, "/me/availability")
    assert (present.json()["slots_left"], present.json()["capacity"]) == (1, None)
    signed = world.api.callers.sign_in("employee", person_id=mentor)
    url, body = "/api/v1/me/availability", {"capacity": 0}
    stale = await world.api.client.put(url, json=body, headers={**signed, "If-Match": '"999"'})
    assert stale.status_code == 412
    tag = {**signed, "If-Match": present.headers["ETag"]}
    assert (await world.api.client.put(url, json=body, headers=tag)).json()["slots_left"] == 0
    assert await world.state(mentor, session_id) == "accepted"
    assert (await world.post(await world.person(), "/sessions", world.body(mentor))).status_code == 409


async def test_who_rests_asks_nothing_and_is_not_asked_and_keeps_their_promises(world: World) -> None:
    learner, mentor, tomorrow = await world.person(), await world.person(), TODAY + timedelta(days=1)
    session_id = await world.asked(learner, mentor)
    await world.post(mentor, f"/sessions/{session_id}/accept")
    await world.person(mentor, paused_until={"mentor": tomorrow})
    await world.settle()
    refused = await world.post(learner, "/sessions", world.body(mentor, want_to_learn="More"))
    assert (refused.status_code, refused.json()["errors"][0]["field"]) == (409, "mentor_id")
    assert await world.state(learner, session_id) == "accepted"
    assert (await world.post(mentor, "/sessions", world.body(learner))).status_code == 201, (
        "as a learner they do not rest"
    )
    await world.person(learner, paused_until={"learner": tomorrow})
    other = await world.person()
    assert (await world.post(learner, "/sessions", world.body(other))).status_code == 409
    await world.person(learner, paused_until={"learner": TODAY})
    assert (await world.post(learner, "/sessions", world.body(other))).status_code == 201


async def test_a_request_may_serve_a_goal_that_only_the_two_see(world: World) -> None:
    learner, mentor = await world.person(), await world.person()
    goal = {"relationship": "R-17", "goal": "present to the board"}
    session_id = await world.asked(learner, mentor, formal_goal=goal)
    assert (await world.get(mentor, f"/sessions/{session_id}")).json()["formal_goal"] == goal
    plain = await world.asked(learner, await world.person())
    said = {str(event.session_id): event for event, _ in await world.api.events(SessionRequestedV1)}
    assert (said[session_id].serves_formal_goal, said[plain].serves_formal_goal) == (True, False)
    assert "R-17" not in str(said)
    long = world.body(mentor, formal_goal={**goal, "goal": "x" * 201})
    refused = await world.post(learner, "/sessions", long)
    assert (refused.status_code, refused.json()["errors"][0]["field"]) == (422, "formal_goal.goal")
