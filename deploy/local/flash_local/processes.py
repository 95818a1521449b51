"""Child processes with a log file each, readiness with a deadline, and an end that leaves nothing behind."""

import asyncio
import contextlib
import ctypes
import os
import random
import signal
import socket
import sys
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx2

from flash_local import loopback
from flash_local.errors import SetupError

PR_SET_PDEATHSIG = 1
LOG_TAIL_LINES = 15
READY_POLL_INTERVAL_S = 0.05
PROBE_TIMEOUT_S = 2

PORTS = range(20_000, 30_000)
"""Below those that operating systems give to outgoing connections."""

Probe = Callable[[], Awaitable[bool]]


@dataclass(frozen=True)
class Program:
    """How to run one process: `ready` says whether it does its work, `live` whether it still can.

    `user` is a (uid, gid) to drop to; `stop_signal` is sent for an orderly end, also when we die; `before_stop` lets
    it finish first what it cannot finish after the signal.
    """

    name: str
    argv: Sequence[str]
    ready: Probe
    live: Probe | None = None
    env: Mapping[str, str] = field(default_factory=dict)
    folder: Path | None = None
    stop_signal: signal.Signals = signal.SIGTERM
    before_stop: Callable[[], Awaitable[None]] | None = None
    ready_within_s: float = 60
    stop_within_s: float = 30
    user: tuple[int, int] | None = None


class Process:
    """A running program. Start it from the main thread: the kernel ties its life to the thread that forked it."""

    def __init__(self, program: Program, log_file: Path, child: asyncio.subprocess.Process) -> None:
        self.program = program
        self.log_file = log_file
        self._child = child

    @classmethod
    async def start(cls, program: Program, log_file: Path) -> "Process":
        """Run the program, its output appended to the log file. Raises SetupError when there is no such program."""
        with log_file.open("ab") as log:
            try:
                child = await asyncio.create_subprocess_exec(
                    *program.argv,
                    env={**os.environ, **program.env},
                    cwd=program.folder,
                    stdin=asyncio.subprocess.DEVNULL,
                    stdout=log,
                    stderr=asyncio.subprocess.STDOUT,
                    start_new_session=True,
                    preexec_fn=_die_with_parent(program.stop_signal),
                    **_as_user(program.user),
                )
            except OSError as error:
                raise SetupError(f"{program.name} could not be started: {error}. Run `make setup` again.") from error
        return cls(program, log_file, child)

    @property
    def pid(self) -> int:
        """The operating system's process id, and that of its process group."""
        return self._child.pid

    @property
    def status(self) -> int | None:
        """The exit status once the process has ended."""
        return self._child.returncode

    async def wait_ready(self) -> float:
        """Seconds until it was ready. Raises SetupError with the end of its log when it was not in time."""
        started = time.monotonic()
        while time.monotonic() - started < self.program.ready_within_s:
            if self.status is not None:
                raise SetupError(f"{self.program.name} ended with status {self.status}.\n{self.log_tail()}")
            if await self.program.ready():
                return time.monotonic() - started
            await asyncio.sleep(READY_POLL_INTERVAL_S)
        limit = f"{self.program.ready_within_s:.0f} s"
        raise SetupError(f"{self.program.name} was not ready within {limit}.\n{self.log_tail()}")

    async def wait_ended(self) -> int:
        """The exit status, when it has one."""
        return await self._child.wait()

    async def stop(self) -> None:
        """Ask it to stop, wait, and insist when it does not."""
        if self.status is None and self.program.before_stop:
            await self.program.before_stop()
        if self.status is None:
            self._child.send_signal(self.program.stop_signal)
        try:
            await asyncio.wait_for(self._child.wait(), self.program.stop_within_s)
        except TimeoutError:
            await self.kill()

    async def kill(self) -> None:
        """End it at once, with everything it started."""
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.pid, signal.SIGKILL)
        await self._child.wait()

    def log_tail(self) -> str:
        """The last lines it wrote, with the place of the rest."""
        lines = self.log_file.read_text(encoding="utf-8", errors="replace").splitlines()[-LOG_TAIL_LINES:]
        tail = "\n".join(f"    {line[:300]}" for line in lines)
        return f"The end of {self.log_file}:\n{tail}"


def port_answers(port: int) -> Probe:
    """A probe of whether something listens on a port of the loopback interface."""

    async def probe() -> bool:
        return in_use(port)

    return probe


def http_answers(url: str) -> Probe:
    """A probe of whether an address answers 200."""

    async def probe() -> bool:
        try:
            async with loopback.client(timeout=PROBE_TIMEOUT_S) as client:
                return (await client.get(url)).status_code == 200
        except httpx2.HTTPError:
            return False

    return probe


def in_use(port: int) -> bool:
    """Whether something listens on this port of the loopback interface."""
    with socket.socket() as probe:
        probe.settimeout(0.3)
        return probe.connect_ex(("127.0.0.1", port)) == 0


def free_port() -> int:
    """A port that nobody has at this moment, and that no outgoing connection can get before it is used."""
    while True:
        port = random.choice(PORTS)  # noqa: S311 - nothing secret about it
        if not in_use(port):
            return port


def _die_with_parent(stop_signal: signal.Signals) -> Callable[[], None] | None:
    """On Linux the kernel tells the child when we are gone, even by kill -9."""
    if sys.platform != "linux":
        return None
    library = ctypes.CDLL(None)
    parent = os.getpid()

    def in_child() -> None:
        library.prctl(PR_SET_PDEATHSIG, int(stop_signal))
        if os.getppid() != parent:  # died between fork and prctl
            os._exit(1)

    return in_child


def _as_user(user: tuple[int, int] | None) -> dict[str, Any]:
    return {"user": user[0], "group": user[1], "extra_groups": []} if user else {}
