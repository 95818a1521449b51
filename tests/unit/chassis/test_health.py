"""What operations learn from a process: restart it, send it work, or neither."""

import asyncio
from typing import Any

import pytest
from chassis import health
from chassis.database import Database
from chassis.health import Health
from fastapi import FastAPI
from prometheus_client.parser import text_string_to_metric_families

from tests.support.asgi import client_of


class Part:
    """A component in whatever state a test wants."""

    kind = "worker"

    def __init__(self, name: str = "part") -> None:
        self.name = name
        self.trouble: str | None = None
        self.halted: str | None = None

    async def run(self, database: Database, stopping: asyncio.Event) -> None:  # noqa: ARG002 - as components do
        await stopping.wait()

    def problem(self) -> str | None:
        return self.trouble


async def answers() -> None:
    """A ping of something that is there."""


async def refuses() -> None:
    raise ConnectionRefusedError("at 10.0.0.7:5432")


async def hangs() -> None:
    await asyncio.Event().wait()


async def probe(state: Health, path: str) -> tuple[int, dict[str, str]]:
    app = FastAPI()
    app.include_router(state.router())
    async with client_of(app) as client:
        answer = await client.get(path)
    return answer.status_code, answer.json()["problems"]


def started(*parts: Part, **pings: Any) -> Health:
    state = Health("test", parts, pings or {"database": answers})
    state.started = True
    return state


async def test_a_process_is_alive_before_it_is_ready() -> None:
    state = Health("test", [Part()], {"database": answers})
    assert await probe(state, "/live") == (200, {})
    assert await probe(state, "/ready") == (503, {"process": "starting"})
    state.started = True
    assert await probe(state, "/ready") == (200, {})


async def test_a_process_that_stops_takes_no_more_work_and_is_not_restarted() -> None:
    state = started(Part())
    state.stopping = True
    assert await probe(state, "/ready") == (503, {"process": "stopping"})
    assert await probe(state, "/live") == (200, {})


async def test_a_component_in_trouble_wants_a_restart_and_is_named() -> None:
    well, ill = Part("well"), Part("ill")
    ill.trouble = "nothing published for 61 s"
    state = started(well, ill)
    assert await probe(state, "/live") == (503, {"ill": "nothing published for 61 s"})
    assert await probe(state, "/ready") == (503, {"ill": "nothing published for 61 s"})
    ill.trouble = None
    assert await probe(state, "/live") == (200, {})


async def test_a_halted_component_makes_the_process_unready_and_is_not_restarted() -> None:
    part = Part("consumer")
    part.halted = "too many dead letters"
    state = started(part)
    assert await probe(state, "/live") == (200, {})
    assert await probe(state, "/ready") == (503, {"consumer": "too many dead letters"})


async def test_a_dependency_that_does_not_answer_makes_it_unready_and_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(health, "PING_TIMEOUT_S", 0.05)
    state = started(Part(), database=refuses, opensearch=hangs, other=answers)
    status, problems = await probe(state, "/ready")
    assert status == 503
    assert problems == {
        "database": "does not answer (ConnectionRefusedError)",
        "opensearch": "does not answer (TimeoutError)",
    }
    assert await probe(state, "/live") == (200, {})


async def test_the_metrics_say_which_component_is_up() -> None:
    well, ill = Part("well"), Part("ill")
    ill.trouble = "stuck"
    app = FastAPI()
    app.include_router(started(well, ill).router())
    async with client_of(app) as client:
        text = (await client.get("/metrics")).text
    (family,) = [found for found in text_string_to_metric_families(text) if found.name == "flash_component_up"]
    up = {sample.labels["component"]: sample.value for sample in family.samples if sample.labels["service"] == "test"}
    assert (up["well"], up["ill"]) == (1, 0)
