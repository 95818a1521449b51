"""Live streams over HTTP: read, closed, ended in order."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any
from uuid import UUID, uuid4

import pytest
from chassis.runtime import create_api
from flash_local import loopback
from flash_local.processes import free_port
from session_service.live import Live

from tests.integration.session.conftest import World
from tests.integration.session.streams import COMES_WITHIN_S, send
from tests.support.upstreams import serving_app
from tests.support.waiting import eventually


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
            loopback.client(self.url) as client,
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
