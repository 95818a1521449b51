"""The streams of a process, and whoever reads one."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import aclosing, asynccontextmanager
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from chassis.auth import Caller
from session_service.live import Live
from session_service.sealing import Keyring

from tests.integration.session.conftest import World
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
