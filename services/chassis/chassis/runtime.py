"""The life of a process: build, connect, serve, run the components, stop in order. Every `__main__` ends here."""

import asyncio
import contextlib
import functools
import signal
import sys
import time
from argparse import REMAINDER, ArgumentParser
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

import uvicorn
import uvloop
from fastapi import APIRouter, FastAPI
from fastapi.routing import APIRoute
from pydantic import ValidationError

from chassis import failpoints, kafka, logs, problems
from chassis.auth import TokenVerifier
from chassis.consumer import Consumer
from chassis.consuming import ConsumerComponent
from chassis.database import Database
from chassis.health import Component, Health, Ping
from chassis.housekeeping import Housekeeping
from chassis.http import RequestContext
from chassis.kafka import KafkaPublisher
from chassis.letters import show_waiting
from chassis.migrate import migrate
from chassis.operating import to_its_end
from chassis.parked import dead_letters
from chassis.relay import Relay
from chassis.replaying import replay
from chassis.settings import Settings
from chassis.watchdog import LoopWatch, Watchdog, end_at_the_latest
from chassis.worker import Worker

log = logs.get(__name__)

HOUSEKEEPING_INTERVAL_MS = 5_000
LETTERS_INTERVAL_MS = 60_000
KINDS = ("api", "relay", "consume", "worker")
ON_KAFKA = {"relay", "consume"}
TROUBLED_STOP_S = 2
"""How long a process that a restart would help tries to stop in order."""
CUT_OFF_S = 1
"""What a component that is cut off may take to let go."""
CLEAN_UP_S = 4
"""What a stop may take beyond its timeout, before the process just ends."""


class NotStarted(Exception):
    """Something that is needed at the start is not there, or not in time."""


Command = Callable[["Service", Sequence[str]], Awaitable[int]]


