"""What operations ask every process: `/live` (restart me?), `/ready` (send me work?), `/metrics`."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Protocol

from fastapi import APIRouter, Response
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest

from chassis import logs, metrics
from chassis.database import Database

log = logs.get(__name__)

PING_TIMEOUT_S = 3

Ping = Callable[[], Awaitable[None]]


class Component(Protocol):
    """A part of a service with a life of its own: the relay, a consumer, a worker."""

    name: str
    kind: str

    async def run(self, database: Database, stopping: asyncio.Event) -> None:
        """Work until `stopping` is set, then finish what is at hand."""

    def problem(self) -> str | None:
        """Why it does not get on, None while healthy. The watchdog decides what follows."""


class Health:
    """The state of one process. `pings` are what it needs to be ready, by name; each raises when there is no answer."""

    def __init__(self, service: str, components: Sequence[Component], pings: Mapping[str, Ping]) -> None:
        self._service = service
        self._components = components
        self.pings = pings
        self.unanswered: Mapping[str, str] = {}
        """What a component in trouble needs and gets no answer from, as the watchdog found."""
        self.started = False
        self.stopping = False

    def router(self) -> APIRouter:
        """The three probes."""
        router = APIRouter(include_in_schema=False)
        router.add_api_route("/live", self._live, methods=["GET"])
        router.add_api_route("/ready", self._ready, methods=["GET"])
        router.add_api_route("/metrics", self._metrics, methods=["GET"])
        return router

    def problems(self) -> dict[str, str]:
        """Each unhealthy component with its reason; sets the gauges on the way."""
        found = {component.name: component.problem() for component in self._components}
        for name, problem in found.items():
            metrics.COMPONENT_UP.labels(self._service, name).set(0 if problem else 1)
        return {name: problem for name, problem in found.items() if problem}

    async def _live(self, response: Response) -> dict[str, object]:
        problems = {} if self.unanswered else self.problems()
        if problems:  # who asks may end this process for it, and nobody would know why
            log.error("not_live", problems=problems)
        response.status_code = 503 if problems else 200
        return {"live": not problems, "problems": problems}

    async def _ready(self, response: Response) -> dict[str, object]:
        problems = self.problems() | self._waiting() | await without_answer(self.pings)
        if not self.started or self.stopping:
            problems["process"] = "stopping" if self.stopping else "starting"
        response.status_code = 503 if problems else 200
        return {"ready": not problems, "problems": problems}

    async def _metrics(self) -> Response:
        self.problems()
        return Response(generate_latest(), media_type=CONTENT_TYPE_LATEST)

    def _waiting(self) -> dict[str, str]:
        """Components that do no work for a reason that a restart does not end."""
        waits = {
            component.name: getattr(component, "halted", None) or getattr(component, "joining", None)
            for component in self._components
        }
        return {name: wait for name, wait in waits.items() if wait}


async def without_answer(pings: Mapping[str, Ping]) -> dict[str, str]:
    """Those that do not answer, each with the kind of failure."""
    answers = await asyncio.gather(*(_failure(name, ping) for name, ping in pings.items()))
    return {name: failure for name, failure in zip(pings, answers, strict=True) if failure}


async def _failure(name: str, ping: Ping) -> str | None:
    asked = asyncio.ensure_future(ping())
    await asyncio.wait({asked}, timeout=PING_TIMEOUT_S)
    if not asked.done():
        asked.cancel()
        asked.add_done_callback(_failure_of)  # not waited for: to let go of a half-open connection takes its time
    failure = _failure_of(asked) if asked.done() else TimeoutError.__name__
    if failure:
        log.warning("ping_failed", needed=name, error=failure)
    return failure and f"does not answer ({failure})"


def _failure_of(asked: asyncio.Future[None]) -> str | None:
    if asked.cancelled():
        return TimeoutError.__name__
    error = asked.exception()
    return type(error).__name__ if error else None
