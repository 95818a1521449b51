"""The running platform of the fault tests: engines and mail behind proxies, every process under our thumb.

Processes are started again as any supervisor would, only without growing pauses, since here they die all the time.
"""

import asyncio
import os
import signal
from collections import defaultdict
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

import asyncpg
from chassis.failpoints import Action, arm
from flash_local.bring_up import start_platform
from flash_local.engines import kafka
from flash_local.engines.opensearch import free_http_port
from flash_local.home import Home
from flash_local.installation import Installation
from flash_local.ports import Ports
from flash_local.processes import Process, Program, free_port
from flash_local.state import State
from flash_local.supervisor import Supervisor
from rich.console import Console

from tests.faults import small_disk
from tests.support.proxy import Proxy

ENGINES = ("postgres", "kafka", "opensearch")
MAIL = "mail-smtp"
SERVICES = ("profile", "search", "session", "analytics")
SETTINGS = {
    "FLASH_CONSUMER_SESSION_TIMEOUT_MS": "6000",  # the least that Kafka allows: more runs in the same time
    "FLASH_RELAY_WINDOW_RECORDS": "200",  # so that windows have several parts
    "FLASH_CONSUMER_BATCH_RECORDS": "200",
    "FLASH_DELIVERY_LEASE_MS": "25000",  # what a dead process had claimed is taken over within the run
}
STOPPED_WITHIN_S = 60
READY_WITHIN_S = 180
"""That a busy machine starts slowly is not what is looked for here."""


@dataclass(frozen=True, order=True)
class Platform:
    """What a row needs the platform to be like; rows that need the same share one."""

    brokers: int = 1
    """Several are reached without a proxy."""
    small_disk: bool = False
    """PostgreSQL has a file system of limited size to itself."""


class Keeper(Supervisor):
    """A supervisor that lets a process stay down as long as it is told to."""

    def __init__(self, home: Home, console: Console) -> None:
        super().__init__(home, console, longest_pause_s=0.5)
        self._may_run: dict[str, asyncio.Event] = defaultdict(_set)

    def forbid(self, name: str) -> None:
        """Do not start it again until it is allowed."""
        self._may_run[name].clear()

    def allow(self, name: str) -> None:
        """Start it again."""
        self._may_run[name].set()

    async def _run(self, program: Program) -> float:
        await self._may_run[program.name].wait()
        return await super()._run(replace(program, ready_within_s=READY_WITHIN_S))


@dataclass
class System:
    """What a fault is done to, by the names of its processes: services, engines, gateway, identity."""

    here: Installation
    keeper: Keeper
    state: State
    proxies: dict[str, Proxy]
    failpoints: Path
    databases: dict[str, asyncpg.Pool]
    """Past the proxy, as the superuser. Kept: connecting takes 14 ms of the machine that is looked at, a look 0.4."""
    _extra: dict[str, Process] = field(default_factory=dict)

    def process(self, name: str) -> Process:
        """The process that runs under this name now."""
        return self._extra.get(name) or self.keeper.running[name]

    def send(self, name: str, number: signal.Signals) -> None:
        """Send a signal to the process and to whatever it started."""
        os.killpg(self.process(name).pid, number)

    async def kill(self, name: str) -> None:
        """End it as a power cut would; it is started again."""
        await self.process(name).kill()

    async def take_down(self, name: str, number: signal.Signals = signal.SIGKILL) -> None:
        """End it and keep it down until `bring_up`."""
        self.keeper.forbid(name)
        process = self.process(name)
        os.kill(process.pid, number)
        async with asyncio.timeout(STOPPED_WITHIN_S):
            await process.wait_ended()

    def bring_up(self, name: str) -> None:
        """Let it be started again."""
        self.keeper.allow(name)

    def arm(self, service: str, point: str, action: Action) -> Path:
        """Have the service act when it passes the point; the file that vanishes when it does."""
        return arm(self.failpoints, service, point, action)

    def disarm(self) -> None:
        """Nothing that is armed acts any more."""
        for file in self.failpoints.iterdir():
            file.unlink(missing_ok=True)

    async def start_second(self, service: str, part: str, **settings: str) -> str:
        """Run a part (`relay`, `consume`, ...) of a service once more, beside it; the name of the new process."""
        first, name = self.process(service).program, f"{service}-{part}-{len(self._extra)}"
        env = {**first.env, "FLASH_HTTP_PORT": str(free_port()), **settings}
        program = replace(first, name=name, argv=[*first.argv, part], env=env, live=None, ready=_at_once)
        self._extra[name] = await Process.start(program, self.here.home.logs / f"{name}.log")
        return name

    async def stop_second(self, name: str) -> None:
        """Stop what `start_second` started."""
        await self._extra.pop(name).stop()

    def engine_url(self, engine: str) -> str:
        """Where the engine itself listens, past its proxy: for those who check."""
        return {
            "postgres": _database_url(self.here),
            "kafka": ",".join(f"127.0.0.1:{self.here.listening_port(name)}" for name in self._brokers()),
            "opensearch": f"http://127.0.0.1:{self.here.listening_port('opensearch')}",
        }[engine]

    def _brokers(self) -> list[str]:
        return [kafka.name_of(number + 1) for number in range(self.here.brokers)]

    async def calm_down(self) -> None:
        """Whatever a run broke is whole again: nothing armed, held, refused or down."""
        self.disarm()
        for proxy in self.proxies.values():
            proxy.mend()
        for name in list(self._extra):
            await self.stop_second(name)
        for name in self.keeper.running:
            self.keeper.allow(name)


@asynccontextmanager
async def running(folder: Path, console: Console, platform: Platform) -> AsyncIterator[System]:
    """Start everything, each engine behind its proxy; stop it at the end."""
    home = Home(folder)
    home.create()
    failpoints = folder / "failpoints"
    failpoints.mkdir(exist_ok=True)
    os.environ.update(SETTINGS, FLASH_FAILPOINTS=str(failpoints))
    keeper = Keeper(home, console)
    fronted = frozenset(name for name in (*ENGINES, MAIL) if name != "kafka" or platform.brokers == 1)
    here = Installation(home, console, Ports(home.ports_file, console), keeper, fronted, platform.brokers)
    here.listening_port("opensearch", free_http_port)
    async with AsyncExitStack() as exits:
        if platform.small_disk:
            exits.enter_context(small_disk.mounted(home.database_data))
        proxies = {name: await exits.enter_async_context(_proxy(here, name)) for name in fronted}
        exits.push_async_callback(keeper.stop)
        state = await start_platform(here)
        databases = {name: await _database(exits, f"{_database_url(here)}/{name}") for name in (*SERVICES, "postgres")}
        system = System(here, keeper, state, proxies, failpoints, databases)
        exits.push_async_callback(system.calm_down)
        yield system


def _database_url(here: Installation) -> str:
    return f"postgresql://superuser@127.0.0.1:{here.listening_port('postgres')}"


async def _database(exits: AsyncExitStack, url: str) -> asyncpg.Pool:
    pool = await asyncpg.create_pool(url, min_size=0, max_size=4, timeout=5, command_timeout=60)
    exits.callback(pool.terminate)
    return pool


def _proxy(here: Installation, name: str) -> Proxy:
    return Proxy("127.0.0.1", here.listening_port(name), port=here.ports.take(name))


async def _at_once() -> bool:
    return True


def _set() -> asyncio.Event:
    event = asyncio.Event()
    event.set()
    return event
