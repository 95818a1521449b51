"""Skills that became one in the vocabulary: what was asked about the one finds those who know the other."""

from uuid import UUID, uuid4

import pytest
from flash_schemas.profile import SkillChangedV1
from flash_schemas.session import SessionOpenedToAllV1
from session_service.consumers import take_skills

from tests.integration.session.conftest import TODAY, World
from tests.integration.session.test_before_an_answer import expectation
from tests.integration.session.test_in_turn import SKILL, called
from tests.support.deliveries import delivery


async def say(world: World, skill_id: UUID, version: int, merged_into: UUID | None) -> None:
    """What the profile service has just said of a skill."""
    event = SkillChangedV1(
        skill_id=skill_id,
        change="merged" if merged_into else "retired",
        label="L",
        retired=True,
        merged_into=merged_into,
    )
    async with world.api.database.transaction() as transaction:
        await take_skills(transaction, [delivery(event, version)])


@pytest.fixture
def survivor() -> UUID:
    return uuid4()


async def test_a_call_is_for_those_who_know_the_skill_that_remained(world: World, survivor: UUID) -> None:
    knowing, not_yet_moved = await world.person(skills=[survivor]), await world.person(skills=[SKILL])
    learner, call_id = await called(world)
    assert (await world.post(knowing, f"/open-calls/{call_id}/take")).status_code == 404
    await say(world, SKILL, 2, survivor)
    for each in (knowing, not_yet_moved):
        (seen,) = (await world.get(each, "/open-calls")).json()["items"]
        assert (seen["call_id"], seen["skill_id"]) == (call_id, str(survivor))
    assert (await world.get(learner, "/me/open-calls")).json()["items"][0]["skill_id"] == str(survivor)
    taken = await world.post(knowing, f"/open-calls/{call_id}/take")
    assert (taken.status_code, taken.json()["skill_id"]) == (201, str(survivor))


async def test_who_did_not_move_yet_takes_a_call_about_either(world: World, survivor: UUID) -> None:
    mentor = await world.person(skills=[SKILL])
    await say(world, SKILL, 2, survivor)
    _, call_id = await called(world)
    assert (await world.post(mentor, f"/open-calls/{call_id}/take")).status_code == 201


async def test_what_is_asked_in_turn_goes_on_about_the_skill_that_remained(world: World, survivor: UUID) -> None:
    first, second = await world.person(), await world.person()
    learner, body = await world.person(), {"skill_id": str(SKILL), "then_ask": [str(second)], "open_to_all": True}
    session_id = await world.asked(learner, first, **body)
    await say(world, SKILL, 2, survivor)
    await world.post(first, f"/sessions/{session_id}/decline", {})
    await world.settle()
    (following,) = (await world.get(second, "/sessions?role=mentor")).json()["items"]
    assert following["skill_id"] == str(survivor)
    await say(world, survivor, 2, last := uuid4())
    await world.post(second, f"/sessions/{following['session_id']}/decline", {})
    await world.settle()
    assert [event.skill_id for event, _ in await world.api.events(SessionOpenedToAllV1)] == [last]


async def test_a_request_that_names_a_merged_skill_is_about_the_other_and_asked_once(
    world: World, survivor: UUID
) -> None:
    learner, mentor = await world.person(), await world.person()
    before = await world.asked(learner, mentor, skill_id=str(SKILL))
    await say(world, SKILL, 2, survivor)
    for skill_id in (SKILL, survivor):
        again = await world.post(learner, "/sessions", world.body(mentor, skill_id=str(skill_id)))
        assert (again.status_code, again.json()["open_request"]) == (409, before)
    other = await world.post(learner, "/sessions", world.body(await world.person(), skill_id=str(SKILL)))
    assert other.json()["skill_id"] == str(survivor)
    card = {name: other.json()[name] for name in ("want_to_learn", "format", "minutes")}
    path, tag = f"/sessions/{other.json()['session_id']}/card", f'"{other.json()["version"]}"'
    edited = await world.call(learner, "PUT", path, {**card, "skill_id": str(SKILL)}, tag)
    assert edited.json()["skill_id"] == str(survivor)


async def test_help_under_the_old_name_is_help(world: World, survivor: UUID) -> None:
    learner, mentor = await world.person(), await world.person()
    session_id = await world.asked(learner, mentor, skill_id=str(SKILL))
    await world.post(mentor, f"/sessions/{session_id}/accept")
    for by in (learner, mentor):
        await world.post(by, f"/sessions/{session_id}/held", {"held_on": str(TODAY)})
        await world.post(by, f"/sessions/{session_id}/survey", {"helped": "solved", "rating": 5})
    await say(world, SKILL, 2, survivor)
    for skill_id in (SKILL, survivor):
        assert (await expectation(world, learner, mentor, skill_id=skill_id)).json()["helped"] == 1


async def test_the_newest_word_on_a_skill_holds_whatever_comes_after_it(world: World, survivor: UUID) -> None:
    learner = await world.person()

    async def skill_of_a_new_request() -> str:
        answer = await world.post(learner, "/sessions", world.body(await world.person(), skill_id=str(SKILL)))
        found: str = answer.json()["skill_id"]
        return found

    await say(world, SKILL, 3, survivor)
    await say(world, SKILL, 2, None)
    assert await skill_of_a_new_request() == str(survivor)
    await say(world, SKILL, 4, None)
    assert await skill_of_a_new_request() == str(SKILL), "as after a backup of before the merge"
