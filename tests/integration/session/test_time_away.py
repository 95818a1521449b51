"""A mentor's capacity, pauses, vacations and silence: what is open ends kindly, what is promised stays."""

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from flash_schemas.base import Role
from flash_schemas.profile import Participation
from flash_schemas.session import AvailabilityChangedV1, SessionWithdrawnV1
from session_service import one_tap
from session_service.commands import notice_vacations

from tests.integration.session.conftest import TODAY, World
from tests.support.apis import LINK_KEY

TOMORROW, NEXT_WEEK = TODAY + timedelta(days=1), TODAY + timedelta(days=7)


async def set_to(world: World, mentor: UUID, **body: Any) -> Any:
    tag = (await world.get(mentor, "/me/availability")).headers["ETag"]
    return await world.call(mentor, "PUT", "/me/availability", body, tag)


def away(starts_on: Any, back_on: Any) -> dict[str, str]:
    return {"starts_on": str(starts_on), "back_on": str(back_on)}


async def said(world: World) -> AvailabilityChangedV1:
    last: AvailabilityChangedV1 = (await world.api.events(AvailabilityChangedV1))[-1][0]
    return last


@pytest.mark.parametrize("body", [{"paused_until": str(NEXT_WEEK)}, {"vacations": [away(TODAY, NEXT_WEEK)]}])
async def test_who_pauses_has_nothing_open_and_keeps_their_promises(world: World, body: dict[str, Any]) -> None:
    learner, other, mentor = [await world.person() for _ in range(3)]
    asked, agreed = await world.asked(learner, mentor), await world.asked(other, mentor)
    await world.post(mentor, f"/sessions/{agreed}/accept")
    assert (await set_to(world, mentor, **body)).status_code == 200
    await world.settle()
    assert await world.state(learner, asked) == "withdrawn"
    assert await world.state(other, agreed) == "accepted"
    assert [event.reason for event, _ in await world.api.events(SessionWithdrawnV1)] == ["mentor_unavailable"]
    refused = await world.post(learner, "/sessions", world.body(mentor))
    assert (refused.status_code, refused.json()["errors"][0]["field"]) == (409, "mentor_id")
    back = await world.post(mentor, "/me/availability/return")
    assert (back.json()["paused_until"], back.json()["vacations"]) == (None, [])
    assert (await world.post(learner, "/sessions", world.body(mentor))).status_code == 201


async def test_who_takes_no_more_requests_has_nothing_open_and_it_is_passed_on(world: World) -> None:
    learner, other, mentor, second = [await world.person() for _ in range(4)]
    agreed = await world.asked(other, mentor)
    await world.post(mentor, f"/sessions/{agreed}/accept")
    asked = await world.asked(learner, mentor, then_ask=[str(second)])
    await set_to(world, mentor, capacity=1)
    await world.settle()
    assert await world.state(learner, asked) == "requested", "a month that is full may become another one"
    await set_to(world, mentor, capacity=0)
    await world.settle()
    assert await world.state(learner, asked) == "withdrawn"
    assert await world.state(other, agreed) == "accepted"
    assert [event.reason for event, _ in await world.api.events(SessionWithdrawnV1)] == ["mentor_unavailable"]
    assert len((await world.get(second, "/sessions?role=mentor")).json()["items"]) == 1
    assert (await said(world)).open_requests == 1, "of whoever is asked now"


@pytest.mark.parametrize("how", ["rests", "gave_up"])
async def test_who_takes_nothing_in_one_program_has_nothing_open_there_and_all_in_the_others(
    world: World, how: str
) -> None:
    elsewhere = World(world.api)
    await elsewhere.program()
    here, there = world.program_id, elsewhere.program_id
    both: list[Role] = ["learner", "mentor"]
    parts = [Participation(program_id=each, roles=tuple(both)) for each in (here, there)]
    learner, other, mentor = [await world.person(parts=parts) for _ in range(3)]
    agreed = await world.asked(other, mentor)
    await world.post(mentor, f"/sessions/{agreed}/accept")
    asked, kept = await world.asked(learner, mentor), await elsewhere.asked(learner, mentor, skill_id=str(uuid4()))
    change: dict[str, Any] = {"paused_until": {"mentor": NEXT_WEEK}} if how == "rests" else {"roles": ("learner",)}
    await world.person(mentor, parts=[parts[0].model_copy(update=change), parts[1]])
    await world.settle()
    assert await world.state(learner, asked) == "withdrawn"
    assert await world.state(other, agreed) == "accepted"
    assert await world.state(learner, kept) == "requested"


async def test_each_word_on_what_a_mentor_takes_is_newer_than_the_last(world: World) -> None:
    mentor = await world.person()
    session_id = await world.asked(await world.person(), mentor)
    await world.post(mentor, f"/sessions/{session_id}/accept")
    await set_to(world, mentor, capacity=1)
    assert [version for _, version in await world.api.events(AvailabilityChangedV1)] == [1, 2, 3]


