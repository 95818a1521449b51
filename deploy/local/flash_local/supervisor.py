"""Starts programs and keeps them running: a crashed or silent one is started again, later each time it fails.

Stops everything in reverse order. What it started is also written down, so that a next start can clean up after
a supervisor that died.
"""

import asyncio
import contextlib
import time
from dataclasses import dataclass, field

from rich.console import Console

from flash_local.errors import SetupError
from flash_local.home import Home
from flash_local.leftovers import Leftovers
from flash_local.processes import Process, Program

LIVE_INTERVAL_S = 5
SILENT_PROBES_LIMIT = 3


@dataclass
class Backoff:
    """Seconds to wait before each restart: doubling while it fails, forgotten after a while of running well."""

    first_s: float = 0.5
    limit_s: float = 30
    well_after_s: float = 60
    _failures: int = field(default=0, init=False)

    def next_s(self, ran_s: float) -> float:
        """How long to wait now, after it ran for `ran_s` seconds."""
        self._failures = 0 if ran_s >= self.well_after_s else self._failures
        wait_s: float = min(self.first_s * 2**self._failures, self.limit_s)
        self._failures += 1
        return wait_s


class Supervisor:
    """The processes of one installation, in the order they were started."""

    def __init__(self, home: Home, console: Console, longest_pause_s: float = 30) -> None:
        self._home = home
        self._console = console
        self._leftovers = Leftovers(home.processes_file)
        self._longest_pause_s = longest_pause_s
        self._keepers: list[asyncio.Task[None]] = []
        self.running: dict[str, Process] = {}

    async def start(self, program: Program) -> None:
        """Return when the program is ready; from then on it is kept running. Raises SetupError with its log."""
        seconds = await self._run(program)
        self._console.print(f"  {program.name} ready after {seconds:.1f} s")
        self._keepers.append(asyncio.create_task(self._keep(program), name=program.name))

    async def stop(self) -> None:
        """Stop everything, what was started last first."""
        for keeper in self._keepers:
            keeper.cancel()
        await asyncio.gather(*self._keepers, return_exceptions=True)
        for process in reversed(self.running.values()):
            await process.stop()
        self._leftovers.forget()

    async def _run(self, program: Program) -> float:
        process = await Process.start(program, self._home.logs / f"{program.name}.log")
        self.running[program.name] = process
        self._leftovers.remember(program.name, process.pid)
        return await process.wait_ready()

    async def _keep(self, program: Program) -> None:
        backoff = Backoff(limit_s=self._longest_pause_s)
        while True:
            started = time.monotonic()
            reason = await self._trouble(self.running[program.name])
            wait_s = backoff.next_s(time.monotonic() - started)
            self._console.print(f"{program.name} {reason}; starting it again in {wait_s:.1f} s")
            await asyncio.sleep(wait_s)
            with contextlib.suppress(SetupError):
                await self._run(program)

    async def _trouble(self, process: Process) -> str:
        """Wait until the process has ended or stays silent, and say which."""
        silent = 0
        while silent < SILENT_PROBES_LIMIT:
            with contextlib.suppress(TimeoutError):
                return f"ended with status {await asyncio.wait_for(process.wait_ended(), LIVE_INTERVAL_S)}"
            alive = process.program.live is None or await process.program.live()
            silent = 0 if alive else silent + 1
        await process.kill()
        return f"did not answer {silent} times"
