"""Processes of a supervisor that died without stopping them: found by what it wrote down, and ended."""

import contextlib
import json
from pathlib import Path

import psutil

END_WITHIN_S = 20


class Leftovers:
    """The processes that were started, each by id and birth time: an id alone may have a new owner by now."""

    def __init__(self, file: Path) -> None:
        self._file = file
        self._born: dict[str, float] = json.loads(file.read_text()) if file.exists() else {}

    def remember(self, pid: int) -> None:
        """A process was started."""
        with contextlib.suppress(psutil.NoSuchProcess):
            self._born[str(pid)] = psutil.Process(pid).create_time()
            self._file.write_text(json.dumps(self._born))

    def forget(self) -> None:
        """All were stopped."""
        self._born = {}
        self._file.unlink(missing_ok=True)

    def end(self) -> list[str]:
        """End those that still run, with their children, and return their names."""
        found = [process for pid, born in self._born.items() if (process := _same(int(pid), born))]
        family = [member for process in found for member in (process, *process.children(recursive=True))]
        names = [process.name() for process in found]
        for process in family:
            with contextlib.suppress(psutil.NoSuchProcess):
                process.terminate()
        _, stubborn = psutil.wait_procs(family, END_WITHIN_S)
        for process in stubborn:
            with contextlib.suppress(psutil.NoSuchProcess):
                process.kill()
        psutil.wait_procs(stubborn, END_WITHIN_S)
        self.forget()
        return names


def _same(pid: int, born: float) -> psutil.Process | None:
    try:
        process = psutil.Process(pid)
        return process if process.create_time() == born and process.status() != psutil.STATUS_ZOMBIE else None
    except psutil.NoSuchProcess:
        return None
