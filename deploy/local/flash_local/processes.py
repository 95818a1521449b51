"""Child processes with a log file each, readiness with a deadline, and an end that leaves nothing behind."""

import contextlib
import ctypes
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from flash_local.errors import SetupError

PR_SET_PDEATHSIG = 1
LOG_TAIL_LINES = 15


@dataclass(frozen=True)
class Program:
    """How to run one process. `ready` returns whether it answers; `user` is a (uid, gid) to drop to."""

    name: str
    argv: Sequence[str]
    ready: Callable[[], bool]
    env: Mapping[str, str] = field(default_factory=dict)
    stop_signal: int = signal.SIGTERM
    ready_within_s: float = 60
    user: tuple[int, int] | None = None
    folder: Path | None = None


class Process:
    """A running program."""

    def __init__(self, program: Program, log_file: Path) -> None:
        self.program = program
        self.log_file = log_file
        uid, gid = program.user or (None, None)
        with log_file.open("ab") as log:
            self._child: subprocess.Popen[bytes] = subprocess.Popen(
                list(program.argv),
                env={**os.environ, **program.env},
                cwd=program.folder,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                preexec_fn=_die_with_parent(program.stop_signal),
                user=uid,
                group=gid,
                extra_groups=[] if program.user else None,
            )

    @property
    def pid(self) -> int:
        """The operating system's process id."""
        return self._child.pid

    def ended(self) -> int | None:
        """The exit status once the process has ended."""
        return self._child.poll()

    def wait_ready(self) -> float:
        """Seconds until it answered. Raises SetupError with the end of its log when it did not."""
        started = time.monotonic()
        while time.monotonic() - started < self.program.ready_within_s:
            if self.ended() is not None:
                raise SetupError(f"{self.program.name} ended with status {self.ended()}.\n{self._advice()}")
            if self.program.ready():
                return time.monotonic() - started
            time.sleep(0.05)
        raise SetupError(
            f"{self.program.name} did not answer within {self.program.ready_within_s:.0f} s.\n{self._advice()}"
        )

    def stop(self, within_s: float = 30) -> None:
        """Ask it to stop, wait, and insist when it does not."""
        if self.ended() is None:
            self._child.send_signal(self.program.stop_signal)
        try:
            self._child.wait(within_s)
        except subprocess.TimeoutExpired:
            self.kill()

    def kill(self) -> None:
        """End it at once, with everything it started."""
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self._child.pid, signal.SIGKILL)
        self._child.wait(10)

    def _advice(self) -> str:
        lines = self.log_file.read_text(encoding="utf-8", errors="replace").splitlines()[-LOG_TAIL_LINES:]
        tail = "\n".join(f"    {line[:300]}" for line in lines)
        return f"The end of {self.log_file}:\n{tail}"


def _die_with_parent(stop_signal: int) -> Callable[[], None] | None:
    """On Linux the kernel tells the child when we are gone, even by kill -9."""
    if sys.platform != "linux":
        return None
    library = ctypes.CDLL(None)
    return lambda: library.prctl(PR_SET_PDEATHSIG, stop_signal)


def answers(port: int) -> bool:
    """Whether something listens on this port of the loopback interface."""
    with socket.socket() as probe:
        probe.settimeout(0.3)
        return probe.connect_ex(("127.0.0.1", port)) == 0


def free_port() -> int:
    """A port that nobody has at this moment."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