@dataclass
class Service:
    """What a service's `app.build` puts together. `state` becomes `app.state` for dependencies.

    `opened` and `closed` are run around everything else, for clients of the service's own; `pings` are what it needs
    to be ready beside its database. `ending` is called as a stop begins, to end answers that would go on for ever.
    `commands` are one-shot command lines, by name; each gets its arguments and returns the exit status.
    """

    name: str
    settings: Settings
    database: Database
    routers: Sequence[APIRouter] = ()
    consumers: Sequence[Consumer] = ()
    workers: Sequence[Worker] = ()
    state: Mapping[str, object] = field(default_factory=dict)
    opened: Sequence[Callable[[], Awaitable[None]]] = ()
    closed: Sequence[Callable[[], Awaitable[None]]] = ()
    ending: Sequence[Callable[[], None]] = ()
    pings: Mapping[str, Ping] = field(default_factory=dict)
    commands: Mapping[str, Command] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Whoever consumes has the tools for it; a service may replace them by its own."""
        if self.consumers:
            self.commands = {"dead-letters": dead_letters, "replay": replay, **self.commands}


SettingsT = TypeVar("SettingsT", bound=Settings)


def main(build: Callable[[SettingsT], Service], settings_type: type[SettingsT], migrations: Path) -> None:
    """The command line of a service: everything, one kind of component, `migrate`, or one of its own commands."""
    settings = _settings(settings_type)
    service = build(settings)
    asked = _parser(service).parse_args()
    if asked.command not in service.commands:
        ArgumentParser(f"{service.name}_service {asked.command}").parse_args(asked.arguments)  # there are none
    if asked.command == "migrate":
        sys.exit(migrate(settings.database_owner_url or settings.database_url, migrations))
    logs.configure(service.name, settings.log_level)
    failpoints.configure(service.name, settings.failpoints)
    if asked.command in service.commands:
        sys.exit(uvloop.run(run_command(service, service.commands[asked.command], asked.arguments)))
    sys.exit(_status(serve(service, KINDS if asked.command == "all" else (asked.command,))))


async def run_command(service: Service, command: Command, arguments: Sequence[str]) -> int:
    """Its exit status; 1 with one line when an engine is away, from the start or from some moment on."""
    try:
        return await to_its_end(_command(service, command, arguments))
    except NotStarted as error:
        print(f"Not begun: {error.__cause__!r}", file=sys.stderr)  # noqa: T201 - a command's answer
        return 1


async def _command(service: Service, command: Command, arguments: Sequence[str]) -> int:
    async with _connected(service):
        return await command(service, arguments)


def create_api(service: Service, health: Health | None = None, *, with_api: bool = True) -> FastAPI:
    """The HTTP application of a service: its routers, problems for every error, and the probes."""
    app = FastAPI(
        title=f"Flash Mentoring: {service.name}",
        version="1",
        openapi_url=None,
        docs_url=None,
        redoc_url=None,
        generate_unique_id_function=_operation_id,
    )
    for name, value in {**service.state, "database": service.database, "settings": service.settings}.items():
        setattr(app.state, name, value)
    app.state.verifier = TokenVerifier(service.settings)
    for router in service.routers if with_api else ():
        app.include_router(router)
    if health:
        app.include_router(health.router())
    problems.install(app)
    app.add_middleware(RequestContext, service=service.name)
    return app


async def serve(service: Service, kinds: Sequence[str] = KINDS) -> int:
    """Run the chosen kinds of components until a signal; 0 after an orderly stop, 1 when a component failed."""
    stopping = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stopping.set)
    components = [component for component in _components(service) if component.kind in kinds]
    health = Health(service.name, components, _pings(service, kinds))
    server = _Server(
        uvicorn.Config(
            create_api(service, health, with_api="api" in kinds),
            host=service.settings.http_host,
            port=service.settings.http_port,
            log_config=None,
            access_log=False,
            server_header=False,
        )
    )
    with LoopWatch(service.name, service.settings):
        async with _connected(service):
            return await _run(service, server, components, health, stopping)


async def _run(
    service: Service, server: "_Server", components: Sequence[Component], health: Health, stopping: asyncio.Event
) -> int:
    """Everything at once; the first part to end, for whatever reason, ends the rest in order."""
    needs = {**health.pings, "database": service.database.ping_anew}
    watchdog = Watchdog(health, needs, service.settings)
    finishing = asyncio.Event()
    http = asyncio.create_task(server.serve(), name="http")
    tasks = {
        component: asyncio.create_task(component.run(service.database, finishing), name=component.name)
        for component in components
    }
    stop = asyncio.create_task(stopping.wait(), name="signal")
    watch = asyncio.create_task(watchdog.run(), name="watchdog")
    health.started = True
    log.info("service_started", components=[component.name for component in components])
    ended, _ = await asyncio.wait({http, stop, watch, *tasks.values()}, return_when=asyncio.FIRST_COMPLETED)
    health.stopping = True
    limit_s = TROUBLED_STOP_S if watch in ended else service.settings.stop_timeout_s
    end_at_the_latest(service.name, limit_s + CLEAN_UP_S)
    deadline = time.monotonic() + limit_s
    for end in service.ending:
        end()
    await server.stop(http, limit_s // 2)
    finishing.set()
    failed = await _finish({*tasks.values(), http}, deadline)
    stop.cancel()
    watch.cancel()
    log.info("service_stopped", first=[task.get_name() for task in ended])
    return 1 if failed or stop not in ended else 0


async def _finish(tasks: set[asyncio.Task[None]], deadline: float) -> bool:
    """Let the components finish until the deadline; True when one failed or had to be cut off."""
    done, late = await asyncio.wait(tasks, timeout=deadline - time.monotonic())
    for task in late:
        log.error("component_cut_off", component=task.get_name())
        task.cancel()
    if late:
        await asyncio.wait(late, timeout=CUT_OFF_S)
    failures = [task for task in done if not task.cancelled() and task.exception()]
    for task in failures:
        log.error("component_failed", component=task.get_name(), exc_info=task.exception())
    return bool(failures or late)


def _components(service: Service) -> list[Component]:
    settings = service.settings
    keeping = Housekeeping(service.name, settings, service.database)
    relay: list[Component] = [
        Relay(service.name, settings, KafkaPublisher(settings)),
        Worker("housekeeping", keeping, HOUSEKEEPING_INTERVAL_MS, wake_on_commit=False),
    ]
    consumers = [
        ConsumerComponent(service.name, settings, consumer, KafkaPublisher(settings)) for consumer in service.consumers
    ]
    return [*relay, *consumers, *_counting_letters(service), *service.workers]


def _counting_letters(service: Service) -> list[Worker]:
    """Where records are set aside, it shows how many wait."""
    count = functools.partial(show_waiting, service.name, service.settings, service.database, service.consumers)
    counting = Worker("dead-letters", count, LETTERS_INTERVAL_MS, wake_on_commit=False, kind="consume")
    return [counting] if service.consumers else []


def _pings(service: Service, kinds: Sequence[str]) -> dict[str, Ping]:
    """What this process needs, by name."""
    on_kafka = {"kafka": functools.partial(kafka.ping, service.settings)} if ON_KAFKA & {*kinds} else {}
    return {"database": service.database.ping, **on_kafka, **service.pings}


@contextlib.asynccontextmanager
async def _connected(service: Service) -> AsyncIterator[None]:
    try:
        await _open(service)
        yield
    finally:
        for closed in service.closed:
            await closed()
        await service.database.close()


async def _open(service: Service) -> None:
    """Raises NotStarted, in bounded time."""
    try:
        async with asyncio.timeout(service.settings.restart_after_ms / 1000):
            await service.database.open()
            for opened in service.opened:
                await opened()
    except Exception as error:
        raise NotStarted from error


def _status(life: Coroutine[Any, Any, int]) -> int:
    try:
        return uvloop.run(life)
    except NotStarted as error:
        log.exception("service_not_started", exc_info=error.__cause__)
        return 1


def _parser(service: Service) -> ArgumentParser:
    parser = ArgumentParser(f"{service.name}_service", description="The process of a service, or one of its commands.")
    names = ("all", *KINDS, "migrate", *service.commands)
    parser.add_argument("command", nargs="?", default="all", choices=names, metavar="COMMAND", help=", ".join(names))
    parser.add_argument("arguments", nargs=REMAINDER, metavar="...", help="the command's own; see its --help")
    return parser


def _settings(settings_type: type[SettingsT]) -> SettingsT:
    try:
        return settings_type()
    except ValidationError as error:
        names = ", ".join(f"FLASH_{fault['loc'][0]}".upper() for fault in error.errors())
        sys.exit(f"These settings are missing or wrong: {names}. Set them in the environment; see the README.")


def _operation_id(route: APIRoute) -> str:
    return route.name


class _Server(uvicorn.Server):
    """uvicorn, with the signals left to the runtime, which stops more than HTTP."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield

    async def stop(self, running: asyncio.Task[None], limit_s: int) -> None:
        """Answer what was asked, for so long."""
        self.config.timeout_graceful_shutdown = limit_s
        self.should_exit = True
        await asyncio.wait({running}, timeout=limit_s + CUT_OFF_S)