async def test_what_a_learner_asked_goes_on_while_they_rest(world: World) -> None:
    learner, mentor = await world.person(), await world.person()
    session_id = await world.asked(learner, mentor)
    await world.person(learner, paused_until={"learner": NEXT_WEEK})
    await world.settle()
    assert await world.state(learner, session_id) == "requested"


async def test_a_pause_with_a_decline_ends_what_else_is_open(world: World) -> None:
    one, other, mentor = [await world.person() for _ in range(3)]
    first, second = await world.asked(one, mentor), await world.asked(other, mentor)
    await world.post(mentor, f"/sessions/{first}/decline", {"pause_until": str(NEXT_WEEK)})
    await world.settle()
    assert [await world.state(one, first), await world.state(other, second)] == ["declined", "withdrawn"]


async def test_an_open_request_ends_when_a_vacation_begins_and_not_before(world: World) -> None:
    learner, mentor = await world.person(), await world.person()
    session_id = await world.asked(learner, mentor)
    vacations = [away(TOMORROW, NEXT_WEEK)]
    assert (await set_to(world, mentor, vacations=vacations)).json()["vacations"] == vacations
    assert [event.model_dump(mode="json") for event in (await said(world)).vacations] == vacations
    await notice_vacations(world.api.database, 10)
    await world.settle()
    assert await world.state(learner, session_id) == "requested"
    begun = [away(TODAY, NEXT_WEEK)]
    await world.execute("UPDATE availability SET vacations = $1, away_from = $2", begun, TODAY)
    while await notice_vacations(world.api.database, 1):
        pass
    await world.settle()
    assert await world.state(learner, session_id) == "withdrawn"


async def test_vacations_are_refused_by_field_and_those_that_are_over_are_dropped(world: World) -> None:
    mentor = await world.person()
    wrong = await set_to(world, mentor, vacations=[away(TOMORROW, TOMORROW)])
    assert (wrong.status_code, wrong.json()["errors"][0]["field"]) == (422, "vacations[0]")
    many = await set_to(world, mentor, vacations=[away(TOMORROW, NEXT_WEEK)] * 21)
    assert (many.status_code, many.json()["errors"][0]["field"]) == (422, "vacations")
    assert (await set_to(world, mentor, vacations=[away("2020-01-01", "2020-01-05")])).json()["vacations"] == []


async def silence(world: World, mentor: UUID, times: int) -> None:
    for _ in range(times):
        await world.asked(await world.person(), mentor)
        await world.execute("UPDATE session SET expires_at = now() - interval '1 second' WHERE state = 'requested'")
        await world.settle()


async def test_who_is_silent_three_times_is_paused_and_back_with_one_tap(world: World) -> None:
    mentor, learner = await world.person(), await world.person()
    await silence(world, mentor, 2)
    assert (await said(world)).silent is False
    waiting = await world.asked(learner, mentor)
    async with world.api.database.connection() as connection:
        later = "UPDATE session SET expires_at = now() + interval '9 days', answer_by = now() + interval '9 days'"
        await connection.execute(f"{later} WHERE session_id = $1", UUID(waiting))
    third = await world.asked(await world.person(), mentor)
    await world.execute(
        "UPDATE session SET expires_at = now() - interval '1 second' WHERE session_id = $1", UUID(third)
    )
    await world.settle()
    await world.settle()
    assert (await said(world)).silent is True
    assert await world.state(learner, waiting) == "withdrawn", "what else is open does not wait for the silent"
    assert (await world.post(learner, "/sessions", world.body(mentor))).status_code == 409
    assert (await world.get(mentor, "/me/availability")).json()["silent_since"]
    assert (await world.post(mentor, "/me/availability/return")).json()["silent_since"] is None
    assert (await said(world)).silent is False
    assert (await world.post(learner, "/sessions", world.body(mentor))).status_code == 201


async def test_a_link_brings_a_silent_mentor_back_once(world: World) -> None:
    mentor = await world.person()
    await silence(world, mentor, 3)
    since = datetime.fromisoformat((await world.get(mentor, "/me/availability")).json()["silent_since"])
    path = f"/api/v1/one-tap/{one_tap.return_token(LINK_KEY, mentor, since)}"
    assert (await world.api.client.get(path)).json()["possible"] is True
    assert (await said(world)).silent is True, "looking changes nothing"
    assert (await world.api.client.post(path)).status_code == 200
    assert (await said(world)).silent is False
    assert (await world.api.client.get(path)).json()["possible"] is False
    await silence(world, mentor, 3)
    assert (await world.api.client.post(path)).status_code == 409, "it was for the pause of then"
    assert (await said(world)).silent is True


async def test_any_reaction_ends_the_silence(world: World) -> None:
    mentor = await world.person()
    await silence(world, mentor, 2)
    session_id = await world.asked(await world.person(), mentor)
    asked = await world.post(mentor, f"/sessions/{session_id}/ask-for-information", {"text": "Which tool?"})
    assert asked.status_code == 200
    await world.execute("UPDATE session SET expires_at = now() - interval '1 second' WHERE state = 'requested'")
    await world.settle()
    await silence(world, mentor, 2)
    assert (await said(world)).silent is False, "the learner let the third expire, not the mentor"
