"""Meeting again: a wish is seen by nobody until it is shared, and what was made can be ended by either."""

import asyncio
from typing import Any
from uuid import UUID, uuid4

import pytest
from flash_schemas.session import RelationshipEndedV1, RelationshipMadeV1

from tests.integration.session.conftest import World

OWN_WISHES = "wishes"


async def seen(world: World, by: UUID, session_id: str) -> Any:
    """Everything that somebody can look at, with entity tags, but for their own wishes and the time of an export."""
    paths = ["", "/messages", "/survey", "/statements"]
    views = [await world.get(by, f"/sessions/{session_id}{path}") for path in paths]
    views += [await world.get(by, path) for path in ("/sessions", "/me/relationships", "/me/availability")]
    export = (await world.get(by, "/me/sessions/export")).json()
    kept = {name: value for name, value in export.items() if name not in (OWN_WISHES, "exported_at")}
    return [(view.status_code, view.headers.get("etag"), view.json()) for view in views], kept


async def outbox(world: World) -> int:
    return len(await world.api.events())


async def wish(world: World, by: UUID, session_id: str, wish: bool) -> Any:
    """The whole answer, but for what differs between any two."""
    answer = await world.post(by, f"/sessions/{session_id}/meet-again", {"wish": wish})
    headers = {name: value for name, value in answer.headers.items() if name != "x-request-id"}
    return answer.status_code, answer.content, headers


async def related(world: World) -> tuple[UUID, UUID, str]:
    learner, mentor = await world.person(), await world.person()
    session_id = await world.held(learner, mentor)
    for by in (learner, mentor):
        await wish(world, by, session_id, True)
    return learner, mentor, session_id


async def met(world: World, by: UUID) -> list[str]:
    return [item["person_id"] for item in (await world.get(by, "/me/relationships")).json()["items"]]


@pytest.mark.parametrize("wishes_first", [True, False])
@pytest.mark.parametrize("others", [[], [False], [True, False], [False, False]])
async def test_no_and_no_answer_look_the_same_in_every_way(
    world: World, others: list[bool], wishes_first: bool
) -> None:
    learner, mentor = await world.person(), await world.person()
    session_id = await world.held(learner, mentor)
    before, events = await seen(world, learner, session_id), await outbox(world)
    answers = [await wish(world, learner, session_id, True)] if wishes_first else []
    said = others[-1:] if wishes_first else others  # a shared yes is a relationship, and meant to be seen
    answers += [await wish(world, mentor, session_id, other) for other in said]
    answers.append(await wish(world, learner, session_id, True))
    assert all(answer == answers[0] for answer in answers)
    assert await seen(world, learner, session_id) == before
    assert await outbox(world) == events


async def test_a_no_can_become_a_yes_and_only_then_both_see_it(world: World) -> None:
    learner, mentor = await world.person(), await world.person()
    session_id = await world.held(learner, mentor)
    await wish(world, learner, session_id, True)
    await wish(world, mentor, session_id, False)
    assert await met(world, learner) == []
    await wish(world, mentor, session_id, True)
    assert (await met(world, learner), await met(world, mentor)) == ([str(mentor)], [str(learner)])


async def test_relationships_are_listed_for_the_two_alone(world: World) -> None:
    await related(world)
    owner = world.api.callers.sign_in("employee", "program_owner", "operator", person_id=world.owner_id)
    answer = await world.api.client.get("/api/v1/me/relationships", headers=owner)
    assert answer.json()["items"] == []


@pytest.mark.parametrize("by_mentor", [True, False])
async def test_either_ends_it_for_both_and_nobody_says_who(world: World, by_mentor: bool) -> None:
    learner, mentor, session_id = await related(world)
    by, other = (mentor, learner) if by_mentor else (learner, mentor)
    assert (await end(world, by, other)).status_code == 204
    assert (await met(world, learner), await met(world, mentor)) == ([], [])
    (ended, version), *more = await world.api.events(RelationshipEndedV1)
    assert (str(ended.session_id), more) == (session_id, [])
    assert (await world.get(other, f"/sessions/{session_id}")).json()["version"] == version
    assert (await end(world, other, by)).status_code == 404


async def test_what_was_ended_comes_back_only_when_both_wish_again(world: World) -> None:
    learner, mentor, session_id = await related(world)
    await end(world, learner, mentor)
    await wish(world, mentor, session_id, True)
    assert await met(world, mentor) == []
    await wish(world, learner, session_id, True)
    assert await met(world, mentor) == [str(learner)]
    assert len(await world.api.events(RelationshipMadeV1)) == 2


async def test_both_ending_it_at_the_same_moment_end_it_once(world: World) -> None:
    for _ in range(4):
        learner, mentor, _ = await related(world)
        answers = await asyncio.gather(end(world, learner, mentor), end(world, mentor, learner))
        assert sorted(answer.status_code for answer in answers) == [204, 404]
    assert len(await world.api.events(RelationshipEndedV1)) == 4


async def test_nobody_ends_what_is_between_others(world: World) -> None:
    learner, mentor, _ = await related(world)
    stranger = await world.person()
    for other in (learner, mentor, uuid4()):
        assert (await end(world, stranger, other)).status_code == 404
    assert await met(world, learner) == [str(mentor)]


async def end(world: World, by: UUID, other: UUID) -> Any:
    headers = world.api.callers.sign_in("employee", person_id=by)
    return await world.api.client.delete(f"/api/v1/me/relationships/{world.program_id}/{other}", headers=headers)
