"""A program that ends, or in which somebody no longer takes part: nobody waits in vain, and what was promised stays."""

from uuid import uuid4

import pytest
from flash_schemas.session import SessionWithdrawnV1

from tests.integration.session.conftest import TODAY, World
from tests.integration.session.feed import told
from tests.integration.session.test_in_turn import SKILL, called
from tests.integration.session.test_meeting import accepted, schedule


@pytest.mark.parametrize("mentor_is_placed_first", [False, True])
async def test_an_ended_program_closes_what_is_open_and_tells_both(world: World, mentor_is_placed_first: bool) -> None:
    mentor, learner = [await world.person(each) for each in sorted((uuid4(), uuid4()))]
    second = await world.person()
    asked = await world.asked(learner, mentor, then_ask=[str(second)])
    await world.program(archived=True)
    if mentor_is_placed_first:
        await world.person(mentor, joined=False)
    await world.settle()
    assert await world.state(learner, asked) == "withdrawn"
    assert (await told(world, learner), await told(world, mentor)) == (["not_taking_part"], ["asked", "withdrawn"])
    assert [event.reason for event, _ in await world.api.events(SessionWithdrawnV1)] == ["learner_unavailable"]
    assert (await world.get(second, "/sessions?role=mentor")).json()["items"] == [], "nobody else is asked"
    assert (await world.post(learner, "/sessions", world.body(second))).status_code == 404


async def test_an_ended_program_closes_its_calls_and_no_others(world: World) -> None:
    elsewhere = World(world.api)
    await elsewhere.program()
    mentor = await world.person(skills=[SKILL])
    learner, call_id = await called(world)
    other, _ = await called(elsewhere)
    await world.program(archived=True)
    assert (await world.post(mentor, f"/open-calls/{call_id}/take")).status_code == 409
    calls = [(await world.get(by, "/me/open-calls")).json()["items"] for by in (learner, other)]
    assert [[call["state"] for call in items] for items in calls] == [["closed"], ["open"]]
    assert [(await told(world, by)).count("call_not_taken") for by in (learner, other)] == [1, 0]


async def test_a_call_of_who_no_longer_takes_part_is_offered_to_nobody(world: World) -> None:
    mentor = await world.person(skills=[SKILL])
    learner, call_id = await called(world)
    await world.person(learner, joined=False)
    assert (await world.get(mentor, "/open-calls")).json()["items"] == []
    assert (await world.post(mentor, f"/open-calls/{call_id}/take")).status_code == 409


async def test_what_was_accepted_goes_on_when_the_program_has_ended(world: World) -> None:
    learner, mentor, session_id = await accepted(world)
    await world.program(archived=True)
    for each in (learner, mentor):
        await world.person(each, joined=False)
    await world.settle()
    assert (await world.post(mentor, f"/sessions/{session_id}/messages", {"text": "Tomorrow?"})).status_code == 201
    await schedule(world, learner, session_id)
    assert (await world.post(learner, f"/sessions/{session_id}/held", {"held_on": str(TODAY)})).status_code == 200
    survey = {"helped": "solved", "rating": 5}
    assert (await world.post(learner, f"/sessions/{session_id}/survey", survey)).status_code == 204


async def test_who_no_longer_takes_part_keeps_their_word_and_is_told_what_ended(world: World) -> None:
    learner, mentor, session_id = await accepted(world)
    asked = await world.asked(learner, await world.person())
    await world.person(learner, joined=False)
    await world.settle()
    assert await world.state(mentor, session_id) == "accepted"
    assert await world.state(learner, asked) == "withdrawn"
    assert (await told(world, learner))[-1] == "not_taking_part"


async def test_who_left_is_told_nothing_any_more(world: World) -> None:
    learner, mentor = await world.person(), await world.person()
    asked = await world.asked(learner, mentor)
    await world.person(learner, status="left")
    await world.settle()
    assert await world.state(mentor, asked) == "withdrawn"
    assert (await told(world, learner), await told(world, mentor)) == ([], ["asked", "withdrawn"])


async def test_of_a_session_given_up_for_a_leave_both_are_told_that_alone(world: World) -> None:
    learner, mentor, session_id = await accepted(world)
    await world.person(learner, status="on_leave")
    await world.settle()
    assert await world.state(mentor, session_id) == "cancelled"
    assert (await told(world, learner), await told(world, mentor)) == (
        ["accepted", "cancelled"],
        ["asked", "cancelled"],
    )
