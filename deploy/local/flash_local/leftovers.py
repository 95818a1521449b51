"""Processes of a supervisor that died without stopping them: found by what it wrote down, and ended."""

import contextlib
import json
from pathlib import Path

import psutil

from flash_local.private_files import write_private

END_WITHIN_S = 20


class Leftovers:
    """What was started, by name: process id and birth time, since an id alone may have a new owner by now."""

    def __init__(self, file: Path) -> None:
        self._file = file
        self._started: dict[str, tuple[int, float]] = json.loads(file.read_text()) if file.exists() else {}

    def remember(self, name: str, pid: int) -> None:
        """A process was started."""
        with contextlib.suppress(psutil.NoSuchProcess):
            self._started[name] = (pid, psutil.Process(pid).create_time())
            write_private(self._file, json.dumps(self._started))

    def forget(self) -> None:
        """All were stopped."""
        self._started = {}
        self._file.unlink(missing_ok=True)

    def alive(self) -> dict[str, psutil.Process]:
        """Those that still run, by name."""
        return {name: process for name, (pid, born) in self._started.items() if (process := _same(pid, born))}

    def end(self) -> list[str]:
        """End those that still run, with their children, and return their names."""
        found = self.alive()
        family = [member for process in found.values() for member in (process, *process.children(recursive=True))]
        for process in family:
            with contextlib.suppress(psutil.NoSuchProcess):
                process.terminate()
        _, stubborn = psutil.wait_procs(family, END_WITHIN_S)
        for process in stubborn:
            with contextlib.suppress(psutil.NoSuchProcess):
                process.kill()
        psutil.wait_procs(stubborn, END_WITHIN_S)
        self.forget()
        return list(found)


def _same(pid: int, born: float) -> psutil.Process | None:
    try:
        process = psutil.Process(pid)
        return process if process.create_time() == born and process.status() != psutil.STATUS_ZOMBIE else None
    except psutil.NoSuchProcess:
        return None
