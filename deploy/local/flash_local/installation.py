"""What every step of a start needs at hand: the folders, the ports, the supervisor and somewhere to print."""

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from dataclasses import dataclass

from rich.console import Console

from flash_local.home import Home
from flash_local.ports import Ports
from flash_local.processes import free_port
from flash_local.supervisor import Supervisor


@dataclass(frozen=True)
class Installation:
    """One local installation while its supervisor runs."""

    home: Home
    console: Console
    ports: Ports
    supervisor: Supervisor
    fronted: frozenset[str] = frozenset()
    """Engines, and mail, that are reached through something that listens in their place."""
    brokers: int = 1
    """Of Kafka; with several, each record is on all of them."""

    def listening_port(self, name: str, choose: Callable[[], int] = free_port) -> int:
        """Where it listens itself; everybody else goes to the port of its name."""
        return self.ports.take(f"{name}-itself" if name in self.fronted else name, choose)

    @classmethod
    def open(cls, home: Home, console: Console) -> "Installation":
        """The installation in this folder, made if it is new."""
        home.create()
        return cls(home, console, Ports(home.ports_file, console), Supervisor(home, console))

    async def run(self, start: Coroutine[None, None, None], stopping: asyncio.Event) -> None:
        """Start, stay until `stopping` is set, then stop everything in order.

        Raises what the start raised, after stopping what it had started.
        """
        starting = asyncio.create_task(start, name="start")
        stopped = asyncio.create_task(stopping.wait(), name="stopping")
        try:
            await asyncio.wait({starting, stopped}, return_when=asyncio.FIRST_COMPLETED)
            if starting.done():
                starting.result()
                await stopped
        finally:
            starting.cancel()
            stopped.cancel()
            await asyncio.gather(starting, stopped, return_exceptions=True)
            await self.supervisor.stop()


@asynccontextmanager
async def side_by_side() -> AsyncIterator[asyncio.TaskGroup]:
    """Tasks that end together: the first that fails ends the others, and its own error is raised."""
    try:
        async with asyncio.TaskGroup() as group:
            yield group
    except ExceptionGroup as failures:
        raise failures.exceptions[0] from None
