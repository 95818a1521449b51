"""What happens in a conversation shows in the streams of its two people, in every process, and nothing is lost."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import aclosing, asynccontextmanager
from dataclasses import dataclass, field
from time import time
from typing import Any
from uuid import UUID, uuid4

import httpx2
import pytest
from chassis.auth import Caller
from chassis.database import Database
from chassis.http import Cursor
from chassis.runtime import create_api
from flash_local.processes import free_port
from session_service.live import Live
from session_service.sealing import Keyring
from session_service.store import show
from session_service.store.sessions import session as read_session

from tests.integration.session.conftest import World
from tests.support.upstreams import serving_app
from tests.support.waiting import eventually

COMES_WITHIN_S = 30


@dataclass
class Replica:
    """One process's streams on the world's database, polled by the test."""

    world: World
    live: Live
    tasks: list["asyncio.Task[None]"] = field(default_factory=list)

    @asynccontextmanager
    async def reader(self, person_id: UUID, last: str | None = None, **claims: Any) -> AsyncIterator["Reader"]:
        """Somebody who listens here."""
        reader = Reader()
        caller = Caller(str(person_id), frozenset({"employee"}), person_id, **claims)

        async def read() -> None:
            async with aclosing(self.live.listen(caller, last)) as chunks:
                async for chunk in chunks:
                    reader.take(chunk)

        reader.task = asyncio.create_task(read())
        await eventually(lambda: reader.named("ready") or reader.named("reset") or reader.task.done())
        try:
            yield reader
        finally:
            reader.task.cancel()
            await asyncio.wait({reader.task})

    async def poll(self) -> None:
        await self.live.poll()


@dataclass
class Reader:
    """What one stream has shown so far."""

    task: Any = None
    text: str = ""
    last_id: str = ""

    def take(self, chunk: bytes) -> None:
        self.text += chunk.decode()
        for line in chunk.decode().splitlines():
            if line.startswith("id: "):
                self.last_id = line[4:]

    @property
    def events(self) -> list[tuple[str, Any]]:
        """Kind and content of each."""
        parts = [[line.split(": ", 1) for line in part.split("\n") if ": " in line] for part in self.text.split("\n\n")]
        blocks: list[dict[str, str]] = [dict(part) for part in parts]
        return [(block["event"], json.loads(block["data"])) for block in blocks if "event" in block]

    def named(self, name: str) -> list[Any]:
        return [content for event, content in self.events if event == name]

    def texts(self) -> list[str]:
        return [content["message"]["text"] for content in self.named("message")]


def replica(world: World, **settings: Any) -> Replica:
    service = world.api.service
    keyring = service.state["keyring"]
    assert isinstance(keyring, Keyring)
    changed: Any = service.settings.model_copy(update=settings)
    return Replica(world, Live(service.database, keyring, changed))


async def send(world: World, by: UUID, session_id: str, text: str) -> dict[str, Any]:
    answer = await world.post(by, f"/sessions/{session_id}/messages", {"text": text})
    assert answer.status_code == 201, answer.text
    message: dict[str, Any] = answer.json()
    return message


async def test_both_see_messages_edits_reading_and_steps_as_they_happen_and_nobody_else_does(world: World) -> None:
    learner, mentor, stranger = [await world.person() for _ in range(3)]
    session_id = await world.asked(learner, mentor)
    here, there = replica(world), replica(world)
    async with here.reader(learner) as own, there.reader(mentor) as other, there.reader(stranger) as foreign:
        message = await send(world, mentor, session_id, "Hello https://example.org")
        signed = world.api.callers.sign_in("employee", person_id=mentor)
        path = f"/api/v1/sessions/{session_id}/messages/{message['message_id']}"
        await here.poll()
        await world.api.client.put(path, json={"text": "Hello"}, headers=signed)
        await world.post(learner, f"/sessions/{session_id}/read", {"position": 2})
        await world.post(mentor, f"/sessions/{session_id}/accept")
        for process in (here, there):
            await process.poll()
        await eventually(lambda: own.named("session") and other.named("session"))
    assert own.texts() == ["Hello https://example.org", "Hello"]
    assert own.named("message")[0]["message"]["links"][0]["url"] == "https://example.org"
    assert own.named("message")[1]["message"]["edited_at"]
    for reader, role in ((own, "learner"), (other, "mentor")):
        assert reader.named("read") == [{"session_id": session_id, "learner_read": 2, "mentor_read": 0}]
        assert [(step["state"], step["role"]) for step in reader.named("session")] == [("accepted", role)]
    assert other.texts() == ["Hello", "Hello"], "each shows what is now"
    assert [event for event, _ in foreign.events] == ["ready"]


async def test_what_one_of_the_two_does_alone_shows_in_no_stream(world: World) -> None:
    learner, mentor = await world.person(), await world.person()
    session_id, here = await world.held(learner, mentor), replica(world)
    async with here.reader(mentor) as reader:
        await world.post(learner, f"/sessions/{session_id}/survey", {"helped": "no", "rating": 1})
        await world.post(learner, f"/sessions/{session_id}/meet-again", {"wish": True})
        await here.poll()
        await send(world, learner, session_id, "Later")
        await here.poll()
        await eventually(reader.texts)
        assert [event for event, _ in reader.events] == ["ready", "message"]


async def test_who_comes_back_with_the_last_id_misses_nothing_in_any_process(world: World) -> None:
    learner, mentor = await world.person(), await world.person()
    session_id, here, there = await world.asked(learner, mentor), replica(world), replica(world)
    async with here.reader(learner) as reader:
        await send(world, mentor, session_id, "One")
        await here.poll()
        await eventually(lambda: reader.texts() == ["One"])
    for text in ("Two", "Three"):
        await send(world, mentor, session_id, text)
    async with there.reader(learner, reader.last_id) as back:
        assert back.texts() == ["Two", "Three"]
        assert back.events[-1] == ("ready", {})
        await send(world, mentor, session_id, "Four")
        await there.poll()
        await eventually(lambda: back.texts() == ["Two", "Three", "Four"])
    async with here.reader(learner, back.last_id) as again:
        assert again.texts() == []


async def test_an_item_whose_transaction_ends_late_is_not_passed_over(world: World) -> None:
    learner, mentor = await world.person(), await world.person()
    session_id, here = await world.asked(learner, mentor), replica(world)
    async with here.reader(learner) as reader:
        async with world.api.database.transaction() as late:
            session = await read_session(late, UUID(session_id))
            assert session
            await show(late, session, "read")
            await send(world, mentor, session_id, "Sooner")
            await here.poll()
            await eventually(reader.texts)
            assert reader.named("read") == []
            last = reader.last_id
        await here.poll()
        await eventually(lambda: reader.named("read"))
    async with here.reader(learner, last) as back:
        assert back.named("read"), "also for who left in between"
        assert back.texts() == []


@pytest.mark.parametrize(
    "snapshot", ["1:1", "x:1:", "2:1:", "999999999999:999999999999:", "1; DROP TABLE message", None]
)
async def test_an_id_that_is_not_ours_begins_anew_and_says_so(world: World, snapshot: str | None) -> None:
    last = Cursor.encode(snapshot, int(time())) if snapshot else "nonsense"
    async with replica(world).reader(await world.person(), last) as reader:
        assert [event for event, _ in reader.events] == ["reset"]


async def test_who_missed_too_much_or_stayed_away_too_long_reads_everything_again(world: World) -> None:
    learner, mentor = await world.person(), await world.person()
    session_id, here = await world.asked(learner, mentor), replica(world, stream_room_items=3)
    async with here.reader(learner) as reader:
        pass
    for number in range(3):
        await send(world, mentor, session_id, str(number))
    async with here.reader(learner, reader.last_id) as back:
        assert [event for event, _ in back.events] == ["reset"]
    async with replica(world, stream_keep_hours=1).reader(learner, reader.last_id) as later:
        assert [event for event, _ in later.events] == ["reset"], "items of then may be forgotten"


async def test_a_message_that_does_not_open_holds_up_no_other(world: World) -> None:
    learner, mentor = await world.person(), await world.person()
    session_id, here = await world.asked(learner, mentor), replica(world)
    async with here.reader(learner) as reader:
        broken = await send(world, mentor, session_id, "Broken")
        await send(world, mentor, session_id, "Whole")
        async with world.api.database.transaction() as transaction:
            query = "UPDATE message SET sealed = decode('00', 'hex') || sealed WHERE message_id = $1"
            await transaction.execute(query, UUID(broken["message_id"]))
        await here.poll()
        await eventually(lambda: reader.texts() == ["Whole"])


async def test_items_are_forgotten_after_a_day(world: World) -> None:
    await world.asked(await world.person(), await world.person())
    here, count = replica(world), "SELECT count(*) FROM stream_item"
    async with world.api.database.transaction() as transaction:
        first = await transaction.fetchval(count)
        await transaction.execute("UPDATE stream_item SET added_at = now() - interval '25 h' WHERE kind = 'session'")
    assert await here.live.forget() is False
    async with world.api.database.connection() as connection:
        assert (first, await connection.fetchval(count)) == (4, 2)


async def test_a_stream_ends_with_its_token(world: World) -> None:
    async with replica(world).reader(await world.person(), expires_at=time() + 0.2) as reader:
        await eventually(reader.task.done)
    assert not reader.task.cancelled()


async def test_a_silent_stream_shows_that_it_lives(world: World) -> None:
    async with replica(world, stream_heartbeat_s=0.05).reader(await world.person()) as reader:
        await eventually(lambda: reader.text.count(": ping") >= 2)
        assert [event for event, _ in reader.events] == ["ready"]


async def test_without_a_listener_nothing_is_asked_of_the_database(world: World) -> None:
    here = replica(world)
    here.live._database = Database(world.api.service.settings)  # never opened: any use of it fails
    await here.poll()


@dataclass
class Served:
    """The service's API on a port of its own, with its streams."""

    world: World
    url: str

    @asynccontextmanager
    async def listening(self, person_id: UUID) -> AsyncIterator[Any]:
        """The lines that somebody's connection gets."""
        headers = self.world.api.callers.sign_in("employee", person_id=person_id)
        async with (
            httpx2.AsyncClient(base_url=self.url, trust_env=False) as client,
            client.stream("GET", "/api/v1/me/stream", headers=headers, timeout=COMES_WITHIN_S) as answer,
        ):
            yield answer


