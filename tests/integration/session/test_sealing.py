"""What two people write is kept sealed, opens for the two alone, and is gone with its author's keys."""

import base64
import os
from typing import Any
from uuid import UUID, uuid4

import pytest
from flash_local.databases import DatabaseUrls
from flash_schemas.erasure import ErasureRequestedV1
from session_service.commands import seal_some
from session_service.erasure import erase
from session_service.sealing import Keyring

from tests.integration.session.conftest import World
from tests.support.apis import MASTER_KEY
from tests.support.canaries import in_databases
from tests.support.commands import run

PLAIN = """
INSERT INTO message (message_id, session_id, position, sender_id, text, sent_at) VALUES ($1, $2, $3, $4, $5, now())
"""


async def texts(world: World, by: UUID, session_id: str) -> list[str]:
    answer = await world.get(by, f"/sessions/{session_id}/messages")
    assert answer.status_code == 200, answer.text
    return [item["text"] for item in answer.json()["items"]]


async def execute(world: World, query: str, *values: Any) -> None:
    async with world.api.database.transaction() as transaction:
        await transaction.execute(query, *values)


async def write_plain(world: World, session_id: str, by: UUID, *texts: str) -> None:
    """Messages as a release kept them that did not seal yet."""
    for position, text in enumerate(texts, 10):
        await execute(world, PLAIN, uuid4(), UUID(session_id), position, by, text)


async def test_no_table_holds_a_word_of_a_message(world: World, session_database: DatabaseUrls) -> None:
    word = f"zq{uuid4().hex}"
    learner, mentor = await world.person(), await world.person()
    key = {"Idempotency-Key": f"key-{uuid4()}"}
    asked = await world.post(learner, "/sessions", world.body(mentor, message=word), **key)
    session_id = asked.json()["session_id"]
    await world.post(mentor, f"/sessions/{session_id}/messages", {"text": f"{word}!"}, **key)
    assert await in_databases({"session": session_database.owner}, word) == set()
    assert await texts(world, mentor, session_id) == [word, f"{word}!"]


async def test_messages_of_before_are_sealed_a_few_at_once_and_emptied(
    world: World, session_database: DatabaseUrls
) -> None:
    learner, mentor = await world.person(), await world.person()
    session_id, word = await world.asked(learner, mentor), f"zq{uuid4().hex}"
    written = [f"{word} {number}" for number in range(5)]
    await write_plain(world, session_id, mentor, *written)
    assert await texts(world, learner, session_id) == ["Hello!", *written], "readable meanwhile"
    rounds = 0
    while await seal_some(world.api.database, world.keyring, 2):
        rounds += 1
    assert rounds == 3
    assert await in_databases({"session": session_database.owner}, word) == set()
    assert await texts(world, learner, session_id) == ["Hello!", *written]


async def test_with_its_authors_keys_what_they_wrote_is_gone_and_the_others_words_stay(world: World) -> None:
    learner, mentor = await world.person(), await world.person()
    session_id = await world.asked(learner, mentor)
    await write_plain(world, session_id, learner, "Still plain")
    await world.post(mentor, f"/sessions/{session_id}/messages", {"text": "Mine"})
    request = ErasureRequestedV1(person_id=learner, reason="own_request", profile_version=99)
    async with world.api.database.transaction() as transaction:
        await erase(transaction, request)
    while await seal_some(world.api.database, world.keyring, 10):
        pass
    assert sorted(await texts(world, mentor, session_id)) == ["", "", "Mine"]
    async with world.api.database.connection() as connection:
        keys = await connection.fetch("SELECT author_id FROM conversation_key")
        sealed = await connection.fetchval("SELECT count(*) FROM message WHERE sealed IS NOT NULL")
    assert [row["author_id"] for row in keys] == [mentor]
    assert sealed == 2, "what is sealed may stay anywhere: nothing opens it"


@pytest.mark.parametrize(
    "moved",
    [
        "UPDATE message SET sealed = (SELECT sealed FROM message WHERE position = 2) WHERE position = 1",
        """UPDATE conversation_key AS k SET wrapped =
           (SELECT wrapped FROM conversation_key AS o WHERE o.author_id <> k.author_id)""",
    ],
)
async def test_what_was_put_in_another_place_does_not_open(world: World, moved: str) -> None:
    learner, mentor = await world.person(), await world.person()
    session_id = await world.asked(learner, mentor)
    for by in (learner, mentor):
        await world.post(by, f"/sessions/{session_id}/messages", {"text": "Yes"})
    await execute(world, moved)
    assert (await world.get(learner, f"/sessions/{session_id}/messages")).status_code == 500


async def test_a_new_master_key_wraps_every_key_anew_and_the_old_one_is_not_needed_any_more(world: World) -> None:
    learner, mentor = await world.person(), await world.person()
    session_id = await world.asked(learner, mentor, message="Before")
    new = base64.urlsafe_b64encode(os.urandom(32)).decode()
    settings = world.api.service.settings
    alone = settings.model_copy(update={"message_master_keys": new})
    status, lines = await run("session_service", alone, "rewrap")
    assert (status, lines[-1]) == (1, "0 keys wrapped anew; another is wrapped by a master key that is not given here.")
    both = settings.model_copy(update={"message_master_keys": f"{new},{MASTER_KEY}"})
    status, lines = await run("session_service", both, "rewrap")
    newest = f"every key is wrapped by the newest master key, {Keyring.of(new).newest}."
    assert (status, lines[-1]) == (0, f"1 keys wrapped anew; {newest}")
    closed = await world.get(learner, f"/sessions/{session_id}/messages")
    assert closed.status_code == 503, "this process has the old one only"
    world.api.client._transport.app.state.keyring = Keyring.of(new)  # type: ignore[attr-defined]
    assert await texts(world, mentor, session_id) == ["Before"]
    assert (await run("session_service", alone, "rewrap"))[1][-1] == f"0 keys wrapped anew; {newest}"


async def test_a_service_without_a_readable_master_key_does_not_start(world: World) -> None:
    settings = world.api.service.settings.model_copy(update={"message_master_keys": "nonsense"})
    status, lines = await run("session_service", settings, "rewrap")
    assert status == 1
    assert lines[-1].startswith("These settings are missing or wrong: FLASH_MESSAGE_MASTER_KEYS")
