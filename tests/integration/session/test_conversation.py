"""Writing to each other: sent once, read up to a place, edited for a while, with links that are safe to follow."""

from typing import Any
from uuid import UUID, uuid4

import pytest
from chassis.http import Cursor
from flash_schemas.erasure import ErasureRequestedV1
from flash_schemas.session import MessageReadV1, MessageSentV1
from session_service.erasure import erase

from tests.integration.session.conftest import World


async def put(world: World, by: UUID, path: str, body: Any) -> Any:
    signed = world.api.callers.sign_in("employee", person_id=by)
    return await world.api.client.put(f"/api/v1{path}", json=body, headers=signed)


async def age(world: World, message_id: str, minutes: float) -> None:
    """As if a message had been sent so long ago."""
    query = "UPDATE message SET sent_at = now() - make_interval(secs => $2) WHERE message_id = $1"
    async with world.api.database.transaction() as transaction:
        await transaction.execute(query, UUID(message_id), minutes * 60)


async def sent(world: World, by: UUID, session_id: str, text: str) -> dict[str, Any]:
    answer = await world.post(by, f"/sessions/{session_id}/messages", {"text": text})
    assert answer.status_code == 201, answer.text
    message: dict[str, Any] = answer.json()
    return message


async def test_both_see_how_far_each_has_read_and_it_is_said_once(world: World) -> None:
    learner, mentor = await world.person(), await world.person()
    session_id = await world.asked(learner, mentor)
    second = await sent(world, mentor, session_id, "Yes?")
    path = f"/sessions/{session_id}"
    for position in (2, 1, 2):
        assert (await world.post(learner, f"{path}/read", {"position": position})).status_code == 204
    assert (await world.post(mentor, f"{path}/read", {"position": 1})).status_code == 204
    for by in (learner, mentor):
        page = (await world.get(by, f"{path}/messages")).json()
        assert (page["learner_read"], page["mentor_read"]) == (2, 1)
    said = await world.api.events(MessageReadV1)
    first = said[0][0]
    assert (first.position, str(first.message_id)) == (2, second["message_id"])
    assert [event.reader_role for event, _ in said] == ["learner", "mentor"]
    versions = [version for event, version in await world.api.events() if str(event.aggregate_id) == session_id]
    assert versions == list(range(1, len(versions) + 1))


@pytest.mark.parametrize("position", [0, 2, -1, 2**31])
async def test_what_was_not_sent_cannot_be_read(world: World, position: int) -> None:
    learner, mentor = await world.person(), await world.person()
    session_id = await world.asked(learner, mentor)
    answer = await world.post(mentor, f"/sessions/{session_id}/read", {"position": position})
    assert (answer.status_code, answer.json()["errors"][0]["field"]) == (422, "position")
    assert await world.api.events(MessageReadV1) == []


async def test_a_message_is_edited_in_its_place_for_five_minutes_and_nothing_is_said_of_it(world: World) -> None:
    learner, mentor = await world.person(), await world.person()
    session_id = await world.asked(learner, mentor)
    message = await sent(world, mentor, session_id, "Teh answer")
    assert message["edited_at"] is None
    path, before = f"/sessions/{session_id}/messages/{message['message_id']}", len(await world.api.events())
    same = await put(world, mentor, path, {"text": "Teh answer"})
    assert (same.status_code, same.json()["edited_at"]) == (200, None)
    await age(world, message["message_id"], 4.9)
    edited = (await put(world, mentor, path, {"text": "The answer"})).json()
    assert (edited["text"], edited["position"]) == ("The answer", message["position"])
    assert edited["edited_at"] > edited["sent_at"]
    seen = (await world.get(learner, f"/sessions/{session_id}/messages")).json()["items"][-1]
    assert seen == edited
    assert len(await world.api.events()) == before
    await age(world, message["message_id"], 5.1)
    assert (await put(world, mentor, path, {"text": "Too late"})).status_code == 409


async def test_only_who_wrote_a_message_edits_it_and_only_where_it_is(world: World) -> None:
    learner, mentor, stranger = [await world.person() for _ in range(3)]
    one, other = await world.asked(learner, mentor), await world.asked(learner, stranger)
    message = await sent(world, mentor, one, "Mine")
    path, body = f"/sessions/{one}/messages/{message['message_id']}", {"text": "Yours"}
    assert (await put(world, learner, path, body)).status_code == 409
    assert (await put(world, stranger, path, body)).status_code == 404
    assert (await put(world, learner, f"/sessions/{other}/messages/{message['message_id']}", body)).status_code == 404
    assert (await put(world, mentor, f"/sessions/{one}/messages/{uuid4()}", body)).status_code == 404
    assert (await world.post(stranger, f"/sessions/{one}/read", {"position": 1})).status_code == 404


async def test_sending_again_what_was_edited_since_sends_nothing(world: World) -> None:
    learner, mentor = await world.person(), await world.person()
    path = f"/sessions/{await world.asked(learner, mentor)}/messages"
    body = {"message_id": str(uuid4()), "text": "First"}
    await world.post(mentor, path, body)
    await put(world, mentor, f"{path}/{body['message_id']}", {"text": "Second"})
    again = await world.post(mentor, path, body)
    assert (again.status_code, again.json()["text"]) == (201, "Second")
    assert len(await world.api.events(MessageSentV1)) == 2


async def test_a_message_has_at_most_four_thousand_characters_and_is_never_markup(world: World) -> None:
    learner, mentor = await world.person(), await world.person()
    session_id = await world.asked(learner, mentor)
    assert (await sent(world, mentor, session_id, "\N{OWL}" * 4_000))["position"] == 2
    path = f"/sessions/{session_id}/messages"
    for text in ("x" * 4_001, "", " \n "):
        assert (await world.post(mentor, path, {"text": text})).status_code == 422
    text = '<a href="javascript:x">\N{OWL} https://example.org/a.</a>'
    message = await sent(world, mentor, session_id, text)
    assert message["text"] == text, "what was written, to be shown as text"
    (link,) = message["links"]
    assert text[link["start"] : link["end"]] == link["url"] == "https://example.org/a"


async def test_how_far_somebody_read_is_theirs_to_take_along_and_forgotten_with_them(world: World) -> None:
    learner, mentor = await world.person(), await world.person()
    session_id = await world.asked(learner, mentor)
    await world.post(mentor, f"/sessions/{session_id}/read", {"position": 1})
    exports = [(await world.get(by, "/me/sessions/export")).json()["read"] for by in (learner, mentor)]
    assert [[read["position"] for read in export] for export in exports] == [[], [1]]
    async with world.api.database.transaction() as transaction:
        await transaction.execute("INSERT INTO erasure (person_id, version) VALUES ($1, 9)", mentor)
        await erase(transaction, ErasureRequestedV1(person_id=mentor, reason="own_request", profile_version=9))
    assert (await world.get(learner, f"/sessions/{session_id}/messages")).json()["mentor_read"] == 0
    late = await world.post(mentor, f"/sessions/{session_id}/read", {"position": 1})
    assert late.status_code == 404, "with a token of before"


async def test_beyond_the_last_message_there_is_nothing_however_far(world: World) -> None:
    learner = await world.person()
    session_id = await world.asked(learner, await world.person())
    page = await world.get(learner, f"/sessions/{session_id}/messages?cursor={Cursor.encode(2**40)}")
    assert (page.status_code, page.json()["items"]) == (200, [])