@pytest.fixture
async def served(world: World) -> AsyncIterator[Served]:
    app, port = create_api(world.api.service), free_port()
    app.state.verifier = world.api.callers
    async with serving_app(app, port):
        yield Served(world, f"http://127.0.0.1:{port}")


async def test_over_http_a_stream_is_read_closed_and_forgotten(served: Served) -> None:
    world, live = served.world, served.world.api.service.state["live"]
    assert isinstance(live, Live)
    learner, mentor = await world.person(), await world.person()
    session_id = await world.asked(learner, mentor)
    async with served.listening(learner) as answer:
        assert answer.headers["content-type"].startswith("text/event-stream")
        assert answer.headers["cache-control"] == "no-store"
        lines = answer.aiter_lines()
        assert "event: ready" in [await anext(lines) for _ in range(2)]
        await send(world, mentor, session_id, "Over HTTP")
        await live.poll()
        async with asyncio.timeout(COMES_WITHIN_S):
            async for line in lines:
                if "Over HTTP" in line:
                    break
    await eventually(lambda: not live.streams)


async def test_at_a_stop_open_streams_end_in_order(served: Served) -> None:
    live = served.world.api.service.state["live"]
    assert isinstance(live, Live)
    async with served.listening(await served.world.person()) as answer:
        (end,) = served.world.api.service.ending
        end()
        async with asyncio.timeout(COMES_WITHIN_S):
            received = [line async for line in answer.aiter_lines()]
    assert "event: ready" in received, "and the answer was whole to its last byte"


async def test_only_people_have_streams(world: World) -> None:
    for roles, person_id, status in (((), uuid4(), 403), (("employee",), None, 403), (("operator",), None, 403)):
        headers = world.api.callers.sign_in(*roles, person_id=person_id)
        assert (await world.api.client.get("/api/v1/me/stream", headers=headers)).status_code == status
    assert (await world.api.client.get("/api/v1/me/stream")).status_code == 401
