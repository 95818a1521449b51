"""Two of whom one blocked the other are kept apart, and nobody can tell which of them it was, nor that it was."""

from typing import Any
from uuid import UUID, uuid4

import pytest
from flash_schemas.erasure import ErasureRequestedV1
from flash_schemas.session import BlockChangedV1
from session_service import store
from session_service.commands import blocks
from session_service.erasure import erase
from session_service.republish import republish

from tests.integration.session.conftest import World

LONG_OVER = """
UPDATE session SET state = 'declined', remind_at = NULL, ended_at = now() - interval '31 days' WHERE session_id = $1
"""


async def call(world: World, method: str, by: UUID, path: str, body: Any = None) -> Any:
    signed = world.api.callers.sign_in("employee", person_id=by)
    return await world.api.client.request(method, f"/api/v1{path}", json=body, headers=signed)


async def block(world: World, by: UUID, whom: UUID, method: str = "PUT") -> None:
    answer = await call(world, method, by, f"/me/blocks/{whom}")
    assert (answer.status_code, answer.content) == (204, b""), answer.text


async def blocked_by(world: World, by: UUID) -> list[str]:
    return [item["person_id"] for item in (await world.get(by, "/me/blocks")).json()["items"]]


@pytest.fixture
async def pair(world: World) -> tuple[UUID, UUID]:
    return await world.person(), await world.person()


async def test_a_block_is_seen_by_the_blocker_alone_and_said_whole_each_time(
    world: World, pair: tuple[UUID, UUID]
) -> None:
    by, whom = pair
    other = await world.person()
    for each in (whom, other, whom):
        await block(world, by, each)
    assert await blocked_by(world, by) == [str(other), str(whom)]
    assert await blocked_by(world, whom) == []
    await block(world, by, whom, "DELETE")
    assert (await call(world, "DELETE", by, f"/me/blocks/{whom}")).status_code == 404
    assert await blocked_by(world, by) == [str(other)]
    said = await world.api.events(BlockChangedV1)
    assert [set(event.blocked) for event, _ in said] == [{whom}, {whom, other}, {other}]
    versions = [version for _, version in said]
    assert versions == sorted(set(versions))


@pytest.mark.parametrize("blocker", [0, 1])
async def test_to_ask_is_refused_exactly_as_for_somebody_who_does_not_take_part(
    world: World, pair: tuple[UUID, UUID], blocker: int
) -> None:
    learner, mentor = pair
    await block(world, pair[blocker], pair[1 - blocker])
    away = await world.person(joined=False)
    answers = [await world.post(learner, "/sessions", world.body(each)) for each in (mentor, away, uuid4())]
    told = [(answer.status_code, {**answer.json(), "instance": ""}) for answer in answers]
    assert told[0] == told[1] == told[2]
    assert told[0][0] == 422
    await block(world, pair[blocker], pair[1 - blocker], "DELETE")
    assert (await world.post(learner, "/sessions", world.body(mentor))).status_code == 201


@pytest.mark.parametrize("blocker", [0, 1])
async def test_neither_writes_to_the_other_and_both_get_the_words_of_a_conversation_that_is_over(
    world: World, pair: tuple[UUID, UUID], blocker: int
) -> None:
    session_id, over = await world.asked(*pair), await world.asked(pair[1], pair[0])
    sent = (await world.post(pair[0], f"/sessions/{session_id}/messages", {"text": "Hello"})).json()
    async with world.api.database.transaction() as transaction:
        await transaction.execute(LONG_OVER, UUID(over))
    await block(world, pair[blocker], pair[1 - blocker])
    paths = [f"/sessions/{each}/messages" for each in (session_id, over)]
    answers = [await world.post(by, path, {"text": "Hey"}) for by in pair for path in paths]
    edit = f"/sessions/{session_id}/messages/{sent['message_id']}"
    answers.append(await call(world, "PUT", pair[0], edit, {"text": "Otherwise"}))
    told = [(answer.status_code, {**answer.json(), "instance": ""}) for answer in answers]
    assert told == [told[0]] * 5
    assert told[0][0] == 409
    same = {"message_id": sent["message_id"], "text": "Hello"}
    again = await world.post(pair[0], f"/sessions/{session_id}/messages", same)
    assert again.status_code == 201, "what was sent was sent"
    page = (await world.get(pair[1], f"/sessions/{session_id}/messages")).json()
    assert [item["text"] for item in page["items"]] == ["Hello!", "Hello"], "what was written stays with both"


async def test_whether_two_may_meet_is_the_same_from_both_sides(world: World, pair: tuple[UUID, UUID]) -> None:
    async def may_meet() -> list[bool]:
        async with world.api.database.connection() as connection:
            return [await store.may_meet(connection, *pair), await store.may_meet(connection, pair[1], pair[0])]

    assert await may_meet() == [True, True]
    await block(world, *pair)
    assert await may_meet() == [False, False]


async def test_what_is_no_block_is_refused(
    world: World, pair: tuple[UUID, UUID], monkeypatch: pytest.MonkeyPatch
) -> None:
    by, whom = pair
    own = await call(world, "PUT", by, f"/me/blocks/{by}")
    assert (own.status_code, own.json()["errors"][0]["field"]) == (422, "person_id")
    assert (await call(world, "PUT", by, f"/me/blocks/{uuid4()}")).status_code == 404
    assert (await call(world, "DELETE", by, f"/me/blocks/{uuid4()}")).status_code == 404
    assert await world.api.events(BlockChangedV1) == []
    monkeypatch.setattr(blocks, "BLOCKS_LIMIT", 1)
    await block(world, by, whom)
    await block(world, by, whom)
    assert (await call(world, "PUT", by, f"/me/blocks/{await world.person()}")).status_code == 409


async def test_a_list_is_taken_along_and_forgotten_with_its_person(world: World, pair: tuple[UUID, UUID]) -> None:
    by, whom = pair
    await block(world, by, whom)
    exports = [(await world.get(each, "/me/sessions/export")).json()["blocks"] for each in pair]
    assert [[item["person_id"] for item in export] for export in exports] == [[str(whom)], []]
    async with world.api.database.transaction() as transaction:
        await transaction.execute("INSERT INTO erasure (person_id, version) VALUES ($1, 9)", by)
        request = ErasureRequestedV1(person_id=by, reason="own_request", profile_version=9)
        assert await erase(transaction, request) == 2, "the list, and how they are reached"
    assert await blocked_by(world, by) == []
    said = await world.api.events(BlockChangedV1)
    assert said[-1][0].blocked == ()
    assert said[-1][1] > said[0][1]
    assert (await call(world, "PUT", by, f"/me/blocks/{whom}")).status_code == 404, "with a token of before"


async def test_lists_are_said_again_as_newer_ones_and_nothing_is_printed_of_them(
    world: World, pair: tuple[UUID, UUID], capsys: pytest.CaptureFixture[str]
) -> None:
    await block(world, *pair)
    await block(world, pair[1], await world.person())
    before = {event.person_id: (event, version) for event, version in await world.api.events(BlockChangedV1)}
    capsys.readouterr()
    assert await republish(world.api.service) == 0
    said = (await world.api.events(BlockChangedV1))[2:]
    assert [event for event, _ in said] == [before[event.person_id][0] for event, _ in said]
    assert len(said) == 2
    assert all(version > before[event.person_id][1] for event, version in said)
    assert capsys.readouterr().out == "availability: 0 sent to the outbox.\n"
